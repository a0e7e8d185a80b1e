"""What a network sees: the experiments of Zeiler & Fergus 2013 (arXiv 1311.2901), on any backbone built of modules.

``from shoulders import plates, visualize``: ``visualize`` computes, ``plates`` draws what it gave, mostly by the same name.
"""

from shoulders.visualize.attribution import grad_cam, integrated_gradients
from shoulders.visualize.controls import agreement, pointing, random_units, random_weights, randomisation
from shoulders.visualize.filters import first_filters, receptive_field
from shoulders.visualize.growth import checkpoints, evolution
from shoulders.visualize.machinery import VisualizeError
from shoulders.visualize.machinery.deconvnet import switches, transposed, unpool
from shoulders.visualize.machinery.rules import RULES
from shoulders.visualize.moving import invariance, moved
from shoulders.visualize.occluding import occlusion
from shoulders.visualize.parts import correspondence
from shoulders.visualize.patches import plate
from shoulders.visualize.probing import probes
from shoulders.visualize.projection import project
from shoulders.visualize.search import random_maps, top_activations
from shoulders.visualize.surgery import ablation, retrained, with_head, without

__all__ = [
    "RULES", "VisualizeError", "ablation", "agreement", "checkpoints", "correspondence", "evolution", "first_filters", "grad_cam",
    "integrated_gradients", "invariance", "moved", "occlusion", "plate", "pointing", "probes", "project", "random_maps",
    "random_units", "random_weights", "randomisation", "receptive_field", "retrained", "switches", "top_activations",
    "transposed", "unpool", "with_head", "without",
]  # fmt: skip
