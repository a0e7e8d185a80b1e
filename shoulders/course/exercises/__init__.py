"""The exercises of the lessons: what a right answer is, three hints each, and the planted mistakes."""

from shoulders.course.exercises.lesson_01 import lesson_01, name_it
from shoulders.course.exercises.lesson_02 import lesson_02
from shoulders.course.exercises.lesson_03 import lesson_03
from shoulders.course.exercises.lesson_04 import by_hand, in_common, larger, lesson_04, pool
from shoulders.course.exercises.lesson_05 import compared, faces, lesson_05
from shoulders.course.exercises.lesson_06 import lesson_06, likeness, on_colours
from shoulders.course.exercises.lesson_07a import lesson_07a
from shoulders.course.exercises.lesson_07b import lesson_07b
from shoulders.course.exercises.lesson_07c import lesson_07c
from shoulders.course.exercises.lesson_11a import lesson_11a
from shoulders.course.exercises.lesson_11b import lesson_11b

__all__ = [
    "by_hand", "compared", "faces", "in_common", "larger", "lesson_01", "lesson_02", "lesson_03", "lesson_04", "lesson_05",
    "lesson_06", "lesson_07a", "lesson_07b", "lesson_07c", "lesson_11a", "lesson_11b", "likeness", "name_it", "on_colours",
    "pool",
]  # fmt: skip
