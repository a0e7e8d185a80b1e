"""Controls: would the picture look as convincing if the network had learnt nothing, or the unit meant nothing?"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import torch
from torch import nn

from shoulders.backbones import Backbone
from shoulders.visualize.machinery import VisualizeError, networks, walk
from shoulders.visualize.machinery.networks import opened
from shoulders.visualize.projection import Projection, project


@dataclass(frozen=True)
class Randomisation:
    """The same projections by the trained network and by one whose weights were shuffled.

    Attributes
    ----------
    trained, random : Projection
    correlations : torch.Tensor, shape (n,)
        Spearman's, of the sizes of all pixels' values; nan where a projection is empty.
    """

    trained: Projection
    random: Projection
    correlations: torch.Tensor = field(repr=False)


def random_weights(network: Backbone | nn.Module, seed: int = 0, above: str = ""):
    """The same network with its weights shuffled within every filter: the same numbers in random places.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
        Stays as it is.
    seed : int
    above : str
        Shuffle this module and what is defined after it, and leave what lies before. ``''``: all of them.

    Returns
    -------
    of the same kind as `network`

    Notes
    -----
    After the model randomisation of Adebayo et al. 2018, arXiv 1810.03292. Shuffled and not drawn anew, and each filter by
    itself (a row of a linear layer; of a BatchNorm or a bias, all its numbers), so that the signal stays about as strong as it
    was, layer by layer: the statistics of a BatchNorm were taken behind filters of this length.
    """
    module = copy.deepcopy(networks.module_of(network))
    if above:
        walk.submodule(module, above)
    names = [name for name, _ in module.named_modules()]
    parts = [module.get_submodule(name) for name in names[names.index(above) :]]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in {id(p): p for part in parts for p in part.parameters(recurse=False)}.values():
            rows = parameter.flatten(1) if parameter.ndim > 1 else parameter[None]
            order = torch.rand(rows.shape, generator=generator).argsort(1).to(rows.device)
            parameter.copy_(rows.gather(1, order).view_as(parameter))
    return networks.variant(network, module, f"weights shuffled by seed {seed}:")


def random_units(network: Backbone | nn.Module, layer: str, count: int, seed: int = 0, images=None) -> torch.Tensor:
    """Mixtures of a layer's maps in random directions: units that nobody trained. For ``directions=…`` of `project`
    and `top_activations`.

    Parameters
    ----------
    network : Backbone or torch.nn.Module
    layer : str
    count : int
    seed : int
    images : as in `project`, optional
        One picture to learn the layer's size from; a plain module needs it.

    Returns
    -------
    torch.Tensor, shape (count, channels)
        Each of length 1.

    Raises
    ------
    VisualizeError
        For an unknown layer, and a plain module without a picture.

    Notes
    -----
    Szegedy et al. 2013, arXiv 1312.6199, section 3: random directions look as meaningful as single units.
    """
    look = opened(network, layer)
    if images is None and not look.transform:
        raise VisualizeError(f"The size of {layer!r} is not known: give one picture with images=….")
    image = torch.zeros(1, 3, *[look.need_transform().crop] * 2) if images is None else networks.taken(images, [0])
    with torch.no_grad():
        output, _ = walk.forward(look.module, look.at(image).images, look.layer)
    drawn = torch.randn(count, output.shape[1], generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm(dim=1, keepdim=True)


def randomisation(
    network: Backbone | nn.Module, images, layer: str, maps, rule: str = "deconvnet", seed: int = 0, above: str = ""
) -> Randomisation:
    """The same projections with shuffled weights. Where they look alike they do not show what was learnt.

    Parameters
    ----------
    network, images, layer, maps, rule
        As in `project`. Each network starts where the map is strongest for it; of ``'classes'`` there is only one place.
    seed, above
        As in `random_weights`.

    Returns
    -------
    Randomisation
        ``plates.projections([found.trained, found.random], pictures)`` draws it.

    Raises
    ------
    VisualizeError
        As `project`; and for a module `above` that does not exist.

    Notes
    -----
    Adebayo et al. 2018, arXiv 1810.03292: a picture that survives the randomisation of weights explains nothing of them.
    """
    from scipy.stats import spearmanr

    trained = project(network, images, layer, maps, rule)
    random = project(random_weights(network, seed, above), images, layer, maps, rule)
    sizes = [found.pixels.abs().flatten(1).numpy() for found in (trained, random)]
    same = [spearmanr(a, b).statistic if a.any() and b.any() else float("nan") for a, b in zip(*sizes)]
    return Randomisation(trained, random, torch.tensor(same))


def agreement(found) -> dict[str, float]:
    """Whether activity falls where the projection is: over all windows of an occlusion, the drop of the activity against the
    mean size of the projection under the window.

    Parameters
    ----------
    found : shoulders.visualize.occluding.Occlusion

    Returns
    -------
    dict
        ``pearson``, ``spearman``, ``windows``. The windows overlap: their number is no sample size. nan where
        one of the two is the same under all windows: of a dead map.

    Raises
    ------
    VisualizeError
        For a single window.
    """
    if len(found.boxes) < 2:
        raise VisualizeError("One window has nothing to agree with: take smaller windows.")
    from scipy.stats import pearsonr, spearmanr

    sizes = found.projection.abs().mean(0)
    under = [float(sizes[top:bottom, left:right].mean()) for top, left, bottom, right in found.boxes]
    drop = found.drop.flatten().tolist()
    return {
        "pearson": float(pearsonr(drop, under).statistic),
        "spearman": float(spearmanr(drop, under).statistic),
        "windows": len(drop),
    }


def pointing(found, box) -> bool:
    """The pointing game: whether the middle of the window that costs most probability lies in a box.

    Parameters
    ----------
    found : shoulders.visualize.occluding.Occlusion
    box : (top, left, bottom, right)
        Pixels; around the thing itself.

    Returns
    -------
    bool

    Notes
    -----
    Zhang et al. 2016, arXiv 1608.00507.
    """
    top, left, bottom, right = found.boxes[int(found.probability.argmin())]
    row, column = (top + bottom) / 2, (left + right) / 2
    return box[0] <= row < box[2] and box[1] <= column < box[3]
