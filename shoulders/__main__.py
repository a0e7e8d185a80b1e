"""``python -m shoulders`` is ``shoulders``."""

from shoulders.cli import main

if __name__ == "__main__":
    main()
