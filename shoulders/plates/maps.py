"""Maps of a layer: patches that excite them, what made them answer, how both change while a network learns; first filters."""

import textwrap

import numpy as np

from shoulders.plates.panels import around_grey, bare, frame_in_mosaic, mosaic, panels, picture, scale_of, sharp
from shoulders.plots.drawing import BLUE, HEADING, ORANGE, SMALL, TINY, Drawing, new
from shoulders.plots.lettering import wrapped


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
    heading = f"{title or found.network}, {found.layer}: patches and their projections ({found.rule})"
    figure, axes = panels(width * columns, (0.49 * width + 0.28) * rows + 0.4, rows, columns, heading)
    figure.get_layout_engine().set(w_pad=0.12)  # inches: the two fields of one map stand closer than two maps
    for i, ax in zip(range(count), axes.flat):
        scale = scale_of(found.projections[i])
        patches = mosaic([picture(patch) for patch in found.patches[i]])
        seen = mosaic([around_grey(projection, scale) for projection in found.projections[i]])
        sharp(ax, mosaic([patches, seen], 2, max(2, patches.shape[1] // 30)))
        for j, number in enumerate(found.tops.indices[found.maps[i], : len(found.patches[i])].tolist()):
            if len(framed) and number in framed[i]:
                frame_in_mosaic(ax, j, 3, side, side)
        strengths = f"{unit} {found.maps[i]}: {found.values[i].max():.3g} to {found.values[i].min():.3g}, ±{scale:.2g}"
        ax.set_title(strengths if named else "", fontsize=TINY)
    return Drawing(figure, _plate_in_words(found, unit, named))


def _plate_in_words(found, unit, named):
    tops, sight = found.tops, found.field[0]
    sees = f"{sight:.0f} × {sight:.0f} pixels" if np.isfinite(sight) else "the whole picture"
    cut = "" if found.cut == "what a place sees" else f", cut to {found.cut}"
    dead = f"; {len(tops.dead)} of {len(tops.values)} {unit}s are dead" if named else ""
    return (
        f"{len(found.maps)} {unit}s of {found.layer}, {found.chosen}: their {found.patches.shape[1]} strongest patches of "
        f"{tops.searched} pictures, and projections ({found.rule}){cut}; a place sees {sees}{dead}."
    )


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
    count, layer, labels = len(found[0].pixels), found[0].layer, labels or [one.rule for one in found]
    maps, width = {int(one) for row in found for one in row.maps}, max(1.5 * count + 1.2, 3.2)
    heading = f"What made {f'map {min(maps)} of' if len(maps) == 1 else 'the layer'} {layer} answer"
    rows = len(found) + 1
    figure, axes = panels(width, 1.5 * rows + 0.5, rows, count, textwrap.fill(heading, int(9 * width)))
    pictures = [*pictures] * count if len(pictures) == 1 else pictures
    for i, (ax, image) in enumerate(zip(axes[0], pictures, strict=True)):
        ax.imshow(picture(image))
        ax.set_title(wrapped(titles[i]) if titles else "", fontsize=SMALL)
    for row, one, label in zip(axes[1:], found, labels):
        scale = scale_of(one.pixels)
        row[0].set_ylabel(wrapped(label, 12) + f"\n±{scale:.2g}" * (not each), fontsize=SMALL)
        for ax, projection in zip(row, one.pixels, strict=True):
            sharp(ax, around_grey(projection, scale_of(projection) if each else scale))
    ends = "each on a scale of its own" if each else "each row on the scale that stands beside it, in input units"
    of_one = f"the projections of one activation of {layer} in each ({'; '.join(labels)})"
    return Drawing(figure, f"{count} pictures and {of_one}, around grey, {ends}.")


def evolution(found, most: int | None = None) -> Drawing:
    """Figure 4: a row for each map, a column for each epoch: patch and projection; a frame where the picture has changed.

    Parameters
    ----------
    found : shoulders.visualize.growth.Evolution
    most : int, optional
        Maps to draw, the first ones; default: all.
    """
    maps, epochs = len(found.maps[:most]), len(found.epochs)
    heading = f"{found.network}, {found.layer}: the same maps while it learnt"
    figure, axes = panels(1.75 * epochs + 0.6, 1.02 * maps + 0.8, maps, epochs, heading)
    for (m, e), ax in np.ndenumerate(axes):
        scale = scale_of(found.projections[m, -1])
        patch, seen = picture(found.patches[m, e]), around_grey(found.projections[m, e], scale)
        sharp(ax, mosaic([patch, seen], 2, max(1, len(seen) // 20)))
        if found.jumps[m, e]:
            ax.spines[:].set(visible=True, color=ORANGE, linewidth=2)
        if m == 0:
            ax.set_title(f"epoch {found.epochs[e]}", fontsize=SMALL)
        if e == 0:
            ax.set_ylabel(f"map {found.maps[m]}\n±{scale:.2g}", fontsize=TINY)
    of_all = f" (of {len(found.maps)})" * (maps < len(found.maps))
    words = (
        f"{maps} maps{of_all} of {found.layer} at {epochs} epochs: the strongest of {found.searched} pictures and its "
        f"projection, each map on the scale of its last epoch. Framed: another picture than before "
        f"({int(found.jumps[:maps].sum())} of {maps * (epochs - 1)} steps)."
    )
    return Drawing(figure, words)


def first_filters(found) -> Drawing:
    """The first layer's filters, dead ones framed, and their power by frequency: a `shoulders.visualize.filters.Filters`."""
    count, channels, height, width = found.weights.shape
    columns, scale, limit = int(np.ceil(np.sqrt(1.6 * count))), scale_of(found.weights), 0.5 / found.stride
    figure, (left, right) = new(10, 3.6, 1, 2, width_ratios=(1.5, 1))
    shown = [weight if channels == 3 else weight[:1].expand(3, -1, -1) for weight in found.weights]
    sharp(left, mosaic([around_grey(weight, scale) for weight in shown], columns))
    for i in found.dead:
        frame_in_mosaic(left, i, columns, width, height)
    bare(left)
    left.set_title(f"{count} filters of {found.layer}, {height} × {width} pixels, ±{scale:.2g}", fontsize=SMALL)
    right.plot(found.frequencies, found.power, "o-", color=BLUE, ms=4)
    right.set(xlabel="cycles a pixel", ylabel="share of the power", xlim=(0, 0.5), ylim=(0, 1.1 * float(found.power.max())))
    right.set_title("What frequencies they pass", fontsize=SMALL)
    figure.suptitle(f"{found.network}: the first layer", fontsize=HEADING)
    words = f"{count} filters on one scale, {len(found.dead)} of them dead (framed); power is strongest near "
    words += f"{float(found.frequencies[found.power.argmax()]):.2g} cycles a pixel."
    if found.stride > 1:
        right.axvline(limit, color=ORANGE, ls="--", lw=1)
        words += f" Above {limit:.3g} cycles a pixel (dashed) its stride of {found.stride} makes aliases."
    return Drawing(figure, words)
