"""The command line: `doctor · fetch · kit · lesson · teach · class · giants · compare · features · predict · export`."""

from __future__ import annotations

import errno
import sys
import warnings

from shoulders.cli.machine import class_, doctor, fetch, kit, lesson, teach
from shoulders.cli.options import app
from shoulders.cli.own import compare, export, features, giants, predict
from shoulders.support.errors import CourseError
from shoulders.support.terminal import say

__all__ = [
    "app", "class_", "compare", "doctor", "export", "features", "fetch", "giants", "kit", "lesson", "main", "predict", "teach",
]  # fmt: skip

app.info.help = __doc__


def main() -> None:
    """Run a command; what a person can mend is said in one sentence, without a traceback."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot write
    plain, ours = warnings.formatwarning, "shoulders: {}\n"
    warnings.formatwarning = lambda said, kind, *more: ours.format(said) if kind is UserWarning else plain(said, kind, *more)
    try:
        app()
    except CourseError as error:
        say(f"shoulders: {error}", sys.stderr)
        sys.exit(1)
    except SystemExit as end:
        if end.code == 130:  # typer's, for Ctrl-C
            kept = "downloads, checks of pictures, features, runs and rows of --csv"
            print(f"shoulders: stopped. Finished {kept} are kept.", file=sys.stderr)
        raise
    except OSError as error:
        where = f"{error.filename2 or error.filename}: " if error.filename else ""
        advice = _ADVICE.get(error.errno, "Check the path.")
        say(f"shoulders: {where}{error.strerror or error}. {advice}", sys.stderr)
        sys.exit(1)


_ADVICE = {
    errno.ENOSPC: "Make room there, or choose another place.",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Check its permissions, or choose another place."),
}
