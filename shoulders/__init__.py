"""Transfer learning that runs: take a network that already sees, cut off its head, teach a new one your question.

The rooms, in the order in which data moves through them: `datasets`, `backbones`, `features`, `heads`, `training`,
`comparison`, `plots`. Import the room, not its contents: ``from shoulders import datasets, features``. What is the course and
not its method lies in `course`, and lessons import that by its own name, too: ``from shoulders import editions``.
"""

import ctypes
import importlib
import os
import sys
import warnings

__version__ = "0.1.0"

# Torch's threads wait for each other many times in a step. By default they spin for milliseconds meanwhile, and so keep the
# processor from the very thread that they wait for, as soon as another program (a browser) wants a core. With fewer spins,
# a training beside two busy programs was 1.6 times as fast on two cores, and as fast as before on a quiet machine.
# Read by GNU's OpenMP, which torch brings on Linux, when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "6000")


def _keep_memory():
    """Let this process use its memory again instead of giving it back to the system after every operation.

    glibc returns every block above 32 MB at once. A network's maps are such blocks, and getting them anew, page by page and
    zeroed, took as long as the sums: on two cores MobileNetV2 looked at 44 and 45 pictures a second before, at 114 after
    (batches of 32), and vgg16_tiny learnt from 106 and 107 before, from 123 and 128 after (batches of 16). Larger blocks
    are still returned, or the peak of a training at 224 pixels would grow by a quarter; so it grows by a sixth. Whoever has
    set malloc's variables keeps them.
    """
    mmap_threshold, trim_threshold, mib = -3, -1, 2**20  # malloc.h
    if not sys.platform.startswith("linux") or any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    # 32 pictures in MobileNetV2's widest maps: 154 MB. An old glibc refuses so much: then all stays as it was.
    if mallopt is not None and mallopt(mmap_threshold, 160 * mib):
        mallopt(trim_threshold, 1024 * mib)


_keep_memory()

# torchvision and fastai still use torch.jit.script; torch says so to everyone who imports them, who can do nothing about it.
warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)

COURSE = ("checks", "classroom", "doctor", "editions", "exercises", "guesses", "lessons")


def __getattr__(name):
    """What lessons import by its own name, ``from shoulders import editions``, though it lies in `shoulders.course`."""
    if name not in COURSE:
        raise AttributeError(f"module 'shoulders' has no attribute {name!r}")
    return importlib.import_module(f"shoulders.course.{name}")
