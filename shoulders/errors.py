"""The one family of errors that are a person's to mend: the message says what, which file, and what to do."""


class CourseError(ValueError):
    """Something that was asked for cannot be done; the message is one clear sentence."""
