"""Plot functions. Each gives a `Drawing`: a matplotlib figure, and one sentence that says what it shows.

The ladder, from below: `lettering`, `drawing` (a figure, its colours and its sentence), `axes` (steps that figures of several
kinds take, up to pictures in rows); above them the figures, by what they draw.
"""

from shoulders.plots.answers import confusion, guesses, mistakes, nearest, votes
from shoulders.plots.axes import WAYS, show_picture, show_pictures
from shoulders.plots.decisions import price, reliability, roc
from shoulders.plots.depth import depth
from shoulders.plots.dots import accuracies, bills, costs, runs, shares
from shoulders.plots.drawing import BLUE, FORMATS, GREEN, INK, ORANGE, PURPLE, RED, SKY, Drawing, PlotError, need_format, new
from shoulders.plots.epochs import best_epochs, company, history
from shoulders.plots.foretelling import foretold, promised
from shoulders.plots.leads import leads, sources
from shoulders.plots.learning_curves import ahead, comparison
from shoulders.plots.spectrograms import phonemes, show_spectrogram, spectrograms

__all__ = [
    "BLUE", "FORMATS", "GREEN", "INK", "ORANGE", "PURPLE", "RED", "SKY", "WAYS", "Drawing", "PlotError", "accuracies", "ahead",
    "best_epochs", "bills", "company", "comparison", "confusion", "costs", "depth", "foretold", "guesses", "history", "leads",
    "mistakes", "nearest", "need_format", "new", "phonemes", "price", "promised", "reliability", "roc", "runs", "shares",
    "show_picture", "show_pictures", "show_spectrogram", "sources", "spectrograms", "votes",
]  # fmt: skip
