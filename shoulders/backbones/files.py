"""Read a weights file: names and float32 tensors. Nothing in a file is executed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from shoulders.backbones.transform import BackboneError

if TYPE_CHECKING:
    import torch
    from torch import nn


def state_digest(module: nn.Module) -> str:
    """sha256 of all that a network has learnt, and of the names."""
    state = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        state.update(name.encode() + tensor.cpu().numpy().tobytes())
    return state.hexdigest()


def state(path: Path) -> dict[str, torch.Tensor]:
    """Names and float32 tensors of ``.safetensors``, or of what ``torch.load(weights_only=True)`` takes.

    Raises
    ------
    BackboneError
        For a file that would run code, is damaged, or holds something else.
    """
    import torch

    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        hint = "it is damaged, or holds code instead of tensors alone, which is never run here"
        raise BackboneError(f"{path} cannot be read as weights: {hint}. Save it as .safetensors, or get it again.") from error
    found = found.get("state_dict", found) if isinstance(found, dict) else {}
    if not isinstance(found, dict) or not found or not all(map(_is_weight, found, found.values())):
        raise BackboneError(f"{path} holds no state_dict (names and tensors): save `network.state_dict()`.")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in found.items()}


def _is_weight(name, tensor):
    import torch

    if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
        return False
    return not (tensor.is_meta or tensor.is_nested or tensor.is_quantized or tensor.is_complex())


def fill(network: nn.Module, found: dict[str, torch.Tensor], name: str, path) -> nn.Module:
    """The network with these weights, in eval mode.

    Raises
    ------
    BackboneError
        Where names or shapes are others; counts them.
    """
    _need_fit(network, found, name, path)
    network.load_state_dict(found)
    return network.eval()


def _need_fit(network, found, name, path):
    wanted = network.state_dict()
    wrong = [
        f"{key} is {_shape(found[key])} instead of {_shape(wanted[key])}"
        for key in wanted
        if key in found and found[key].shape != wanted[key].shape
    ]
    missing = [key for key in wanted if key not in found and not key.endswith("num_batches_tracked")]
    strange = [key for key in found if key not in wanted]
    groups = {"wrong shapes:": wrong, "missing:": missing, "not in the network:": strange}
    parts = [f"{what} {len(keys)} ({', '.join(keys[:3])}{', …' * (len(keys) > 3)})" for what, keys in groups.items() if keys]
    if parts:
        raise BackboneError(f"{path} does not fit {name}: {'; '.join(parts)}. Choose the backbone that it was saved from.")


def _shape(tensor):
    return "×".join(map(str, tensor.shape))
