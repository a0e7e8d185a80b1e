"""Fine-tuning in two processes: each sees half of the pictures, and both end with the same weights."""

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys

import pytest
from making import COURSE, set_of


@pytest.mark.skipif(not importlib.util.find_spec("accelerate"), reason="no accelerate: pip install 'shoulders[gpus]'")
@pytest.mark.skipif(os.name == "nt", reason="gloo is for Linux and macOS here")
def test_two_processes_share_the_pictures_and_agree_on_the_weights(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    two = ["--nproc_per_node", "2", "--master_addr", "127.0.0.1", "--master_port", str(port)]
    script = [str(COURSE / "bench/several_gpus.py"), str(set_of(tmp_path / "set", 24, 4)), "--batch-size", "4"]
    environment = {**os.environ, "PYTHONPATH": str(COURSE), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "torch.distributed.run", *two, *script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (json.loads(told) for told in sorted(re.findall(r"{[^{}]*}", done.stdout)))  # both may write on one line
    assert {first["rank"], second["rank"]} == {0, 1} and first["processes"] == second["processes"] == 2
    assert first["batches"] == second["batches"] == first["alone"] / 2
    assert first["weights"] == second["weights"] and first["accuracy"] == second["accuracy"]
