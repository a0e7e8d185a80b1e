"""The plot room for what a network sees: plates, covered pictures, filters, curves. It computes nothing.

``plates.x(visualize.x(…))``: most functions draw what the one of the same name in `shoulders.visualize` gave; `projections`
draws `project`, `heat` draws `grad_cam` and `integrated_gradients`, `probes` draws `ablation` too.
Projections are shown around grey (nothing): brighter is more, darker is less of a colour; each map's scale is printed.
"""

from __future__ import annotations

import itertools
import textwrap

import numpy as np

from shoulders.lettering import short, wrapped
from shoulders.plots import BLACK, BLUE, GREEN, ORANGE, PURPLE, Drawing, new

GREY = "#BBBBBB"

HEAT = "cividis"
"""One hue from dark to bright, made for all eyes: what is more is brighter."""

FOR_AND_AGAINST = "PuOr_r"
"""From violet, below zero, by white to orange."""

SHARE = 99.8
"""Per cent of a map's projected values, those that are not zero, that fit on its scale; the few beyond lie at its end."""


def picture(values) -> np.ndarray:
    """A tensor (3, height, width) of uint8 as matplotlib takes it."""
    return np.asarray(values).transpose(1, 2, 0)


def scale_of(projections) -> float:
    """The value at the end of the scale on which projections are drawn together; above zero.

    Parameters
    ----------
    projections : tensor or array, of any shape
    """
    sizes = np.abs(np.asarray(projections))
    sizes = sizes[sizes > 0]
    return float(np.percentile(sizes, SHARE)) if len(sizes) else 1.0


def around_grey(projection, scale: float) -> np.ndarray:
    """A projection as a picture: zero is grey, plus and minus `scale` are white and black.

    Parameters
    ----------
    projection : tensor, shape (3, height, width)
    scale : float
        See `scale_of`.

    Returns
    -------
    array, shape (height, width, 3), 0 to 1
    """
    return (0.5 + 0.5 * picture(projection) / scale).clip(0, 1)


def mosaic(images, columns: int = 3, gap: int = 1) -> np.ndarray:
    """Pictures of one size in rows, white between them.

    Parameters
    ----------
    images : sequence of array, shape (height, width, 3)
        uint8, or 0 to 1.
    columns : int
        Pictures in a row.
    gap : int
        Pixels between them.

    Returns
    -------
    array, shape (rows, columns, 3) in pixels, 0 to 1
    """
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


def plate(found, columns: int | None = None, title: str | None = None, framed=(), named: bool = True) -> Drawing:
    """Figure 2: for each map its strongest patches (left) and their projections (right), three by three.

    Above each map stand the strongest and the weakest activation shown, and the end of the projections' scale, in the
    network's input units.

    Parameters
    ----------
    found : shoulders.visualize.patches.Plate
    columns : int, optional
        Maps in a row; default: as many as leave the patches large enough to see.
    title : str, optional
        Instead of the network's name, such as ``'before fine-tuning'``.
    framed : sequence of set of int, optional
        For each map the numbers of the pictures whose patches get a frame.
    named : bool
        ``False`` keeps to itself which maps, or directions, these are: to guess.
    """
    count, side = len(found.maps), found.patches.shape[-1]
    unit = "field" if not named else "map" if found.tops.directions is None else "direction"
    rows = -(-count // (columns or (4 if side <= 24 else 3 if side <= 48 else 2)))
    columns = -(-count // rows)
    width = 11 / max(columns, 2)
    figure, axes = new(width * columns, (0.49 * width + 0.28) * rows + 0.4, rows, columns, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.12)  # inches: the two fields of one map stand closer than two maps
    for ax in axes.flat:
        _bare(ax)
    for i, ax in zip(range(count), axes.flat):
        scale = scale_of(found.projections[i])
        patches = mosaic([picture(patch) for patch in found.patches[i]])
        seen = mosaic([around_grey(projection, scale) for projection in found.projections[i]])
        between = np.ones((len(patches), max(2, patches.shape[1] // 30), 3))
        ax.imshow(np.concatenate([patches, between, seen], 1), interpolation="nearest")
        for j in _places(found, i, framed):
            ax.add_patch(_frame(j % 3 * (side + 1), j // 3 * (side + 1), side, side))
        strengths = f"{unit} {found.maps[i]}: {found.values[i].max():.3g} to {found.values[i].min():.3g}, ±{scale:.2g}"
        ax.set_title(strengths if named else "", fontsize=8)
    tops, sight = found.tops, found.field[0]
    figure.suptitle(f"{title or found.network}, {found.layer}: patches and their projections ({found.rule})", fontsize=11)
    sees = f"{sight:.0f} × {sight:.0f} pixels" if np.isfinite(sight) else "the whole picture"
    cut = "" if found.cut == "what a place sees" else f", cut to {found.cut}"
    dead = f"; {len(tops.dead)} of {len(tops.values)} {unit}s are dead" if named else ""
    words = (
        f"{count} {unit}s of {found.layer}, {found.chosen}: their {found.patches.shape[1]} strongest patches of {tops.searched} "
        f"pictures, and projections ({found.rule}){cut}; a place sees {sees}{dead}."
    )
    return Drawing(figure, words)


def _places(found, i, framed):
    """Which of a map's patches are of pictures that get a frame."""
    numbers = found.tops.indices[found.maps[i], : found.patches.shape[1]].tolist()
    return [j for j, number in enumerate(numbers) if len(framed) and number in framed[i]]


def projections(found, pictures, titles=None, labels=None, each: bool = False) -> Drawing:
    """Pictures above their projections, a row on one scale.

    Parameters
    ----------
    found : shoulders.visualize.projection.Projection, or sequence of these
        Of several, such as one for each rule, a row for each, on a scale of its own.
    pictures : sequence of tensor (3, height, width)
        uint8; one for each projection, or one of which all are.
    titles : sequence of str, optional
        One for each picture.
    labels : sequence of str, optional
        One for each row; default: the rule.
    each : bool
        Every projection on a scale of its own: of patterns to be compared, and not sizes.
    """
    found = list(found) if isinstance(found, list | tuple) else [found]
    count = len(found[0].pixels)
    pictures = [*pictures] * count if len(pictures) == 1 else [*pictures]
    width = max(1.5 * count + 1.2, 3.2)
    figure, axes = new(width, 1.5 * (len(found) + 1) + 0.5, len(found) + 1, count, squeeze=False)
    for ax in axes.flat:
        _bare(ax)
    for i, image in zip(range(count), pictures, strict=True):
        axes[0, i].imshow(picture(image))
        axes[0, i].set_title(wrapped(titles[i]) if titles else "", fontsize=9)
    labels = labels or [one.rule for one in found]
    for row, one, label in zip(axes[1:], found, labels):
        scale = scale_of(one.pixels)
        row[0].set_ylabel(wrapped(label, 12) + f"\n±{scale:.2g}" * (not each), fontsize=9)
        for ax, projection in zip(row, one.pixels, strict=True):
            ax.imshow(around_grey(projection, scale_of(projection) if each else scale), interpolation="nearest")
    layer = found[0].layer
    maps = {int(one) for row in found for one in row.maps}
    heading = f"What made {f'map {min(maps)} of' if len(maps) == 1 else 'the layer'} {layer} answer"
    figure.suptitle(textwrap.fill(heading, int(9 * width)), fontsize=11)
    ends = "each on a scale of its own" if each else "each row on the scale that stands beside it, in input units"
    return Drawing(
        figure,
        f"{count} pictures and the projections of one activation of {layer} in each ({'; '.join(labels)}), around grey, {ends}.",
    )


def occlusion(found) -> Drawing:
    """The five panels of figure 7.

    Parameters
    ----------
    found : shoulders.visualize.occluding.Occlusion
    """
    named = min(5, len(np.unique(np.asarray(found.label))))
    figure, axes = new(12.5, 3.1 + 0.2 * max(2, named), 1, 5)
    for ax in axes:
        _bare(ax)
    top, left, bottom, right = found.boxes[len(found.boxes) // 2]
    axes[0].imshow(picture(found.picture))
    axes[0].add_patch(_square(left, top, right - left, bottom - top, found.colour or (0.5, 0.5, 0.5)))
    axes[0].set_title(f"(a) the picture,\na window of {found.patch} pixels", fontsize=9)
    _heat(figure, axes[1], found, found.activity, f"(b) activity of map {found.map},\nwindow by window", "summed over the map")
    scale = scale_of(found.projection)
    axes[2].imshow(around_grey(found.projection, scale), interpolation="nearest")
    axes[2].set_title(f"(c) projection of map {found.map}\n({found.rule}), ±{scale:.2g} input units", fontsize=9)
    name = _name(found, found.target)
    _heat(figure, axes[3], found, found.probability, f"(d) probability of\n“{short(name, 24)}”", "from zero", least=0)
    labels = _labels(axes[4], found)
    for ax in axes:
        _as_the_picture(ax, found)
    least, columns = int(found.probability.argmin()), found.probability.shape[1]
    words = (
        f"Covered by a window of {found.patch} pixels every {found.stride}, filled with {found.fill}: the probability of "
        f"“{name}” goes from {found.whole_probability:.1%} (uncovered) down to {float(found.probability.min()):.1%} (window row "
        f"{least // columns + 1}, column {least % columns + 1} of {len(found.probability)} × {columns}), the activity of map "
        f"{found.map} of {found.layer} from {found.whole_activity:.3g} to {float(found.activity.min()):.3g}; "
        f"{'one class is' if labels == 1 else f'{labels} classes are'} named."
        f"{_blank(found)}"
    )
    return Drawing(figure, words)


def _blank(found):
    """What the grids leave out, in words: windows that overlap have their middles further inside."""
    out = (found.patch - found.stride) / 2
    return f" (b), (d) and (e) show the middles of the windows; {out:g} pixels at the border stay blank." if out else ""


def _square(left, top, width, height, colour):
    from matplotlib.patches import Rectangle

    return Rectangle((left - 0.5, top - 0.5), width, height, facecolor=colour, edgecolor="white", lw=1)


def _over(found):
    """Where a grid of windows lies on the picture: a cell around the middle of each window."""
    rows, columns = found.activity.shape
    start, step = (found.patch - found.stride) / 2 - 0.5, found.stride
    return start, start + columns * step, start + rows * step, start


def _as_the_picture(ax, found):
    """The panels show the same pixels at the same size, whatever the windows reach."""
    height, width = found.picture.shape[1:]
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")


def _heat(figure, ax, found, grid, title, label, least=None):
    """A grid of windows, from the least (or from the number that is given) to the most; the bar tells both."""
    drawn = ax.imshow(np.asarray(grid), cmap=HEAT, extent=_over(found), interpolation="nearest", vmin=least)
    bar = figure.colorbar(drawn, cax=ax.inset_axes([0, -0.1, 1, 0.06]), orientation="horizontal")
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
    colours = [BLUE, ORANGE, GREEN, PURPLE, GREY][: len(order)]
    place = {int(c): min(i, len(colours) - 1) for i, c in enumerate(order)}
    grid = np.vectorize(lambda c: place[int(c)])(np.asarray(found.label))
    ax.imshow(
        grid, cmap=ListedColormap(colours), extent=_over(found), vmin=-0.5, vmax=len(colours) - 0.5, interpolation="nearest"
    )
    texts = [_name(found, int(c)) for c in order[: len(colours)]]
    if len(order) > len(colours):
        texts[-1] = f"{len(order) - len(colours) + 1} others"
    handles = [Patch(color=colour, label=short(text, 22)) for colour, text in zip(colours, texts)]
    ax.legend(handles=handles, fontsize=8, loc="upper left", bbox_to_anchor=(-0.02, -0.02), frameon=False)
    ax.set_title("(e) the likeliest class,\nwindow by window", fontsize=9)
    return len(order)


def _name(found, index):
    return found.names[index] if found.names else f"class {index}"


def heat(found, pictures) -> Drawing:
    """Where a class is found: Grad-CAM over the pictures, or what integrated gradients give each pixel.

    Parameters
    ----------
    found : shoulders.visualize.attribution.Heat or Attribution
    pictures : sequence of tensor (3, height, width)
        uint8.
    """
    maps = hasattr(found, "maps")
    count = len(pictures)
    figure, axes = new(1.9 * count, 4.6, 2, count, squeeze=False)
    if maps:
        end = "each picture from zero to its own most"
    else:
        side = max(1, min(pictures[0].shape[1:]) // 16)
        squares = _summed(found.pixels, side)
        most = np.abs(squares).max()
        end = f"summed over squares of {side} pixels, orange for the class and violet against it, up to ±{most:.2g} of the score"
    for i, image in enumerate(pictures):
        axes[0, i].imshow(picture(image))
        axes[0, i].set_title(short(found.names[i], 22), fontsize=9)
        if maps:
            grey = picture(image).mean(-1)
            axes[1, i].imshow(grey, cmap="gray", vmin=0, vmax=255)
            axes[1, i].imshow(np.asarray(found.maps[i]), cmap=HEAT, vmin=0, alpha=0.4)
        else:
            axes[1, i].imshow(squares[i], cmap=FOR_AND_AGAINST, vmin=-most, vmax=most, interpolation="nearest")
    for ax in axes.flat:
        _bare(ax)
    title = f"{found.words[0].upper()}{found.words[1:].removesuffix(', computed by captum')}"
    figure.suptitle(textwrap.fill(title, 20 * count), fontsize=11)
    return Drawing(figure, f"{count} pictures and {found.words}; {end}.")


def _summed(pixels, side):
    """Over the colours and over squares: (n, 3, height, width) to (n, height // side, width // side)."""
    values = np.asarray(pixels).sum(1)
    count, height, width = (size // unit for size, unit in zip(values.shape, (1, side, side)))
    return values[:, : height * side, : width * side].reshape(count, height, side, width, side).sum((2, 4))


def first_filters(found) -> Drawing:
    """The first layer's filters, dead ones framed, and their power by frequency.

    Parameters
    ----------
    found : shoulders.visualize.filters.Filters
    """
    count, channels = found.weights.shape[:2]
    columns = int(np.ceil(np.sqrt(1.6 * count)))
    figure, (left, right) = new(10, 3.6, 1, 2, width_ratios=(1.5, 1))
    scale = scale_of(found.weights)
    shown = [around_grey(weight if channels == 3 else weight[:1].expand(3, -1, -1), scale) for weight in found.weights]
    left.imshow(mosaic(shown, columns), interpolation="nearest")
    height, width = found.weights.shape[2:]
    for i in found.dead:
        left.add_patch(_frame(i % columns * (width + 1), i // columns * (height + 1), width, height))
    _bare(left)
    left.set_title(f"{count} filters of {found.layer}, {height} × {width} pixels, ±{scale:.2g}", fontsize=9)
    right.plot(found.frequencies, found.power, "o-", color=BLUE, ms=4)
    if found.stride > 1:
        right.axvline(0.5 / found.stride, color=ORANGE, ls="--", lw=1)
    right.set(xlabel="cycles a pixel", ylabel="share of the power", xlim=(0, 0.5), ylim=(0, 1.1 * float(found.power.max())))
    right.set_title("What frequencies they pass", fontsize=9)
    figure.suptitle(f"{found.network}: the first layer", fontsize=11)
    alias = f" Above {0.5 / found.stride:.3g} cycles a pixel (dashed) its stride of {found.stride} makes aliases."
    return Drawing(
        figure,
        f"{count} filters on one scale, {len(found.dead)} of them dead (framed); power is strongest near "
        f"{float(found.frequencies[found.power.argmax()]):.2g} cycles a pixel.{alias * (found.stride > 1)}",
    )


def _frame(left, top, width, height, colour=ORANGE):
    from matplotlib.patches import Rectangle

    return Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=colour, lw=1.5)


LABELS = {"translation": "moved down, share of the side", "scale": "times as large", "rotation": "turned, degrees"}


def invariance(found) -> Drawing:
    """Figure 5: the pictures, and for each kind of change three curves of every picture.

    Parameters
    ----------
    found : shoulders.visualize.moving.Invariance
    """
    rows = (("low", f"distance at {found.low}"), ("high", f"distance at {found.high}"), ("probability", "probability"))
    figure, axes = new(11, 9.2, 4, len(found.curves), squeeze=False, sharex="col", sharey="row", height_ratios=(0.9, 1, 1, 1))
    _in_a_row(figure, axes[0], found.pictures)
    axes = axes[1:]
    colours = (BLUE, ORANGE, GREEN, PURPLE, BLACK)
    for column, (kind, curves) in zip(axes.T, found.curves.items()):
        for ax, (part, _) in zip(column, rows):
            for i, line in enumerate(getattr(curves, part)):
                style = {"color": colours[i % 5], "ls": ("-", "--", ":", "-.", (0, (5, 1, 1, 1)))[(i + i // 5) % 5], "lw": 1.4}
                ax.plot(curves.amounts, line, label=f"{i + 1}: {short(found.names[i])}", **style)
            ax.label_outer()
        column[0].set_title(kind, fontsize=10)
        column[-1].set_xlabel(LABELS.get(kind, kind))
    for ax, (_, label) in zip(axes[:, 0], rows):
        ax.set_ylabel(label)
        ax.set_ylim(0, None)
    axes[0, -1].legend(
        title="what the network\ntakes them for", alignment="left", title_fontsize=8, fontsize=7, frameon=False,
        loc="upper left", bbox_to_anchor=(1, 1),
    )  # fmt: skip
    figure.suptitle(f"{found.network}: what a change of the picture does to a low and a high layer", fontsize=11)
    low, high = (np.mean([getattr(curves, part).mean() for curves in found.curves.values()]) for part in ("low", "high"))
    words = (
        f"{len(found.pictures)} pictures moved down, enlarged and turned; distances from the unchanged picture as shares of the "
        f"length of what the layer said of it: {low:.2f} on average at {found.low}, {high:.2f} at {found.high}. What comes in at "
        "the border is the training pictures' mean colour. Probability: of the class that the legend names."
    )
    return Drawing(figure, words)


def _in_a_row(figure, axes, pictures):
    """Numbered pictures, in place of a row of axes."""
    for ax in axes:
        ax.remove()
    ax, side = figure.add_subplot(axes[0].get_gridspec()[0, :]), pictures.shape[-1]
    gap = side // 8
    ax.imshow(mosaic([picture(one) for one in pictures], len(pictures), gap))
    for i in range(len(pictures)):
        ax.text((i + 0.5) * side + i * gap, -0.04 * side, i + 1, ha="center", va="bottom", fontsize=10)
    _bare(ax)


def evolution(found, most: int | None = None) -> Drawing:
    """Figure 4: a row for each map, a column for each epoch: patch and projection; a frame where the picture has changed.

    Parameters
    ----------
    found : shoulders.visualize.growth.Evolution
    most : int, optional
        Maps to draw, the first ones; default: all.
    """
    maps, epochs = len(found.maps[:most]), len(found.epochs)
    figure, axes = new(1.75 * epochs + 0.6, 1.02 * maps + 0.8, maps, epochs, squeeze=False)
    for (m, e), ax in np.ndenumerate(axes):
        scale = scale_of(found.projections[m, -1])
        seen = around_grey(found.projections[m, e], scale)
        patch = picture(found.patches[m, e]) / 255
        ax.imshow(np.concatenate([patch, np.ones((len(patch), max(1, len(patch) // 20), 3)), seen], 1), interpolation="nearest")
        _bare(ax)
        if found.jumps[m, e]:
            ax.spines[:].set(visible=True, color=ORANGE, linewidth=2)
        if m == 0:
            ax.set_title(f"epoch {found.epochs[e]}", fontsize=9)
        if e == 0:
            ax.set_ylabel(f"map {found.maps[m]}\n±{scale:.2g}", fontsize=8)
    figure.suptitle(f"{found.network}, {found.layer}: the same maps while it learnt", fontsize=11)
    jumps = int(found.jumps[:maps].sum())
    of_all = f" (of {len(found.maps)})" * (maps < len(found.maps))
    words = (
        f"{maps} maps{of_all} of {found.layer} at {epochs} epochs: the strongest of {found.searched} pictures and its "
        f"projection, each map on the scale of its last epoch. Framed: another picture than before ({jumps} of "
        f"{maps * (epochs - 1)} steps)."
    )
    return Drawing(figure, words)


def probes(table, chance: float | None = None) -> Drawing:
    """Table 7 as a picture: the accuracy of a linear head on each layer, low layers at the top.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `shoulders.visualize.probes`, or of `ablation`.
    chance : float, optional
        Accuracy of guessing blindly, drawn as a line.
    """
    names = table[table.columns[0]]
    figure, ax = new(7, 0.4 * len(table) + 1.2)
    place = np.arange(len(table))
    ax.errorbar(
        table.accuracy, place, xerr=[table.accuracy - table.low, table.high - table.accuracy], fmt="o", color=BLUE, capsize=3
    )
    for x, y, share in zip(table.high, place, table.accuracy):
        ax.text(x + 0.008, y, f"{share:.1%}", va="center", fontsize=9)
    ax.set_yticks(place, [short(name, 40) for name in names])
    ax.invert_yaxis()
    blindly = "; dashed: guessing blindly" if chance is not None else ""
    left = min(table.low.min(), 1 if chance is None else chance) - 0.05
    ax.set(xlim=(max(0, left), 1.1), xlabel=f"accuracy on {table.n.iloc[0]} pictures (bars: 95 % interval{blindly})")
    if chance is not None:
        ax.axvline(chance, color=GREY, ls="--", lw=1, zorder=0)
    ticks = [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= 1]
    ax.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_title(f"Accuracy, {table.columns[0]} by {table.columns[0]}")
    best, worst = table.accuracy.idxmax(), table.accuracy.idxmin()
    told = f"From {table.accuracy[worst]:.1%} ({names[worst]}) to {table.accuracy[best]:.1%} ({names[best]})"
    if table.accuracy[worst] == table.accuracy[best]:
        told = f"{table.accuracy[best]:.1%} everywhere"
    return Drawing(figure, f"{told}, each from {table.n_train.iloc[0]} training pictures.")


def numbers(grids, titles=None) -> Drawing:
    """Small grids of numbers side by side, to be computed by hand: below zero purple, above zero orange.

    Parameters
    ----------
    grids : sequence of array or tensor, shape (rows, columns)
        At most about six by six.
    titles : sequence of str, optional
        One for each.
    """
    grids = [np.asarray(grid) for grid in grids]
    widths = [grid.shape[1] for grid in grids]
    figure, axes = new(0.45 * sum(widths) + 0.6 * len(grids), 0.45 * max(map(len, grids)) + 0.5, 1, len(grids), squeeze=False,
                       width_ratios=widths)  # fmt: skip
    top = max(float(np.abs(grid).max()) for grid in grids) or 1.0
    for i, (grid, ax) in enumerate(zip(grids, axes.flat)):
        pale = {"vmin": -2.2 * top, "vmax": 2.2 * top}  # the numbers are what is read
        ax.pcolormesh(grid, cmap="PuOr_r", edgecolors="white", linewidth=2, **pale)
        for (row, column), value in np.ndenumerate(grid):
            ax.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=11)
        ax.set_aspect("equal")
        ax.invert_yaxis()
        _bare(ax)
        ax.set_title(titles[i] if titles else "", fontsize=10)
    shapes = ", ".join(f"{titles[i] + ' ' if titles else ''}{grid.shape[0]} × {grid.shape[1]}" for i, grid in enumerate(grids))
    return Drawing(figure, f"{len(grids)} grids of numbers: {shapes}.")


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
    figure, axes = new(width, 2.4, 1, len(pictures), squeeze=False)
    colours = dict(zip(parts, itertools.cycle((BLUE, ORANGE, PURPLE, GREEN))))
    for i, (image, ax) in enumerate(zip(pictures, axes.flat)):
        ax.imshow(picture(image))
        for part, places in parts.items():
            top, left, bottom, right = places[i]
            ax.add_patch(_frame(left, top, right - left, bottom - top, colours[part]))
        _bare(ax)
    handles = [Line2D([], [], color=colour, label=short(part, 18)) for part, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(parts), width // 2), frameon=False, fontsize=9)
    return Drawing(figure, f"{len(pictures)} pictures, in each a frame around {', '.join(parts)}.")
