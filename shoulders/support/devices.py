"""Which processor computes, and in which number format. Importing this imports no torch: asking twice must be cheap."""

import platform
from functools import cache
from pathlib import Path

_SIGNS_OF_A_GPU = ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd", "/dev/nvhost-gpu", "/dev/nvmap")


@cache
def device() -> str:
    """``'cuda'``, ``'mps'`` or ``'cpu'``: the fastest that is there."""
    if platform.system() == "Linux" and not any(Path(sign).exists() for sign in _SIGNS_OF_A_GPU):
        return "cpu"  # no driver of a GPU that torch could use: spares the import
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@cache
def precision(on: str | None = None) -> str:
    """``'bf16'`` exactly where the hardware multiplies bfloat16, else ``'fp32'``.

    On a CPU that means AMX or avx512_bf16: without them bfloat16 is emulated, and many times slower than fp32.
    """
    on = on or device()
    if on == "cpu":
        return "bf16" if {"amx_bf16", "avx512_bf16"} & cpu_flags() else "fp32"
    if on == "cuda":
        import torch

        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "fp32"


@cache
def cpu_flags() -> frozenset:
    """The instruction sets of this processor, where Linux tells; empty elsewhere."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return frozenset()
    lines = (line for line in info.read_text().splitlines() if line.startswith(("flags", "Features")))
    return frozenset(next(lines, ":").split(":", 1)[1].split())


@cache
def processor() -> str:
    """The name of the processor, for a report."""
    if device() == "cuda":
        import torch

        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
