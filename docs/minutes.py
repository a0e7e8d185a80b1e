"""The minutes of each lesson, section by section, counted from its source: ``python docs/minutes.py`` writes them into the guide.

    python docs/minutes.py            # mends the tables in docs/instructor.md
    python docs/minutes.py --check    # says whether they are as counted; writes nothing

Counted as the lessons' first cells are: 200 words of text a minute, 30 seconds for a cell of code that is read. Solutions behind
a fold, references and what is for the curious count nothing. How long a learner sits over an exercise cannot be counted: its
minutes are the first cell's, dealt evenly among the exercises.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lessons import build
from shoulders.course import doctor

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "instructor.md"
WORDS_A_MINUTE = 200
MINUTES_A_CELL = 0.5
UNCOUNTED = ("References", "For the curious")
TABLE = re.compile(r"(<!-- minutes (\w+) -->\n).*?(<!-- /minutes -->)", re.DOTALL)
HEADING = re.compile(r"^(#{1,3}) (.*)$", re.MULTILINE)
UNREAD = re.compile(r"<details>.*?</details>|```.*?```|<!--.*?-->|\]\([^)]*\)", re.DOTALL)


@dataclass
class Section:
    """A step of a lesson, or an exercise of it; `words` and `cells` are those that are read."""

    title: str
    exercise: bool = False
    words: int = 0
    cells: int = 0

    @property
    def minutes(self) -> float:
        """Counted; an exercise's are only those of its text."""
        return self.words / WORDS_A_MINUTE + self.cells * MINUTES_A_CELL


def sections(cells) -> list[Section]:
    """The sections of a lesson in their order: what stands below each second heading, and each exercise by itself.

    An exercise ends with the cell that holds its answer; what follows belongs to the step in which it stands.

    Parameters
    ----------
    cells : sequence of notebook cells
        As `lessons.build.read_lesson` gives them.
    """
    step = here = Section("Opening")
    found = [step]
    for cell in cells:
        if cell.cell_type == "code":
            here.cells += not here.exercise
            if any(build.MARKER.fullmatch(line) for line in cell.source.splitlines()):
                here = step
            continue
        for level, title, text in _parts(UNREAD.sub("", cell.source)):
            if title and (title.startswith("Exercise") or level == 2):
                here = Section(title, title.startswith("Exercise"))
                step = step if here.exercise else here
                found.append(here)
            here.words += len(re.findall(r"\w[\w’'.-]*", f"{title} {text}"))
    return [section for section in found if section.title not in UNCOUNTED]


def _parts(text):
    """What stands above the first heading, then each heading's level, words and text."""
    first, *rest = HEADING.split(text)
    return [(0, "", first), *((len(rest[i]), rest[i + 1], rest[i + 2]) for i in range(0, len(rest), 3))]


def _lesson(number):
    (path,) = (path for path in build.lesson_files(ROOT) if build.sitting(path) == number)
    cells = build.read_lesson(path)
    return build.front(cells), sections(cells)


def table(number: str) -> str:
    """The minutes of one lesson by section, in Markdown; ``all`` for a line for each lesson."""
    if number == "all":
        return _overview()
    front, found = _lesson(number)
    asked = [section for section in found if section.exercise]
    each = (front.exercises or 0) / max(len(asked), 1)
    rows = [(section.title, each if section.exercise else section.minutes) for section in found]
    return "\n".join(["| section | minutes |", "|---|---|", *(f"| {title} | {_told(minutes)} |" for title, minutes in rows), ""])


def _overview():
    lines = ["| lesson | teaching, counted | as its first cell says | exercises | the machine |", "|---|---|---|---|---|"]
    for number in map(build.sitting, build.lesson_files(ROOT)):
        front, found = _lesson(number)
        counted = sum(section.minutes for section in found if not section.exercise)
        seconds = f"{doctor.SECONDS[number]} s" if number in doctor.SECONDS else "not measured"
        lines.append(f"| {number} {front.title} | {counted:.0f} | {front.teaching} | {front.exercises or '–'} | {seconds} |")
    return "\n".join([*lines, ""])


def _told(minutes):
    return f"{round(2 * minutes) / 2:g}" if minutes >= 0.25 else "< ½"


def filled(guide: str) -> str:
    """The guide with its tables as they are counted now."""
    return TABLE.sub(lambda found: f"{found[1]}\n{table(found[2])}\n{found[3]}", guide)


def main(arguments=None) -> int:
    old = GUIDE.read_text(encoding="utf-8")
    new = filled(old)
    if "--check" in (sys.argv[1:] if arguments is None else arguments):
        print("The minutes are as counted." if new == old else f"{GUIDE}: the minutes are old, run `python docs/minutes.py`.")
        return int(new != old)
    GUIDE.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
