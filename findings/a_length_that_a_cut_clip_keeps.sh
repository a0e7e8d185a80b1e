#!/bin/bash
# One would guess: a clip that was cut off on its way is either refused by soundfile (libsndfile), or read as far as it goes, and
# soundfile.info tells how long that is.
# So is: it depends on the format. A cut FLAC is refused when it is read, while info promises its whole length. A cut WAV is read, and
# info tells the shorter length; that the header promised more stands in extra_info alone. A cut MP3 is read without a word, and info
# still promises its whole length: 2 s, where a half of it comes.
# Whom it hurts: who plans memory, batches or splits of a speech set by soundfile.info, and who thinks that a set which was read
# without an error is whole.
# Seen with soundfile 0.14.0, libsndfile 1.2.2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.4.6
cd "$folder"
cat > cut.py <<'PYTHON'
import numpy as np
import soundfile

rate = 44_100
wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate) + 0.01 * np.random.default_rng(0).normal(size=2 * rate)
print("soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
told, came = {}, {}
for name in ("wav", "flac", "mp3"):
    soundfile.write(f"whole.{name}", wave, rate)
    content = open(f"whole.{name}", "rb").read()
    open(f"cut.{name}", "wb").write(content[: len(content) // 2])
    told[name] = soundfile.info(f"cut.{name}").duration
    try:
        came[name] = len(soundfile.read(f"cut.{name}")[0]) / rate
    except soundfile.LibsndfileError as error:
        came[name] = None
        print(f"{name}: {error}")
    print(f"{name}: info tells {told[name]:.2f} s, read gives {came[name] and round(came[name], 2)}")
hint = [line.strip() for line in soundfile.info("cut.wav", verbose=True).extra_info.splitlines() if "should be" in line]
print("extra_info of the WAV:", hint)
assert abs(told["wav"] - 1) < 0.01 and abs(came["wav"] - 1) < 0.01 and len(hint) == 2
assert abs(told["flac"] - 2) < 0.01 and came["flac"] is None
assert told["mp3"] > 1.9 and came["mp3"] < 1.2
PYTHON
venv/bin/python cut.py 2> errors.txt || { cat errors.txt; exit 1; }
