"""The site, from the course's own files: ``python docs/site/build_site.py``; with ``check`` it is also looked at.

    make site                   # writes site/html; open site/html/index.html
    make site ARGS=check        # then: links, pictures' words, and in Chromium requests to others, search, accessibility
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import sources

HERE = Path(__file__).resolve().parent
GOAL = sources.ROOT / "site"


def build(goal: Path = GOAL, made: dict | None = None) -> int:
    """Write the pages to ``goal/html``; a warning of Sphinx is an error. Gives Sphinx's exit code."""
    from sphinx.cmd.build import build_main

    if sources.lay(goal / "source", sources.pages() if made is None else made):
        for folder in ("html", "doctrees"):
            sources.clear(goal / folder)
    told = ["--quiet", "--fail-on-warning", "--jobs", str(os.cpu_count() or 1)]
    folders = ["-c", str(HERE), "-d", str(goal / "doctrees"), str(goal / "source"), str(goal / "html")]
    return build_main([*told, "-b", "html", *folders])


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="Builds the site in site/html.")
    parser.add_argument("then", nargs="?", choices=["check"], help="also check its links, its requests and its accessibility")
    chosen, start = parser.parse_args(arguments), time.monotonic()
    if code := build():
        return code
    print(f"{GOAL / 'html' / 'index.html'}: built in {time.monotonic() - start:.0f} s.", flush=True)
    if chosen.then:
        import check_site

        return check_site.main(GOAL / "html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
