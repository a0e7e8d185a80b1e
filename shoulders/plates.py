"""The plot room for what a network sees: plates, covered pictures, filters, curves. It computes nothing.

``plates.x(visualize.x(…))``: every function draws what the function of the same name in `shoulders.visualize` gave.
Projections are shown around grey (nothing): brighter is more, darker is less of a colour; each map's scale is printed.
"""

from __future__ import annotations

import textwrap

import numpy as np

from shoulders.plots import BLUE, GREEN, ORANGE, PURPLE, Drawing, new

HEAT = "cividis"
"""One hue from dark to bright, made for all eyes: what is more is brighter."""

SHARE = 99.8
"""Per cent of a map's projected values, those that are not zero, that fit on its scale; the few beyond lie at its end."""


def picture(values) -> np.ndarray:
    """A tensor (3, height, width) of uint8 as matplotlib takes it."""
    return np.asarray(values).transpose(1, 2, 0)


def scale_of(projections) -> float:
    """The value at the end of the scale on which projections are drawn together; above zero."""
    sizes = np.abs(np.asarray(projections))
    sizes = sizes[sizes > 0]
    return float(np.percentile(sizes, SHARE)) if len(sizes) else 1.0


def around_grey(projection, scale: float) -> np.ndarray:
    """A projection (3, height, width) as a picture: zero is grey, plus and minus `scale` are white and black."""
    return (0.5 + 0.5 * picture(projection) / scale).clip(0, 1)


def mosaic(images, columns: int = 3, gap: int = 1) -> np.ndarray:
    """Pictures (height, width, 3) of one size in rows, white between them."""
    images = [np.asarray(image, dtype=float) / (255 if np.asarray(image).dtype == np.uint8 else 1) for image in images]
    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    sheet = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, 3))
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def _bare(ax):
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def plate(found, columns: int | None = None) -> Drawing:
    """Figure 2: for each map its strongest patches (left) and their projections (right), three by three.

    Parameters
    ----------
    found : shoulders.visualize.patches.Plate
    columns : int, optional
        Maps in a row; default: as many as leave the patches large enough to see.
    """
    count, side = len(found.maps), found.patches.shape[-1]
    columns = min(columns or (4 if side <= 24 else 3 if side <= 48 else 2), count)
    rows = -(-count // columns)
    width = 11 / max(columns, 2)
    figure, axes = new(width * columns, (0.49 * width + 0.28) * rows + 0.4, rows, columns, squeeze=False)
    for ax in axes.flat:
        _bare(ax)
    for i, ax in zip(range(count), axes.flat):
        scale = scale_of(found.projections[i])
        patches = mosaic([picture(patch) for patch in found.patches[i]])
        seen = mosaic([around_grey(projection, scale) for projection in found.projections[i]])
        between = np.ones((len(patches), max(2, patches.shape[1] // 30), 3))
        ax.imshow(np.concatenate([patches, between, seen], 1), interpolation="nearest")
        ax.set_title(f"map {found.maps[i]}: {found.values[i].max():.3g} to {found.values[i].min():.3g}, ±{scale:.2g}", fontsize=8)
    tops, sight = found.tops, found.field[0]
    figure.suptitle(f"{found.network}, {found.layer}: patches and their projections ({found.rule})", fontsize=11)
    sees = f"{sight:.0f} × {sight:.0f} pixels" if np.isfinite(sight) else "the whole picture"
    words = (
        f"{count} maps of {found.network}'s {found.layer}, {found.chosen}, each with its {found.patches.shape[1]} strongest "
        f"patches of {tops.searched} pictures (left) and their projections (right, {found.rule}: {found.words}). A place sees "
        f"{sees}. Above each: its strongest and weakest activation shown, and the end of the projections' scale in the "
        f"network's input units. {len(tops.dead)} of {len(tops.values)} maps are dead on these pictures."
    )
    return Drawing(figure, textwrap.fill(words, 130))


def projections(found, pictures, titles=None) -> Drawing:
    """Pictures above their projections, all on one scale.

    Parameters
    ----------
    found : shoulders.visualize.projection.Projection, or sequence of these
        Of several, such as one for each rule, a row for each, on a scale of its own.
    pictures : sequence of tensor (3, height, width)
        uint8.
    titles : sequence of str, optional
        One for each picture.
    """
    found = list(found) if isinstance(found, list | tuple) else [found]
    count = len(pictures)
    figure, axes = new(1.5 * count + 1.2, 1.5 * (len(found) + 1) + 0.5, len(found) + 1, count, squeeze=False)
    for ax in axes.flat:
        _bare(ax)
    for i, image in enumerate(pictures):
        axes[0, i].imshow(picture(image))
        axes[0, i].set_title(titles[i] if titles else "", fontsize=9)
    for row, one in zip(axes[1:], found):
        scale = scale_of(one.pixels)
        row[0].set_ylabel(f"{one.rule}\n±{scale:.2g}", fontsize=9)
        for ax, projection in zip(row, one.pixels):
            ax.imshow(around_grey(projection, scale), interpolation="nearest")
    layer = found[0].layer
    figure.suptitle(f"What made {layer} answer", fontsize=11)
    rules = ", ".join(one.rule for one in found)
    return Drawing(
        figure,
        f"{count} pictures and the projections of one activation of {layer} in each ({rules}), in input units, around grey.",
    )


def occlusion(found) -> Drawing:
    """The five panels of figure 7.

    Parameters
    ----------
    found : shoulders.visualize.occluding.Occlusion
    """
    figure, axes = new(12.5, 3.5, 1, 5)
    for ax in axes:
        _bare(ax)
    top, left, bottom, right = found.boxes[len(found.boxes) // 2]
    axes[0].imshow(picture(found.picture))
    axes[0].add_patch(_square(left, top, right - left, bottom - top))
    axes[0].set_title(f"(a) the picture,\na window of {found.patch} pixels", fontsize=9)
    _heat(figure, axes[1], found, found.activity, f"(b) activity of map {found.map},\nwindow by window", "summed over the map")
    scale = scale_of(found.projection)
    axes[2].imshow(around_grey(found.projection, scale), interpolation="nearest")
    axes[2].set_title(f"(c) projection of map {found.map},\n±{scale:.2g} input units", fontsize=9)
    name = _name(found, found.target)
    _heat(figure, axes[3], found, found.probability, f"(d) probability of\n“{textwrap.shorten(name, 24)}”", "0 to 1")
    labels = _labels(axes[4], found)
    for ax in axes:
        _as_the_picture(ax, found)
    least, columns = int(found.probability.argmin()), found.probability.shape[1]
    words = (
        f"Covered by a window of {found.patch} pixels every {found.stride}, filled with {found.fill}: the probability of "
        f"“{name}” goes from {found.whole_probability:.0%} (uncovered) down to {float(found.probability.min()):.0%} (window row "
        f"{least // columns + 1}, column {least % columns + 1} of {len(found.probability)} × {columns}), the activity of map "
        f"{found.map} of {found.layer} from {found.whole_activity:.3g} to {float(found.activity.min()):.3g}; "
        f"{labels} classes are named."
    )
    return Drawing(figure, textwrap.fill(words, 130))


def _square(left, top, width, height):
    from matplotlib.patches import Rectangle

    return Rectangle((left - 0.5, top - 0.5), width, height, facecolor="#808080", edgecolor="white", lw=1)


def _over(found):
    """Where a grid of windows lies on the picture: a cell around the middle of each window."""
    rows, columns = found.activity.shape
    start, step = (found.patch - found.stride) / 2 - 0.5, found.stride
    return start, start + columns * step, start + rows * step, start


def _as_the_picture(ax, found):
    """The panels show the same pixels at the same size, whatever the windows reach."""
    height, width = found.picture.shape[1:]
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")


def _heat(figure, ax, found, grid, title, label):
    """A grid of windows on a scale of its own, from the least to the most; the bar tells both."""
    drawn = ax.imshow(np.asarray(grid), cmap=HEAT, extent=_over(found), interpolation="nearest")
    bar = figure.colorbar(drawn, ax=ax, location="bottom", shrink=0.9, pad=0.03)
    bar.set_label(label, fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.locator = _few_ticks()
    bar.update_ticks()
    ax.set_title(title, fontsize=9)


def _few_ticks():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def _labels(ax, found):
    """The likeliest class by window; the most frequent four get colours of their own."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    named, counts = np.unique(np.asarray(found.label), return_counts=True)
    order = named[np.argsort(-counts, kind="stable")]
    colours = [BLUE, ORANGE, GREEN, PURPLE, "#BBBBBB"][: len(order)]
    place = {int(c): min(i, len(colours) - 1) for i, c in enumerate(order)}
    grid = np.vectorize(lambda c: place[int(c)])(np.asarray(found.label))
    ax.imshow(
        grid, cmap=ListedColormap(colours), extent=_over(found), vmin=-0.5, vmax=len(colours) - 0.5, interpolation="nearest"
    )
    texts = [_name(found, int(c)) for c in order[: len(colours)]]
    if len(order) > len(colours):
        texts[-1] = f"{len(order) - len(colours) + 1} others"
    handles = [Patch(color=colour, label=textwrap.shorten(text, 22)) for colour, text in zip(colours, texts)]
    ax.legend(handles=handles, fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, -0.02), frameon=False)
    ax.set_title("(e) the likeliest class,\nwindow by window", fontsize=9)
    return len(order)


def _name(found, index):
    return found.names[index] if found.names else f"class {index}"
