"""Large networks that torchaudio publishes: wav2vec 2.0, HuBERT, WavLM. They hear the samples themselves, of many languages.

torchaudio is asked for when such a network is built; what its weights are and under which licence stands here without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones import files, torchvision
from shoulders.backbones.card import Card
from shoulders.backbones.hearing.transform import Heard
from shoulders.backbones.transform import BackboneError
from shoulders.support import downloads

if TYPE_CHECKING:
    from torch import nn

_HOME = "https://download.pytorch.org/torchaudio/models"
_MIT, _NOT_COMMERCIAL = "MIT", "CC BY-NC 4.0: not for commercial use"
_LIBRI = "960 hours of English (LibriSpeech)"
_XLSR = "436,000 hours of speech in 128 languages, without transcripts"

# Name of the bundle: its file, year, paper, licence, what it heard, as the bundle's own text says it; and how many numbers its
# layout has, counted by us (torchaudio 2.11.1).
_BUNDLES = {
    "WAV2VEC2_XLSR53": ("wav2vec2_fairseq_large_xlsr53.pth", 2020, "2006.13979", _MIT, "56,000 hours of speech in 53 languages",
                        315_437_696),
    "WAV2VEC2_XLSR_300M": ("wav2vec2_xlsr_300m.pth", 2021, "2111.09296", _MIT, _XLSR, 315_437_696),
    "HUBERT_BASE": ("hubert_fairseq_base_ls960.pth", 2021, "2106.07447", _MIT, _LIBRI, 94_370_944),
    "WAVLM_BASE": ("wavlm_base.pth", 2021, "2110.13900", _MIT, _LIBRI, 94_381_168),
    "VOXPOPULI_ASR_BASE_10K_ES": (
        "wav2vec2_voxpopuli_base_10k_asr_es.pt", 2021, "2101.00390", _NOT_COMMERCIAL,
        "10,000 hours of the European Parliament in 23 languages, then 166 hours of Spanish with transcripts",
        94_397_859,
    ),
}  # fmt: skip


def cards() -> list[Card]:
    return [_card("WAV2VEC2_XLSR53")]


def others() -> list[Card]:
    return [_card(bundle) for bundle in _BUNDLES if bundle != "WAV2VEC2_XLSR53"]


def card(name: str) -> Card | None:
    return next((card for card in (*cards(), *others()) if card.name == name), None)


def _card(bundle):
    file, year, paper, licence, heard, numbers = _BUNDLES[bundle]
    return Card(
        name=bundle.lower(),
        library="torchaudio",
        sense="sounds",
        transform=Heard("samples", around=20, step=2, stretches=3),
        weights=bundle,
        year=year,
        paper=f"arXiv {paper}",
        licence=licence,
        trained_on=heard,
        parameters=numbers,
        bytes=4 * numbers,  # about: four a number, and some names
        head="head",
        url=f"{_HOME}/{file}",
    )


def path(card: Card) -> Path | None:
    """In torch's own cache, where torchaudio looks, too."""
    file = torchvision.home() / Path(card.url).name
    return file if file.exists() else None


def fetch(card: Card, progress: bool = True) -> Path:
    """Without a checksum: none is published. What arrives must still fit the network, tensor by tensor."""
    return downloads.fetch([card.url], torchvision.home() / Path(card.url).name, "sha256:", card.bytes, progress)


def network(card: Card) -> nn.Module:
    from shoulders.backbones.hearing.networks import Samples

    bundle = _bundle(card)
    return Samples(card, _built(bundle), bundle._normalize_waveform)


def _bundle(card):
    try:
        from torchaudio import pipelines
    except (ImportError, OSError) as error:  # OSError: built for another torch
        what = f"{card.name} is built by the package torchaudio, which does not load here ({error})"
        raise BackboneError(f"{what}: run `pip install --no-deps torchaudio`, or choose another network that hears.") from error
    return getattr(pipelines, card.weights)


def _built(bundle):
    """Without what it once said of letters: `aux`."""
    from torchaudio import models

    build = {"Wav2Vec2": models.wav2vec2_model, "WavLM": models.wavlm_model}[bundle._model_type]
    return build(**{**bundle._params, "aux_num_out": None})


def state(card: Card, path: Path, network: nn.Module) -> dict:
    return files.state(path, network, card, _renamed)


_TODAY = {"conv.weight_g": "conv.parametrizations.weight.original0", "conv.weight_v": "conv.parametrizations.weight.original1"}


def _renamed(found):
    """Under today's names of a convolution whose weights are kept as length and direction."""
    kept = {name: tensor for name, tensor in found.items() if not name.startswith("aux.")}
    return {_ours(name): tensor for name, tensor in kept.items()}


def _ours(name):
    for old, new in _TODAY.items():
        name = name.replace(f"pos_conv_embed.{old}", f"pos_conv_embed.{new}")
    return name if name.startswith("body.") else f"body.{name}"


def classes(card: Card) -> tuple[str, ...]:
    return ()
