"""What tensors look like: as pictures, around grey, in rows with frames, or as the numbers that they are."""

import numpy as np

from shoulders.plots.drawing import FOR_AND_AGAINST, HEADING, ON_PALE, ORANGE, Drawing, new
from shoulders.support.words import counted

SHARE = 99.8
"""Per cent of a map's projected values, those that are not zero, that fit on its scale; the few beyond lie at its end."""


_STRONG = 0.85, 0.2, 0.0  # red, green, blue: a red that is seen on every grey


def picture(values) -> np.ndarray:
    """A tensor (3, height, width) of uint8 as matplotlib takes it."""
    return np.asarray(values).transpose(1, 2, 0)


def scale_of(projections) -> float:
    """The value at the end of the scale on which projections, of any shape, are drawn together; above zero."""
    sizes = np.abs(np.asarray(projections))
    sizes = sizes[sizes > 0]
    return float(np.percentile(sizes, SHARE)) if len(sizes) else 1.0


def around_grey(projection, scale: float) -> np.ndarray:
    """A projection, (3, height, width), as a picture, (height, width, 3): zero is grey, plus and minus `scale` are 1 and 0."""
    return (0.5 + 0.5 * picture(projection) / scale).clip(0, 1)


def laid_over(patch, projection, scale: float) -> np.ndarray:
    """How strong a projection is, in red over its patch, which is grey and pale: (height, width, 3)."""
    strength = np.clip(np.abs(picture(projection)).max(-1, keepdims=True) / scale, 0, 1)
    grey = 0.4 + 0.55 * patch.mean(-1, keepdims=True) / 255
    return (1 - strength) * grey + strength * np.array(_STRONG)


def mosaic(images, columns: int = 3, gap: int = 1) -> np.ndarray:
    """Pictures of one size in rows; the ground is seen between them.

    Parameters
    ----------
    images : sequence of array, shape (height, width, 3), or what this gave
        uint8, or 0 to 1.
    columns : int
        Pictures in a row.
    gap : int
        Pixels between them.

    Returns
    -------
    array, shape (rows, columns, 4) in pixels, 0 to 1
        Red, green, blue, and 0 where there is no picture.
    """
    images = [np.asarray(image, dtype=float) / (255 if np.asarray(image).dtype == np.uint8 else 1) for image in images]
    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4))
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width, : image.shape[2]] = image
        sheet[top : top + height, left : left + width, 3:] = image[..., 3:] if image.shape[2] == 4 else 1
    return sheet


def sharp(ax, image, **kwargs):
    """A picture of which every pixel counts."""
    return ax.imshow(image, interpolation="nearest", **kwargs)


def frame(ax, left, top, width, height, **look):
    """A frame around pixels, which it holds whole."""
    from matplotlib.patches import Rectangle

    look = {"fill": False, "edgecolor": ORANGE, "lw": 1.5} | look
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, **look))


def frame_in_mosaic(ax, i, columns, width, height):
    """A frame around the picture with number `i` of a `mosaic`."""
    frame(ax, i % columns * (width + 1), i // columns * (height + 1), width, height)


def bare(ax):
    """Neither ticks nor spines; words at its side stay."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def panels(width: float, height: float, rows: int, columns: int, heading: str = "", **kwargs):
    """A figure of pictures, `width` and `height` in inches, and its axes, shape (rows, columns)."""
    figure, axes = new(width, height, rows, columns, squeeze=False, **kwargs)
    for ax in axes.flat:
        bare(ax)
    if heading:
        figure.suptitle(heading, fontsize=HEADING)
    return figure, axes


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
    titles, widths = titles or [""] * len(grids), [grid.shape[1] for grid in grids]
    width, height = 0.45 * sum(widths) + 0.6 * len(grids), 0.45 * max(map(len, grids)) + 0.5
    figure, axes = panels(width, height, 1, len(grids), width_ratios=widths)
    top = 2.2 * max(float(np.abs(grid).max()) for grid in grids) or 1.0  # pale: the numbers are what is read
    for i, (grid, ax) in enumerate(zip(grids, axes.flat)):
        ax.pcolormesh(grid, cmap=FOR_AND_AGAINST, edgecolors="none", vmin=-top, vmax=top)
        for (row, column), value in np.ndenumerate(grid):
            ax.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=11, color=ON_PALE)
        ax.set_aspect("equal")
        ax.invert_yaxis()
        ax.set_title(titles[i], fontsize=10)
    shapes = ", ".join(f"{title} {len(grid)} × {grid.shape[1]}".lstrip() for title, grid in zip(titles, grids))
    return Drawing(figure, f"{counted(len(grids), 'grid')} of numbers: {shapes}.")
