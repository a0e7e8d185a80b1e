"""The instructor's guide: minutes as counted, every lesson and exercise there, and the checks' sentences as the checks say them."""

import ast
import re
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

import minutes

from lessons import build

COURSE = Path(__file__).resolve().parent.parent
GUIDE = (COURSE / "docs" / "instructor.md").read_text(encoding="utf-8")
LESSONS = {build.sitting(path): path for path in build.lesson_files(COURSE)}


def part(number, heading=""):
    """A lesson's section, or one part of it."""
    whole = re.search(rf"^## {number} · .*?(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)[0]
    return re.search(rf"^### {heading}\n(.*?)(?=^### |\Z)", whole, re.MULTILINE | re.DOTALL)[1] if heading else whole


def test_text_cells_and_exercises_are_counted_as_the_lessons_count():
    solved = "### BEGIN SOLUTION\n1\n### END SOLUTION"
    cells = [
        new_markdown_cell("# 09 · Two words\n\n" + "word " * 97),
        new_code_cell("1"),
        new_markdown_cell("## Step 1: see\n\n" + "word " * 197 + "[one](page.md)\n\n### Exercise 1: do\n\n" + "word " * 97),
        new_code_cell(solved),
        new_markdown_cell("<details><summary>Solution</summary>\n\nlong word\n\n</details>\n\n" + "word " * 50),
        new_code_cell("2"),
        new_markdown_cell("## References\n\n" + "word " * 400),
    ]
    found = [(one.title, one.exercise, one.words, one.minutes) for one in minutes.sections(cells)]
    assert found == [
        ("Opening", False, 100, 1.0),
        ("Step 1: see", False, 251, 1.755),
        ("Exercise 1: do", True, 100, 0.5),
    ]


def test_the_guides_minutes_are_as_counted():
    assert minutes.filled(GUIDE) == GUIDE, "run python docs/minutes.py"
    assert set(re.findall(r"<!-- minutes (\w+) -->", GUIDE)) == {"all", *LESSONS}


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_its_title_its_parts_and_three_questions_with_answers(number):
    cells = build.read_lesson(LESSONS[number])
    assert part(number).startswith(f"## {number} · {build.front(cells).title}\n")
    questions = re.findall(r"^\d\. \*(.+?)\*\s+(.+?)(?=^\d\. |\Z)", part(number, "Three questions"), re.MULTILINE | re.DOTALL)
    assert len(questions) == 3 and all("?" in asked and len(answer.split()) > 5 for asked, answer in questions)
    stuck = part(number, "Where learners get stuck")
    exercises = [title.split(":")[0] for title in (one.title for one in minutes.sections(cells)) if title.startswith("Exercise")]
    assert all(f"* *{name}, " in stuck for name in exercises)
    assert part(number, "When you are late").strip()


def sentences(number):
    """What the checks of a lesson's exercises can say, in small letters; … is what they put in."""
    names = [path for path in (COURSE / "shoulders" / "course" / "exercises").glob("lesson_*.py") if path.stem[7:] in (number, number[:2])]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in names]
    found = []
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(one.value if isinstance(one, ast.Constant) else "…" for one in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return " | ".join(found).lower()


@pytest.mark.parametrize("number", LESSONS)
def test_what_the_guide_lets_a_check_say_a_check_says(number):
    known = sentences(number)
    for item in re.split(r"^\* ", part(number, "Where learners get stuck"), flags=re.MULTILINE):
        for quote in re.findall(r"“([^”]+)”", item if item.startswith("*Exercise") else ""):
            plain = " ".join(re.sub(r"[`*]", "", quote).split()).lower().rstrip(".")
            lost = [piece for piece in plain.split("…") if piece.strip(" ,.") and piece.strip(" ,.") not in known]
            assert lost == [], quote
