"""The family of errors that are a person's to mend, for who calls the course: catch `CourseError`, and show its one sentence."""

from shoulders.support.errors import CourseError, DatasetError

__all__ = ["CourseError", "DatasetError"]
