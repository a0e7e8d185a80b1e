#!/bin/bash
# One would guess: fastai's learner.distrib_ctx, which hands all work to accelerate, trains in several processes wherever accelerate
# does, on processors with gloo too (ACCELERATE_USE_CPU=true).
# So is: fastai's DistributedDL sends the order of the pictures by way of a GPU, whatever accelerate was told: without one, the first
# epoch ends with an error about CUDA. With a broadcast that stays on the processor, the same two processes train, and end alike.
# Whom it hurts: who tries a script for several GPUs on a laptop or in CI before renting them.
# Seen with fastai 2.8.12, accelerate 1.15.0, torch 2.14.1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.14.1 fastai==2.8.12 accelerate==1.15.0
cd "$folder"
cat > two.py <<'PYTHON'
import sys

import torch
from fastai.basics import DataLoader, DataLoaders, Learner
from fastai.distributed import DistributedDL, num_distrib

if "patched" in sys.argv:

    def broadcast(loader, order, sender):
        order = torch.tensor(order)
        torch.distributed.broadcast(order, sender)
        return order.tolist()

    DistributedDL._broadcast = broadcast
torch.manual_seed(0)
points = [(torch.randn(3), torch.randn(1)) for _ in range(16)]
loaders = DataLoaders(DataLoader(points, bs=4, shuffle=True), DataLoader(points, bs=4))
learner = Learner(loaders, torch.nn.Linear(3, 1), loss_func=torch.nn.MSELoss())
with learner.no_bar(), learner.no_logging(), learner.distrib_ctx(sync_bn=False):
    learner.fit(1, 0.1)
print(f"trained in {num_distrib()} processes, weights {learner.model.weight.detach().numpy().round(4).tolist()}", flush=True)
PYTHON
export ACCELERATE_USE_CPU=true CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS=1
run() { venv/bin/python -m torch.distributed.run --master_addr 127.0.0.1 --master_port 29571 --nproc_per_node 2 two.py "$@" 2>&1 || true; }
run as_it_is | tee as_it_is.txt | grep -m 1 -iE "^\[rank0\]: (RuntimeError|AssertionError).*" || true
run patched | grep -o "trained in 2 processes, weights [^t]*]]" | tee patched.txt
! grep -q "trained in" as_it_is.txt
grep -qiE "cuda|nvidia" as_it_is.txt
test "$(sort -u patched.txt | wc -l)" = 1
