"""Where in a picture something is: what a covering window costs, where a class is found, frames around parts."""

import itertools
import textwrap

import numpy as np

from shoulders.plates.panels import around_grey, frame, panels, picture, scale_of, sharp
from shoulders.plots.axes import ticks
from shoulders.plots.drawing import BLUE, FOR_AND_AGAINST, GREEN, GREY, HEAT, ORANGE, PURPLE, RED, SKY, SMALL, TINY, Drawing
from shoulders.plots.lettering import short

_COLOURS = BLUE, ORANGE, GREEN, PURPLE, GREY


def occlusion(found) -> Drawing:
    """The five panels of figure 7, of a `shoulders.visualize.occluding.Occlusion`."""
    named, counts = np.unique(np.asarray(found.label), return_counts=True)
    classes = named[np.argsort(-counts, kind="stable")].tolist()  # the most frequent first
    figure, axes = panels(12.5, 3.1 + 0.2 * max(2, min(len(_COLOURS), len(classes))), 1, 5)
    whole, activity, projection, probability, likeliest = axes[0]
    top, left, bottom, right = found.boxes[len(found.boxes) // 2]
    window = {"fill": True, "facecolor": found.colour or (0.5, 0.5, 0.5), "edgecolor": "white", "lw": 1}
    whole.imshow(picture(found.picture))
    frame(whole, left, top, right - left, bottom - top, **window)
    _windows(activity, found, found.activity, "summed over the map")
    scale = scale_of(found.projection)
    sharp(projection, around_grey(found.projection, scale))
    _windows(probability, found, found.probability, "from zero", least=0)
    _likeliest(likeliest, found, classes)
    titles = (
        f"(a) the picture,\na window of {found.patch} pixels",
        f"(b) activity of map {found.map},\nwindow by window",
        f"(c) projection of map {found.map}\n({found.rule}), ±{scale:.2g} input units",
        f"(d) probability of\n“{short(_name(found, found.target), 24)}”",
        "(e) the likeliest class,\nwindow by window",
    )
    height, width = found.picture.shape[1:]
    for ax, title in zip(axes.flat, titles):
        ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")  # the same pixels, whatever windows reach
        ax.set_title(title, fontsize=SMALL)
    return Drawing(figure, _occlusion_in_words(found, len(classes)))


def _name(found, index):
    return found.names[index] if found.names else f"class {index}"


def _windows(ax, found, grid, label, least=None):
    """A grid of windows, from the least (or from the number that is given) to the most; the bar tells both."""
    drawn = sharp(ax, np.asarray(grid), cmap=HEAT, extent=_over(found), vmin=least)
    bar = ax.figure.colorbar(drawn, cax=ax.inset_axes([0, -0.1, 1, 0.06]), orientation="horizontal")
    bar.set_label(label, fontsize=TINY)
    bar.ax.tick_params(labelsize=TINY)
    bar.locator = ticks(4)
    bar.update_ticks()


def _over(found):
    """Where a grid of windows lies on the picture: a cell around the middle of each window."""
    rows, columns = found.activity.shape
    start, step = (found.patch - found.stride) / 2 - 0.5, found.stride
    return start, start + columns * step, start + rows * step, start


def _likeliest(ax, found, classes):
    """The likeliest class by window; the most frequent four get colours of their own."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    colours = _COLOURS[: len(classes)]
    place = {c: min(i, len(colours) - 1) for i, c in enumerate(classes)}
    grid = np.vectorize(place.get)(np.asarray(found.label))
    sharp(ax, grid, cmap=ListedColormap(colours), extent=_over(found), vmin=-0.5, vmax=len(colours) - 0.5)
    texts = [_name(found, c) for c in classes[: len(colours)]]
    if len(classes) > len(colours):
        texts[-1] = f"{len(classes) - len(colours) + 1} others"
    handles = [Patch(color=colour, label=short(text, 22)) for colour, text in zip(colours, texts)]
    ax.legend(handles=handles, fontsize=TINY, loc="upper left", bbox_to_anchor=(-0.02, -0.02), frameon=False)


def _occlusion_in_words(found, classes):
    least, (rows, columns) = int(found.probability.argmin()), found.probability.shape
    blank = (found.patch - found.stride) / 2  # windows that overlap have their middles further inside
    left_out = f" (b), (d) and (e) show the middles of the windows; {blank:g} pixels at the border stay blank." if blank else ""
    return (
        f"Covered by a window of {found.patch} pixels every {found.stride}, filled with {found.fill}: the probability of "
        f"“{_name(found, found.target)}” goes from {found.whole_probability:.1%} (uncovered) down to "
        f"{float(found.probability.min()):.1%} (window row {least // columns + 1}, column {least % columns + 1} of {rows} × "
        f"{columns}), the activity of map {found.map} of {found.layer} from {found.whole_activity:.3g} to "
        f"{float(found.activity.min()):.3g}; {'one class is' if classes == 1 else f'{classes} classes are'} named.{left_out}"
    )


def heat(found, pictures) -> Drawing:
    """Where a class is found: Grad-CAM over the pictures, or what integrated gradients give each pixel.

    Parameters
    ----------
    found : shoulders.visualize.attribution.Heat or Attribution
    pictures : sequence of tensor (3, height, width)
        uint8.
    """
    count = len(pictures)
    title = f"{found.words[0].upper()}{found.words[1:].removesuffix(', computed by captum')}"
    figure, axes = panels(1.9 * count, 4.6, 2, count, textwrap.fill(title, 20 * count))
    for ax, image, name in zip(axes[0], pictures, found.names):
        ax.imshow(picture(image))
        ax.set_title(short(name, 22), fontsize=SMALL)
    ends = (_over_pictures if hasattr(found, "maps") else _in_squares)(axes[1], found, pictures)
    return Drawing(figure, f"{count} pictures and {found.words}; {ends}.")


def _over_pictures(axes, found, pictures):
    """Maps over the pictures, which are grey under them; returns what the colours mean."""
    for i, (ax, image) in enumerate(zip(axes, pictures)):
        ax.imshow(picture(image).mean(-1), cmap="gray", vmin=0, vmax=255)
        ax.imshow(np.asarray(found.maps[i]), cmap=HEAT, vmin=0, alpha=0.4)
    return "each picture from zero to its own most"


def _in_squares(axes, found, pictures):
    """What speaks for and against, summed over colours and squares, on one scale; returns what the colours mean."""
    side, values = max(1, min(pictures[0].shape[1:]) // 16), np.asarray(found.pixels).sum(1)
    count, height, width = (size // unit for size, unit in zip(values.shape, (1, side, side)))
    squares = values[:, : height * side, : width * side].reshape(count, height, side, width, side).sum((2, 4))
    most = np.abs(squares).max()
    for i, ax in enumerate(axes):
        sharp(ax, squares[i], cmap=FOR_AND_AGAINST, vmin=-most, vmax=most)
    return f"summed over squares of {side} pixels, orange for the class and violet against it, up to ±{most:.2g} of the score"


def boxes(pictures, parts: dict) -> Drawing:
    """Pictures with a frame around each part: what `shoulders.visualize.correspondence` covers.

    Parameters
    ----------
    pictures : sequence of tensor (3, height, width)
        uint8.
    parts : dict of str to sequence of (top, left, bottom, right)
        For each part one box for each picture, in pixels.
    """
    from matplotlib.lines import Line2D

    width = max(2 * len(pictures), 4)
    figure, axes = panels(width, 2.4, 1, len(pictures))
    colours = dict(zip(parts, itertools.cycle((BLUE, ORANGE, PURPLE, GREEN, SKY, RED))))
    for i, (image, ax) in enumerate(zip(pictures, axes.flat)):
        ax.imshow(picture(image))
        for part, places in parts.items():
            top, left, bottom, right = places[i]
            frame(ax, left, top, right - left, bottom - top, edgecolor=colours[part])
    handles = [Line2D([], [], color=colour, label=short(part, 18)) for part, colour in colours.items()]
    columns = min(len(parts), width // 2)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=SMALL)
    return Drawing(figure, f"{len(pictures)} pictures, in each a frame around {', '.join(parts)}.")
