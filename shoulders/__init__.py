"""Transfer learning that runs: take a network that already sees, cut off its head, teach a new one your question.

The rooms, in the order in which data moves through them: `datasets`, `backbones`, `editions`, `features`, `heads`,
`training`, `comparison`, `plots`. Import the room, not its contents: ``from shoulders import datasets, features``.
"""

__version__ = "0.1.0"
