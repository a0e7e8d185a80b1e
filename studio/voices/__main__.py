"""python -m studio.voices [--only WORD] | python -m studio.voices card"""
import csv
import shutil
from typing import Annotated

import soundfile
import typer

from . import engines, plan, room
from .words import WORDS

KNOWN = {word.spanish: word for word in WORDS}


def main(what: Annotated[str, typer.Argument()] = "clips", only: str = ""):
    """Speak all `clips` (or those of one word), with their table; or write the `card`, which measures them."""
    if what == "card":
        from . import card  # which wants scikit-learn

        return card.write()
    if not only:
        for folder in ("mangled", "native", "elsewhere"):
            shutil.rmtree(plan.HOME / folder, ignore_errors=True)
    for clip in (clip for clip in plan.clips() if only in ("", clip.word)):
        wave = engines.spoken(clip, KNOWN[clip.word], clip.rng("speech"))
        room.write(plan.HOME / clip.file, room.recorded(wave, clip.rng("room")))
    if not only:
        write_table()


def write_table():
    """data/voices/clips.csv: a line for each clip."""
    with (plan.HOME / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "word", "english", "reading", "engine", "voice", "language", "part", "seconds"])
        for clip in plan.clips():
            seconds = f"{soundfile.info(plan.HOME / clip.file).duration:.3f}"
            word = clip.word, KNOWN[clip.word].english
            table.writerow([clip.file, *word, clip.reading, clip.engine, clip.voice, clip.language, clip.part, seconds])


if __name__ == "__main__":
    typer.run(main)
