"""Maps of a layer: patches that excite them, what made them answer, how both change while a network learns; first filters."""

import textwrap

import numpy as np

from shoulders.plates.panels import around_grey, bare, frame_in_mosaic, laid_over, mosaic, panels, picture, scale_of, sharp
from shoulders.plots.drawing import BLUE, HEADING, ORANGE, SMALL, WIDEST, Drawing, new
from shoulders.plots.lettering import wrapped
from shoulders.support.words import counted

_BESIDE = 4  # epochs in a row that leave a patch and its projection room side by side


def plate(
    found, columns: int | None = None, title: str | None = None, framed=(), named: bool = True, overlay: bool = False
) -> Drawing:
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
    overlay : bool
        One field for each map, of larger patches: each is grey, and red where its projection is strong.
    """
    count, side = len(found.maps), found.patches.shape[-1]
    unit = "field" if not named else "map" if found.tops.directions is None else "direction"
    rows = -(-count // (columns or (3 if overlay or side <= 24 else 2)))
    columns = -(-count // rows)
    width = min(WIDEST / columns, 4.8 if overlay else 7.2)
    how = "patches, red where their projections are strong" if overlay else "patches and their projections"
    heading = textwrap.fill(f"{title or found.network}, {found.layer}: {how} ({found.rule})", int(10 * width * columns))
    figure, axes = panels(width * columns, ((1 if overlay else 0.49) * width + 0.32) * rows + 0.4, rows, columns, heading)
    figure.get_layout_engine().set(w_pad=0.12)  # inches: the two fields of one map stand closer than two maps
    for i, ax in zip(range(count), axes.flat):
        scale = scale_of(found.projections[i])
        pairs = list(zip(map(picture, found.patches[i]), found.projections[i]))
        if overlay:
            sharp(ax, mosaic([laid_over(patch, projection, scale) for patch, projection in pairs]))
        else:
            patches, seen = mosaic([patch for patch, _ in pairs]), mosaic([around_grey(one, scale) for _, one in pairs])
            sharp(ax, mosaic([patches, seen], 2, max(2, patches.shape[1] // 30)))
        for j, number in enumerate(found.tops.indices[found.maps[i], : len(found.patches[i])].tolist()):
            if len(framed) and number in framed[i]:
                frame_in_mosaic(ax, j, 3, side, side)
        strengths = f"{unit} {found.maps[i]}: {found.values[i].max():.3g} to {found.values[i].min():.3g}, ±{scale:.2g}"
        ax.set_title(strengths if named else "", fontsize=10)
    return Drawing(figure, _plate_in_words(found, unit, named))


def _plate_in_words(found, unit, named):
    tops, sight = found.tops, found.field[0]
    sees = f"{sight:.0f} × {sight:.0f} pixels" if np.isfinite(sight) else "the whole picture"
    cut = "" if found.cut == "what a place sees" else f", cut to {found.cut}"
    dead = f"; {len(tops.dead)} of {len(tops.values)} {unit}s are dead" if named else ""
    whose = "its" if len(found.maps) == 1 else "their"
    return (
        f"{counted(len(found.maps), unit)} of {found.layer}, {found.chosen}: {whose} {found.patches.shape[1]} strongest patches "
        f"of {tops.searched} pictures, and projections ({found.rule}){cut}; a place sees {sees}{dead}."
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
    maps, width = {int(one) for row in found for one in row.maps}, min(max(1.6 * count + 1.2, 3.2), WIDEST)
    heading = f"What made {f'map {min(maps)} of' if len(maps) == 1 else 'the layer'} {layer} answer"
    rows = len(found) + 1
    figure, axes = panels(width, (width - 0.9) / count * rows + 0.5, rows, count, textwrap.fill(heading, int(9 * width)))
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
    return Drawing(figure, f"{counted(count, 'picture')} and {of_one}, around grey, {ends}.")


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
    columns = 1 if epochs > _BESIDE else 2  # of each pair
    wide = min((WIDEST - 0.6) / epochs, 1.3 * columns)
    figure, axes = panels(wide * epochs + 0.6, (2.1 * wide / columns**2 + 0.1) * maps + 0.8, maps, epochs, heading)
    for (m, e), ax in np.ndenumerate(axes):
        scale = scale_of(found.projections[m, -1])
        patch, seen = picture(found.patches[m, e]), around_grey(found.projections[m, e], scale)
        sharp(ax, mosaic([patch, seen], columns, max(1, len(seen) // 20)))
        if found.jumps[m, e]:
            ax.spines[:].set(visible=True, color=ORANGE, linewidth=2)
        if m == 0:
            ax.set_title(f"epoch {found.epochs[e]}", fontsize=SMALL)
        if e == 0:
            ax.set_ylabel(f"map {found.maps[m]}\n±{scale:.2g}", fontsize=SMALL)
    of_all = f" (of {len(found.maps)})" * (maps < len(found.maps))
    words = (
        f"{counted(maps, 'map')}{of_all} of {found.layer} at {epochs} epochs: the strongest of {found.searched} pictures and its "
        f"projection, each map on the scale of its last epoch. Framed: another picture than before "
        f"({int(found.jumps[:maps].sum())} of {maps * (epochs - 1)} steps)."
    )
    return Drawing(figure, words)


def first_filters(found) -> Drawing:
    """The first layer's filters, dead ones framed, and their power by frequency: a `shoulders.visualize.filters.Filters`."""
    count, channels, height, width = found.weights.shape
    columns, scale, limit = int(np.ceil(np.sqrt(1.6 * count))), scale_of(found.weights), 0.5 / found.stride
    figure, (left, right) = new(WIDEST, 3.6, 1, 2, width_ratios=(1.5, 1))
    figure.get_layout_engine().set(w_pad=0.15)  # inches, between filters and curve
    shown = [weight if channels == 3 else weight[:1].expand(3, -1, -1) for weight in found.weights]
    sharp(left, mosaic([around_grey(weight, scale) for weight in shown], columns))
    for i in found.dead:
        frame_in_mosaic(left, i, columns, width, height)
    bare(left)
    left.set_title(f"{counted(count, 'filter')} of {found.layer}, {height} × {width} pixels, ±{scale:.2g}", fontsize=SMALL)
    right.plot(found.frequencies, found.power, "o-", color=BLUE, ms=4)
    right.set(xlabel="cycles a pixel", ylabel="share of the power", xlim=(0, 0.5), ylim=(0, 1.1 * float(found.power.max())))
    right.set_title("What frequencies they pass", fontsize=SMALL)
    figure.suptitle(f"{found.network}: the first layer", fontsize=HEADING)
    words = f"{counted(count, 'filter')} on one scale, {len(found.dead)} of them dead (framed); power is strongest near "
    words += f"{float(found.frequencies[found.power.argmax()]):.2g} cycles a pixel."
    if found.stride > 1:
        right.axvline(limit, color=ORANGE, ls="--", lw=1)
        words += f" Above {limit:.3g} cycles a pixel (dashed) its stride of {found.stride} makes aliases."
    return Drawing(figure, words)
