"""What the experiments stand on: a network opened once, a pass up to a layer and the walk back, what a place sees."""

from shoulders.support.errors import CourseError


class VisualizeError(CourseError):
    """A network cannot be looked into as was asked; the message says what would be right."""
