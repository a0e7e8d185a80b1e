"""The plot room for what a network sees: plates, covered pictures, filters, curves. It computes nothing.

``plates.x(visualize.x(…))``: most functions draw what the one of the same name in `shoulders.visualize` gave; `projections`
draws `project`, `heat` draws `grad_cam` and `integrated_gradients`, `probes` draws `ablation` too.
Projections are shown around grey (nothing): brighter is more, darker is less of a colour; each map's scale is printed.
"""

from shoulders.plates.layers import LABELS, invariance, probes
from shoulders.plates.maps import evolution, first_filters, plate, projections
from shoulders.plates.panels import SHARE, around_grey, mosaic, numbers, picture, scale_of
from shoulders.plates.places import boxes, heat, occlusion
from shoulders.plots.drawing import FOR_AND_AGAINST, GREY, HEAT

__all__ = [
    "FOR_AND_AGAINST", "GREY", "HEAT", "LABELS", "SHARE", "around_grey", "boxes", "evolution", "first_filters", "heat",
    "invariance", "mosaic", "numbers", "occlusion", "picture", "plate", "probes", "projections", "scale_of",
]  # fmt: skip
