"""Where in a picture something is: what a covering window costs, where a class is found, frames around parts."""

import itertools
import textwrap

import numpy as np

from shoulders.plates.panels import around_grey, frame, panels, picture, scale_of, sharp
from shoulders.plots.axes import below, in_per_cent, ticks
from shoulders.plots.drawing import BLUE, FOR_AND_AGAINST, GREEN, GREY, HEAT, ORANGE, PURPLE, RED, SKY, SMALL, WIDEST, Drawing
from shoulders.plots.lettering import short, wrapped
from shoulders.support.words import counted, share

_COLOURS = BLUE, ORANGE, GREEN, PURPLE, GREY
_IN_A_ROW = 5  # pictures with frames


def occlusion(found) -> Drawing:
    """The five panels of figure 7 in two rows, of a `shoulders.visualize.occluding.Occlusion`."""
    named, counts = np.unique(np.asarray(found.label), return_counts=True)
    classes = named[np.argsort(-counts, kind="stable")].tolist()  # the most frequent first
    figure, axes = panels(WIDEST, 7.6, 2, 3)
    whole, activity, projection, probability, likeliest, legend = axes.flat
    top, left, bottom, right = found.boxes[len(found.boxes) // 2]
    window = {"fill": True, "facecolor": found.colour or (0.5, 0.5, 0.5), "edgecolor": "white", "lw": 1}
    whole.imshow(picture(found.picture))
    frame(whole, left, top, right - left, bottom - top, **window)
    _windows(activity, found, found.activity, "summed over the map")
    scale = scale_of(found.projection)
    sharp(projection, around_grey(found.projection, scale))
    bar = _windows(probability, found, found.probability, "from zero", least=0)
    bar.ax.xaxis.set_major_formatter(in_per_cent)
    _likeliest(likeliest, legend, found, classes)
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
        ax.set_title(title, fontsize=10)
    return Drawing(figure, _occlusion_in_words(found, len(classes)))


def _name(found, index):
    return found.names[index] if found.names else f"class {index}"


def _windows(ax, found, grid, label, least=None):
    """A grid of windows, from the least (or from the number that is given) to the most; returns the bar, which tells both."""
    drawn = sharp(ax, np.asarray(grid), cmap=HEAT, extent=_over(found), vmin=least)
    bar = ax.figure.colorbar(drawn, cax=ax.inset_axes([0, -0.1, 1, 0.06]), orientation="horizontal")
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    bar.locator = ticks(4)
    bar.update_ticks()
    return bar


def _over(found):
    """Where a grid of windows lies on the picture: a cell around the middle of each window."""
    rows, columns = found.activity.shape
    start, step = (found.patch - found.stride) / 2 - 0.5, found.stride
    return start, start + columns * step, start + rows * step, start


def _likeliest(ax, legend, found, classes):
    """The likeliest class by window; the most frequent four get colours of their own, which the legend names."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    colours = _COLOURS[: len(classes)]
    place = {c: min(i, len(colours) - 1) for i, c in enumerate(classes)}
    grid = np.vectorize(place.get)(np.asarray(found.label))
    sharp(ax, grid, cmap=ListedColormap(colours), extent=_over(found), vmin=-0.5, vmax=len(colours) - 0.5)
    texts = [_name(found, c) for c in classes[: len(colours)]]
    if len(classes) > len(colours):
        texts[-1] = f"{len(classes) - len(colours) + 1} others"
    handles = [Patch(color=colour, label=short(text, 30)) for colour, text in zip(colours, texts)]
    legend.legend(handles=handles, title="in (e):", alignment="left", loc="upper left", frameon=False)


def _occlusion_in_words(found, classes):
    least, (rows, columns) = int(found.probability.argmin()), found.probability.shape
    blank = (found.patch - found.stride) / 2  # windows that overlap have their middles further inside
    left_out = f" (b), (d) and (e) show the middles of the windows; {blank:g} pixels at the border stay blank." if blank else ""
    return (
        f"Covered by a window of {found.patch} pixels every {found.stride}, filled with {found.fill}: the probability of "
        f"“{_name(found, found.target)}” goes from {share(found.whole_probability)} (uncovered) down to "
        f"{share(float(found.probability.min()))} (window row {least // columns + 1}, column {least % columns + 1} of {rows} × "
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
    side = min(2.4, WIDEST / count)
    figure, axes = panels(max(3, side * count), 2 * side + 0.9, 2, count, textwrap.fill(title, int(max(32, 10 * side * count))))
    for ax, image, name in zip(axes[0], pictures, found.names):
        ax.imshow(picture(image))
        ax.set_title(wrapped(name, int(11 * side)), fontsize=SMALL)
    ends = (_over_pictures if hasattr(found, "maps") else _in_squares)(axes[1], found, pictures)
    return Drawing(figure, f"{counted(count, 'picture')} and {found.words}; {ends}.")


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

    columns = min(len(pictures), _IN_A_ROW)
    rows = -(-len(pictures) // columns)
    figure, axes = panels(max(4, 1.9 * columns), 2 * rows + 0.4, rows, columns)
    colours = dict(zip(parts, itertools.cycle((BLUE, ORANGE, PURPLE, GREEN, SKY, RED))))
    for i, (image, ax) in enumerate(zip(pictures, axes.flat)):
        ax.imshow(picture(image))
        for part, places in parts.items():
            top, left, bottom, right = places[i]
            frame(ax, left, top, right - left, bottom - top, edgecolor=colours[part])
    handles = [Line2D([], [], color=colour, label=short(part, 18)) for part, colour in colours.items()]
    below(figure, handles, [handle.get_label() for handle in handles])
    return Drawing(figure, f"{counted(len(pictures), 'picture')}, in each a frame around {', '.join(parts)}.")
