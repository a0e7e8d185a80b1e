"""What was done to the clips on which weights were trained: rows of a spectrum, of what is said and of what is around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shoulders import sounds
from shoulders.backbones.hearing import spectra
from shoulders.backbones.transform import BackboneError

if TYPE_CHECKING:
    import torch

_QUIET = 0.05  # the quantile of a clip's own rows that stands where there is no sound
_MOST = {"whisper": 3000}  # rows for which a network knows places, where they are fewer than a clip may have: 30 seconds
_DARK, _BRIGHT = (13, 8, 40), (252, 253, 191)  # colours of a drawn spectrum


@dataclass(frozen=True)
class Heard:
    """What was done to the clips on which the weights were trained, and into how many stretches an answer is parted.

    Of a clip the network hears what `shoulders.sounds.spoken` finds, and `around` rows before and after it: the clip's own
    sound as far as there is some, then rows as quiet as its quietest.

    Attributes
    ----------
    spectrum : str
        One of `shoulders.backbones.hearing.spectra.SPECTRA`.
    around : int
        Rows of context on either side, 10 ms each. They are heard, and never counted in what a layer says.
    step : int
        What is said is rounded up to a multiple of so many rows: the step between two answers of the last layer.
    stretches : int
        Equal parts of what is said, whose means stand one after the other in a layer's answer.
    """

    spectrum: str
    around: int = 0
    step: int = 1
    stretches: int = 1

    UNITS, CAMERA = ("a clip of half a second", "clips of half a second"), False
    fit, AT_ONCE = "whole", 1  # clips are of different lengths: one at a time, so nothing is filled up

    def __post_init__(self):
        counts = self.around, self.step, self.stretches
        known = self.spectrum in spectra.SPECTRA and all(isinstance(count, int) for count in counts)
        if not (known and self.around >= 0 and self.step > 0 and self.stretches > 0):
            names = ", ".join(spectra.SPECTRA)
            raise BackboneError(
                f"{self} is no transform: a spectrum ({names}), rows around, a step, and stretches, whole numbers."
            )

    def pixels(self, source) -> np.ndarray:
        """float32, shape (frames, bands, 1): one clip, from a path or a file object.

        Raises
        ------
        shoulders.sounds.SoundError
        """
        rows = self.rows(sounds.read(source, spectra.RATE))
        if len(rows) > (most := _MOST.get(self.spectrum, np.inf)):
            seconds = (most - 2 * self.around) * spectra.HOP / spectra.RATE
            raise sounds.error_of(
                source, f"it lasts longer than {seconds:.1f} s, the most that a network of kind {self.spectrum} hears at once",
                "Cut it up, or choose another network.",
            )  # fmt: skip
        return rows[:, :, None]

    def rows(self, wave: np.ndarray) -> np.ndarray:
        """float32, shape (frames, bands), of samples that are in memory, 16,000 a second."""
        padded = np.pad(wave, (0, max(0, spectra.SHORTEST - len(wave))))
        return self.around_said(spectra.SPECTRA[self.spectrum](padded), wave)

    def around_said(self, rows: np.ndarray, wave: np.ndarray) -> np.ndarray:
        """Of the rows of a whole clip those that the network hears."""
        start, end = self.said(wave, len(rows))
        before, after = start - self.around, end + self.around
        missing = max(0, -before), max(0, after - len(rows))
        heard = rows[max(0, before) : after]
        if not any(missing):
            return np.ascontiguousarray(heard, np.float32)
        level = spectra.SILENT.get(self.spectrum, np.quantile(rows, _QUIET))
        return np.pad(heard, (missing, (0, 0)), constant_values=level).astype(np.float32)

    def said(self, wave: np.ndarray, rows: int) -> tuple[int, int]:
        """The first of so many rows in which something is said, and the first after the last: a multiple of `step` in all."""
        at = spectra.AT.get(self.spectrum, 0)
        first, last = (round((sample - at) / spectra.HOP) for sample in sounds.spoken(wave, spectra.RATE))
        first = min(max(0, first), rows - 1)
        return first, first + self.step * max(1, -(-(last - first) // self.step))

    def batch(self, clips: torch.Tensor) -> torch.Tensor:
        """float32, shape (n, 1, frames, bands): the rows are normal already."""
        return clips.float()

    def blank(self, n: int = 1) -> torch.Tensor:
        """Zeros that the network takes: a clip of half a second."""
        import torch

        bands = spectra.SPECTRA[self.spectrum](np.zeros(spectra.SHORTEST, np.float32)).shape[1]
        return torch.zeros(n, 1, 2 * self.around + self.step * -(-50 // self.step), bands)

    @property
    def told(self) -> str:
        """What the network takes, in words."""
        parts = f"what is said in a clip, as a spectrum of kind {self.spectrum} with {self.around} frames of 10 ms around it"
        return f"{parts}; told as the means over {self.stretches} equal stretches"

    told_exactly = told

    def fitted(self, fit: str) -> Heard:
        """There is no other way: what is said is heard whole."""
        raise BackboneError(f"--fit {fit} is for pictures that are no squares, and clips are heard whole: leave it out.")

    def picture(self, source):
        """What a training looks at again and again, of one size for all: clips have none."""
        raise BackboneError(
            "Clips have different lengths, and a network that hears is not trained here: choose feature_extraction (--regime)."
        )

    def seen(self, width: float, height: float) -> float:
        """The share that the network hears: all that is said."""
        return 1.0

    def cropped(self, source) -> Image.Image:
        """What the network hears as a picture: time to the right, low sounds below, loud ones bright."""
        rows = self.pixels(source)[:, ::-1, 0].T
        low, high = rows.min(), rows.max()
        bright = ((rows - low) / ((high - low) or 1))[:, :, None]
        return Image.fromarray((_DARK + bright * (np.array(_BRIGHT) - _DARK)).round().astype(np.uint8))
