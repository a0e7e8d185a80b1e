"""The one family of errors that are a person's to mend: the message says what, which file, and what to do."""


class CourseError(ValueError):
    """Something that was asked for cannot be done; the message is one clear sentence."""


def reason(error: BaseException) -> str:
    """The first line of what an error says, or its kind where it says nothing: for the middle of a sentence."""
    said = str(error).strip()
    return said.splitlines()[0][:160] if said else type(error).__name__


class DatasetError(CourseError):
    """A picture set cannot be used; the message names the folder and the remedy."""
