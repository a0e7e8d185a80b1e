#!/bin/bash
# One would guess: Pillow reads an uncompressed TIFF with 16 bits a colour as what it shows, or says that it cannot; a mode that it
# opens for one layout of the same numbers it opens rightly for the other; and "zero is white" means the same for 8 and 16 bits.
# So is: where each colour has a plane of its own (PlanarConfiguration 2, which GIS and microscopy write), every value comes out
# wrong, without a word: bytes of 16 bits are taken for 8 bits. The same numbers side by side come out right. And a grey picture whose
# zero is white (PhotometricInterpretation 0, as scanners and X-ray plates have it) is turned round for 8 bits and stays a negative
# for 16. tifffile, which wrote the files, gives back what it wrote.
# Whom it hurts: whoever trains on such files through Pillow (torchvision's ImageFolder, fastai, timm): noise has the right size.
# Seen with pillow 13.0.0, tifffile 2026.3.3, numpy 2.4.6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import PIL
import tifffile
from PIL import Image

print(f"pillow {PIL.__version__}, tifffile {tifffile.__version__}")
x, y = np.meshgrid(np.linspace(0, 60000, 64), np.linspace(0, 60000, 48))
scene = np.stack([x, y, (x + y) / 2], -1).astype(np.uint16)
upper = (scene >> 8).astype(int)

tifffile.imwrite("beside.tif", scene, photometric="rgb", planarconfig="contig")
tifffile.imwrite("planes.tif", scene.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
assert (tifffile.imread("planes.tif") == scene.transpose(2, 0, 1)).all()
for name in ("beside", "planes"):
    image = Image.open(f"{name}.tif")
    differs = np.abs(np.asarray(image).astype(int) - upper)
    print(f"{name}.tif: mode {image.mode}, size {image.size}: mean distance from the upper 8 bits {differs.mean():.1f} of 255")
    assert (differs.mean() == 0) == (name == "beside"), "it has changed"
    assert name == "beside" or differs.mean() > 30

for kind in (np.uint8, np.uint16):
    most = np.iinfo(kind).max
    ramp = np.linspace(0, most, 256).astype(kind)[None].repeat(4, 0)
    tifffile.imwrite("negative.tif", ramp, photometric="miniswhite")
    seen = np.asarray(Image.open("negative.tif"))
    print(f"zero is white, {8 * ramp.itemsize} bits: 0 comes out as {seen[0, 0]} of {most}")
    assert seen[0, 0] == (most if kind == np.uint8 else 0), "it has changed"
PYTHON
