"""Transfer learning that runs: take a network that already sees, cut off its head, teach a new one your question.

The rooms, in the order in which data moves through them: `datasets`, `backbones`, `editions`, `features`, `heads`,
`training`, `comparison`, `plots`. Import the room, not its contents: ``from shoulders import datasets, features``.
"""

import os
import warnings

__version__ = "0.1.0"

# Torch's threads wait for each other many times in a step. By default they spin for milliseconds meanwhile, and so keep the
# processor from the very thread that they wait for, as soon as another program (a browser) wants a core. With fewer spins,
# a training beside two busy programs was 1.6 times as fast on two cores, and as fast as before on a quiet machine.
# Read by GNU's OpenMP, which torch brings on Linux, when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "6000")

# torchvision and fastai still use torch.jit.script; torch says so to everyone who imports them, who can do nothing about it.
warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
