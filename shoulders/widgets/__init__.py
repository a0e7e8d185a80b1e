"""The interactive parts, of ipywidgets 7 and 8. Each only calls what can be called without a widget.

`camera` and `microphone` are rooms of their own: ``from shoulders.widgets import camera, microphone``. They alone need anywidget.
"""

from shoulders.widgets.asking import ask, uploaded
from shoulders.widgets.browsing import best_of, browse
from shoulders.widgets.playing import players
from shoulders.widgets.searching import giants

__all__ = ["ask", "best_of", "browse", "giants", "players", "uploaded"]
