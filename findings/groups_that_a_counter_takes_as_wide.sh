#!/bin/bash
# One would guess: the way back through a convolution costs about twice the way there (once for what lies below, once for the
# weights), and torch.utils.flop_counter.FlopCounterMode says so, whatever the groups.
# So is: for what lies below it counts each group as wide as it is, for the weights as wide as the whole layer. A depthwise
# convolution of 32 channels comes back at 33 times the cost of its way there instead of 2.
# Whom it hurts: who counts what a training of MobileNet, EfficientNet or ConvNeXt costs, or compares it with that of a network
# without groups: the counts of its way back are several times too large, those of the forward pass are right.
# Seen with torch 2.14.1, on a CPU.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.14.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import torch
from torch.utils.flop_counter import FlopCounterMode


def counted(groups, needs_weights=True, channels=32, side=16):
    picture = torch.randn(1, channels, side, side, requires_grad=True)
    layer = torch.nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False).requires_grad_(needs_weights)
    with FlopCounterMode(display=False) as there:
        said = layer(picture)
    with FlopCounterMode(display=False) as back:
        said.sum().backward()
    by_hand = 2 * side**2 * channels * (channels // groups) * 9
    assert there.get_total_flops() == by_hand, "the forward pass is counted as it is"
    return back.get_total_flops() / by_hand


print("torch", torch.__version__)
for groups, expected in ((1, 2), (4, 1 + 4), (32, 1 + 32)):
    found, below = counted(groups), counted(groups, needs_weights=False)
    print(f"{groups:2} groups: the way back costs {found:g} times the way there; with frozen weights {below:g} times")
    assert (found, below) == (expected, 1)
PYTHON
