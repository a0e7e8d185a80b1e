"""Giants looked up before one is chosen: what the catalogue finds in a terminal, and all that is known of one, on a page."""

from shoulders.giants.pages import Page, named, page

__all__ = ["Page", "named", "page"]
