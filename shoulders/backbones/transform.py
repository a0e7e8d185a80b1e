"""What was done to the pictures on which weights were trained: it comes with the weights, never from memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shoulders import pictures
from shoulders.errors import CourseError

if TYPE_CHECKING:
    import torch


class BackboneError(CourseError):
    """A network cannot be loaded or cut; the message names it and the remedy."""


_LARGEST = 4096  # pixels of a side that a network looks at


@dataclass(frozen=True)
class Transform:
    """What was done to the pictures on which the weights were trained.

    The shorter side becomes `resize` pixels, the middle `crop` × `crop` pixels are kept, values in 0..1 are shifted by
    `mean` and divided by `std` (red, green, blue).
    """

    resize: int
    crop: int
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self):
        sides = all(isinstance(side, int) and 0 < side <= _LARGEST for side in (self.resize, self.crop))
        known = isinstance(self.interpolation, str) and self.interpolation.upper() in Image.Resampling.__members__
        scale = all(isinstance(value, int | float) for value in (*self.mean, *self.std))
        if not (sides and known and scale and len(self.mean) == len(self.std) == 3 and all(value > 0 for value in self.std)):
            raise BackboneError(f"{self} is no transform: sides of 1 to {_LARGEST} pixels, three means and three spreads.")

    def cropped(self, source) -> Image.Image:
        """The part of a picture (path, file object or image) that the network sees: RGB, `crop` × `crop` pixels."""
        image = pictures.to_rgb(source) if isinstance(source, Image.Image) else pictures.read(source, at_least=2 * self.resize)
        short = min(image.size)
        width, height = (int(self.resize * side / short) for side in image.size)
        image = image.resize((width, height), Image.Resampling[self.interpolation.upper()])
        left, top = round((width - self.crop) / 2), round((height - self.crop) / 2)
        return image.crop((left, top, left + self.crop, top + self.crop))

    def pixels(self, source) -> np.ndarray:
        """uint8, shape (crop, crop, 3), as a picture lies in memory: what `shoulders.engine` takes."""
        return np.array(self.cropped(source))

    def picture(self, source) -> torch.Tensor:
        """uint8, shape (3, crop, crop)."""
        import torch

        return torch.from_numpy(self.pixels(source)).permute(2, 0, 1)

    def batch(self, images: torch.Tensor) -> torch.Tensor:
        """float32, shape (n, 3, crop, crop), normalised, from uint8 of that shape; on the same device, channels last."""
        import torch

        mean, std = (torch.tensor(v, device=images.device).view(3, 1, 1) * 255 for v in (self.mean, self.std))
        return ((images.float() - mean) / std).contiguous(memory_format=torch.channels_last)


def transform_from(fields: dict) -> Transform:
    """A transform again, from what JSON made of it."""
    return Transform(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
