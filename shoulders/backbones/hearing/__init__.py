"""Networks that hear: what they take of a clip, and a file for each source of them, as in `shoulders.backbones`."""
