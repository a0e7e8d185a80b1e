"""What a network sees: the experiments of Zeiler & Fergus 2013 (arXiv 1311.2901), on any backbone built of modules.

``from shoulders import visualize, plates``: each ``visualize.x(…)`` computes, and ``plates.x(…)`` draws what it gave.
"""

from shoulders.visualize.fields import receptive_field
from shoulders.visualize.networks import VisualizeError
from shoulders.visualize.occluding import occlusion
from shoulders.visualize.patches import plate
from shoulders.visualize.projection import project
from shoulders.visualize.search import random_maps, top_activations

__all__ = ["VisualizeError", "occlusion", "plate", "project", "random_maps", "receptive_field", "top_activations"]
