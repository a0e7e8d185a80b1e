"""Write data/SHA256SUMS: the digest of every file that ships in the box. `shoulders doctor` holds the files against it.

    python -m studio.sums
"""

import hashlib
from pathlib import Path

BOX = Path(__file__).resolve().parent.parent / "data"


def main() -> None:
    """One line for each file of data/felt, data/moles, data/voices and data/weights, as `sha256sum` writes and reads it."""
    files = sorted(path for folder in ("felt", "moles", "voices", "weights") for path in (BOX / folder).rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(BOX).as_posix()}\n" for path in files]
    (BOX / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} files")


if __name__ == "__main__":
    main()
