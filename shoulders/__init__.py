"""Transfer learning that runs: take a network that already sees, cut off its head, teach a new one your question.

The rooms, in the order in which data moves through them: `datasets`, `backbones`, `editions`, `features`, `heads`,
`training`, `comparison`, `plots`. Import the room, not its contents: ``from shoulders import datasets, features``.
"""

import os
import warnings

__version__ = "0.1.0"

# Torch's threads wait for each other many times in a step. By default they spin meanwhile, and so keep the processor from the
# very thread that they wait for, as soon as another program (a browser) wants a core: seen on two cores, a training is 1.5 to
# 3.5 times as fast so, and on a machine that does nothing else an eighth slower. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# torchvision and fastai still use torch.jit.script; torch says so to everyone who imports them, who can do nothing about it.
warnings.filterwarnings("ignore", message=".*torch.jit.script.* is deprecated", category=FutureWarning)
