"""What was done to the pictures on which weights were trained: it comes with the weights, never from memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shoulders import pictures
from shoulders.support.errors import CourseError

if TYPE_CHECKING:
    import torch


class BackboneError(CourseError):
    """A network cannot be loaded or cut; the message names it and the remedy."""


FITS = ("crop", "pad", "squeeze")
"""How a picture that is no square is brought to one."""

_LARGEST = 4096  # pixels of a side that a network looks at


@dataclass(frozen=True)
class Transform:
    """What was done to the pictures on which the weights were trained.

    The shorter side becomes `resize` pixels, the middle `crop` × `crop` pixels are kept, values in 0..1 are shifted by
    `mean` and divided by `std` (red, green, blue).

    That is `fit` ``'crop'``, as the weights want it: of a picture four times as wide as high the network sees a fifth. ``'pad'``
    shows all of it, as large as it fits, in the middle of a square that is `mean` elsewhere: zero for the network. ``'squeeze'``
    shows all of it, pressed to a square. Neither looks at `resize`.
    """

    resize: int
    crop: int
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    fit: str = "crop"

    UNITS, CAMERA = ("one picture", "pictures"), True
    """What costs are told of; and whether a camera can ask."""

    AT_ONCE = 2**31
    """So many may go through a network together: all that there is room for."""

    def __post_init__(self):
        sides = all(isinstance(side, int) and 0 < side <= _LARGEST for side in (self.resize, self.crop))
        known = isinstance(self.interpolation, str) and self.interpolation.upper() in Image.Resampling.__members__
        scale = all(isinstance(value, int | float) for value in (*self.mean, *self.std))
        if self.fit not in FITS:
            raise BackboneError(f"fit is {self.fit!r}: choose one of {', '.join(FITS)}.")
        if not (sides and known and scale and len(self.mean) == len(self.std) == 3 and all(value > 0 for value in self.std)):
            raise BackboneError(f"{self} is no transform: sides of 1 to {_LARGEST} pixels, three means and three spreads.")

    @property
    def told(self) -> str:
        """What the network takes, in words."""
        return f"{self.crop} × {self.crop} pixels, from a shorter side of {self.resize}"

    @property
    def told_exactly(self) -> str:
        """What the network takes, with every number."""
        mean, spread = (", ".join(map(str, numbers)) for numbers in (self.mean, self.std))
        return (
            f"the shorter side at {self.resize} pixels ({self.interpolation}), of that the middle {self.crop} × {self.crop}; "
            f"mean {mean}, spread {spread} (red, green, blue)"
        )

    def fitted(self, fit: str) -> Transform:
        """The same, for pictures that are no squares in another way: of `FITS`."""
        return replace(self, fit=fit)

    def cropped(self, source) -> Image.Image:
        """What the network sees of a picture (path, file object or image): RGB, `crop` × `crop` pixels."""
        read = pictures.to_rgb if isinstance(source, Image.Image) else pictures.read
        image = read(source, at_least=2 * self.resize)
        image = image.resize(self.sides(*image.size), Image.Resampling[self.interpolation.upper()])
        left, top = (round((side - self.crop) / 2) for side in image.size)
        square = Image.new("RGB", (self.crop, self.crop), tuple(round(255 * value) for value in self.mean))
        square.paste(image, (-left, -top))
        return square

    def sides(self, width: int, height: int) -> tuple[int, int]:
        """To how many pixels a picture is scaled, before what is too much is cut off and what is too little filled.

        Examples
        --------
        >>> Transform(resize=256, crop=224).sides(640, 480)
        (341, 256)
        >>> Transform(resize=256, crop=224, fit="pad").sides(640, 480)
        (224, 168)
        """
        if self.fit == "squeeze":
            return self.crop, self.crop
        if self.fit == "pad":
            return tuple(max(1, int(self.crop * side / max(width, height))) for side in (width, height))
        return tuple(int(self.resize * side / min(width, height)) for side in (width, height))

    def seen(self, width: int, height: int) -> float:
        """The share of a picture's area that the network sees."""
        return float(np.prod([min(1, self.crop / side) for side in self.sides(width, height)]))

    def pixels(self, source) -> np.ndarray:
        """uint8, shape (crop, crop, 3), as a picture lies in memory: what `shoulders.engine` takes."""
        return np.array(self.cropped(source))

    def blank(self, n: int = 1) -> torch.Tensor:
        """Zeros as a network takes them, float32, shape (n, 3, crop, crop): for a trial run."""
        import torch

        return torch.zeros(n, 3, self.crop, self.crop)

    def picture(self, source) -> torch.Tensor:
        """uint8, shape (3, crop, crop)."""
        import torch

        return torch.from_numpy(self.pixels(source)).permute(2, 0, 1)

    def batch(self, images: torch.Tensor) -> torch.Tensor:
        """float32, shape (n, 3, crop, crop), normalised, from uint8 of that shape; on the same device, channels last."""
        import torch

        mean, std = (torch.tensor(v, device=images.device).view(3, 1, 1) * 255 for v in (self.mean, self.std))
        return ((images.float() - mean) / std).contiguous(memory_format=torch.channels_last)


def transform_from(fields: dict, kind: type = Transform):
    """A transform again, from what JSON made of it; `kind` is the class of the network's own."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
