"""The exercises of the lessons: what a right answer is, three hints each, and the planted mistakes."""

from shoulders.exercises.lesson_01 import lesson_01, name_it

__all__ = ["lesson_01", "name_it"]
