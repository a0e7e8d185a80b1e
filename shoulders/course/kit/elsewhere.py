"""pip, as it would decide elsewhere: its ``--platform`` and ``--python-version`` choose wheels by their tags, but markers, as in
``pywinpty; os_name == "nt"``, by the machine that pip runs on (https://github.com/pypa/pip/issues/11664).

A script of its own, with the markers as JSON before pip's words, and nothing imported but pip.
"""

import json
import runpy
import sys


def main() -> None:
    """Let pip's markers be those given, see that they are, and run pip."""
    from pip._vendor.packaging import markers

    told = json.loads(sys.argv.pop(1))
    of_here = markers.default_environment
    markers.default_environment = lambda: {**of_here(), **told}
    if not all(markers.Marker(f"{name} == '{value}'").evaluate() for name, value in told.items() if value):
        sys.exit("ERROR: This pip cannot be told of another platform.")
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
