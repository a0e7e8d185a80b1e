"""The networks that hear, as PyTorch's modules: from rows of a spectrum, (n, 1, frames, bands), to `hidden`.

What a stage says is told by a small module of `told`, whose output is (n, stretches × d).
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from shoulders.backbones.headless import NoHead
from shoulders.backbones.hearing import resemblyzer, speech_embedding, whisper
from shoulders.backbones.hearing.stretches import Stretches

_NO_CLASSES = "{} has no classes of its own: choose the layer hidden, or one of {}."


def _telling(transform, times):
    """A `Stretches` for each layer."""
    return nn.ModuleDict({name: Stretches(transform.stretches, transform.around, *time) for name, time in times.items()})


def _no_head(name, told):
    return NoHead(_NO_CLASSES.format(name, ", ".join(f"told.{layer}" for layer in told)))


class SpeechEmbedding(nn.Module):
    """Lin et al. 2020, arXiv 2002.01322: convolutions by turns over bands and over time.

    Parameters
    ----------
    transform : shoulders.backbones.hearing.transform.Heard

    Notes
    -----
    Random weights are spread as He et al. 2015 have it for a leaky ReLU.
    """

    def __init__(self, transform):
        super().__init__()
        widths = speech_embedding.WIDTHS
        self.convs = nn.ModuleList(map(_convolution, range(len(widths)), (1, *widths), widths))
        self.told = _telling(transform, speech_embedding.times())
        self.head = _no_head(speech_embedding.NAME, self.told)

    def forward(self, clips):
        signal, frames, layers = clips, clips.shape[2], iter(self.told.values())
        for place, conv in enumerate(self.convs[:-1]):
            signal = F.leaky_relu(conv(signal), speech_embedding.SLOPE).clamp(min=speech_embedding.LEAST)
            if place in speech_embedding.POOLS:
                signal = F.max_pool2d(signal, speech_embedding.POOLS[place])
                if place < 18:
                    next(layers)(signal, frames)
        return self.head(next(layers)(self.convs[-1](signal), frames))


def _convolution(place, before, after):
    height, width = speech_embedding.kernel(place)
    conv = nn.Conv2d(before, after, (height, width), padding=(0, width // 2), bias=place < 19)
    nn.init.kaiming_normal_(conv.weight, speech_embedding.SLOPE)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


class Resemblyzer(nn.Module):
    """Three LSTMs, and a layer that makes an embedding of length 1 of what the last one says at the end of a clip.

    Wan et al. 2018, arXiv 1710.10467. Random weights are PyTorch's own.

    Parameters
    ----------
    transform : shoulders.backbones.hearing.transform.Heard
    """

    def __init__(self, transform):
        super().__init__()
        width, layers = resemblyzer.WIDTH, resemblyzer.LAYERS
        self.lstms = nn.ModuleList(
            nn.LSTM(resemblyzer.BANDS if layer == 0 else width, width, batch_first=True) for layer in range(3)
        )
        self.linear = nn.Linear(width, width)
        self.told = _telling(transform, dict.fromkeys(layers, ()))
        self.told["embedding"] = nn.Identity()
        self.head = _no_head(resemblyzer.NAME, self.told)

    def forward(self, clips):
        signal, frames = clips[:, 0], clips.shape[2]
        for lstm, name in zip(self.lstms, resemblyzer.LAYERS):
            signal, _ = lstm(signal)
            self.told[name](signal, frames)
        return self.head(self.told["embedding"](F.normalize(F.relu(self.linear(signal[:, -1])), dim=1)))


class Whisper(nn.Module):
    """Whisper's encoder: two convolutions, four blocks of attention. It hears as much as there is, where Whisper has 30 seconds.

    Radford et al. 2022, arXiv 2212.04356.

    Parameters
    ----------
    transform : shoulders.backbones.hearing.transform.Heard
    """

    def __init__(self, transform):
        super().__init__()
        width = whisper.WIDTH
        self.conv1 = nn.Conv1d(whisper.BANDS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("places", _waves(whisper.LONGEST, width))  # rounded in the file, and that is heard
        self.blocks = nn.ModuleList(_Attention(width, whisper.HEADS) for _ in range(whisper.BLOCKS))
        self.norm = nn.LayerNorm(width)
        names = ("conv", *(f"block{block}" for block in range(whisper.BLOCKS)), "final")
        self.told = _telling(transform, dict.fromkeys(names, (2, 0.5)))
        self.head = _no_head(whisper.NAME, self.told)

    def forward(self, clips):
        frames, told = clips.shape[2], iter(self.told.values())
        signal = F.gelu(self.conv2(F.gelu(self.conv1(clips[:, 0].transpose(1, 2))))).transpose(1, 2)
        signal = signal + self.places[: signal.shape[1]]
        next(told)(signal, frames)
        for block in self.blocks:
            signal = block(signal)
            next(told)(signal, frames)
        return self.head(next(told)(self.norm(signal), frames))


class _Attention(nn.Module):
    """A block of a transformer, norms first (Vaswani et al. 2017)."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_layers = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked, self.answered = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, signal):
        asked = self.asked(self.before_attention(signal)).unflatten(2, (3, self.heads, -1))
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        said = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        signal = signal + self.answered(said)
        return signal + self.narrow(F.gelu(self.widen(self.before_layers(signal))))


def _waves(places, width):
    """Where in time something is: sines, then cosines, of wavelengths from 2π to 10,000 × 2π."""
    speed = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2))
    angle = torch.arange(places)[:, None] * speed
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Samples(nn.Module):
    """One of torchaudio's networks that hear samples: an answer each 20 ms, of convolutions and blocks of attention.

    Parameters
    ----------
    card : shoulders.backbones.card.Card
    body : torchaudio.models.Wav2Vec2Model
    normalised : bool
        Whether it wants clips of mean 0 and spread 1.
    """

    def __init__(self, card, body, normalised):
        super().__init__()
        self.body, self.normalised = body, normalised
        names = [f"block{block}" for block in range(len(body.encoder.transformer.layers))]
        self.told = _telling(card.transform, dict.fromkeys(names, (2, 1.25)))  # 400 samples each 320, and 160 are a row
        self.head = _no_head(card.name, self.told)

    def forward(self, clips):
        wave = clips.flatten(1)
        if self.normalised:
            wave = F.layer_norm(wave, wave.shape[1:])
        said, _ = self.body.extract_features(wave)
        for told, signal in zip(self.told.values(), said):
            hidden = told(signal, clips.shape[2])
        return self.head(hidden)


class Handmade(nn.Module):
    """Nothing is learnt: the rows themselves, in stretches; of `duration` their sum.

    Parameters
    ----------
    card : shoulders.backbones.card.Card
    """

    def __init__(self, card):
        super().__init__()
        told = nn.Identity() if card.name == "duration" else Stretches(card.transform.stretches, card.transform.around)
        self.told = nn.ModuleDict({card.name: told})
        self.head = _no_head(card.name, self.told)

    def forward(self, clips):
        (told,) = self.told.values()
        summed = isinstance(told, nn.Identity)
        return self.head(told(clips.sum((1, 2))) if summed else told(clips[:, 0], clips.shape[2]))
