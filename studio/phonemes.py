"""The second giant of lesson 11: the words' phoneme strings, by espeak-ng's letter-to-sound rules, and what a recogniser hears.

    pip install hama==1.7.0        # and espeak-ng 1.51, on Debian 12: apt install espeak-ng
    python -m studio.phonemes      # --voices FOLDER for clips that lie elsewhere

Writes data/voices/strings.csv (facts about words, worked out by a program under GPL-3.0-or-later, which does not cover what it
writes), data/voices/phonemes.npz and the card of both, phonemes.json. Hearing 1,500 clips takes two minutes on a core.
"""

from __future__ import annotations

import csv
import importlib.metadata
import json
import re
import subprocess
from pathlib import Path
from unicodedata import combining, normalize

import numpy as np
import typer

from shoulders import sounds
from shoulders.sounds import ears, phonemes
from shoulders.support import places
from shoulders.support.progress import track

ESPEAK = "1.51"
SPANISH, ENGLISH = ("es-419", "es"), "en-us"
"""Voices whose rules are asked. Of Latin America and of Spain, whose *cinco* and *diez* differ."""

NEAREST = {
    "tʃ": "tʃ", "θ": "s", "x": "h", "ɾ": "ɹ", "r": "ɹ", "β": "v", "ð": "d", "ɣ": "ɡ", "ɲ": "nj", "ʎ": "j", "eɪ": "eɪ", "ei": "eɪ",
    "a": "ɑː", "e": "eɪ", "o": "oʊ", "i": "iː", "u": "uː", "nk": "ŋk", "nɡ": "ŋɡ",
}  # fmt: skip
"""Of a Spanish sound the nearest that English has; vowels glide."""

EAR = {"x": "h", "ɾ": "ɹ", "r": "ɹ", "ɣ": "ɡ"}
"""Of a Spanish sound what the recogniser has hardly ever written, and what it writes instead."""


def letters(word: str) -> str:
    """A word without its accents, as English rules read it."""
    return "".join(letter for letter in normalize("NFD", word) if not combining(letter))


def ipa(word: str, voice: str) -> str:
    """What espeak-ng's rules make of a spelling."""
    told = subprocess.run(["espeak-ng", "-q", "--ipa", "-v", voice, word], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def replaced(sounds_: str, others: dict[str, str]) -> str:
    """Every sound that has another one replaced by it, the longest first."""
    pattern = "|".join(sorted(map(re.escape, others), key=len, reverse=True))
    return re.sub(pattern, lambda found: others[found[0]], sounds_)


def rows(words) -> list[dict]:
    """The table of strings, of (word, english) pairs."""
    found = []
    for word, english in words:
        native = list(dict.fromkeys(replaced(ipa(word, voice), EAR) for voice in SPANISH))
        told = [*(("native", one) for one in native), ("accent", replaced(ipa(word, SPANISH[0]), NEAREST)), ("read", ipa(letters(word), ENGLISH))]
        found += [{"word": word, "english": english, "reading": reading, "phonemes": one} for reading, one in told]
    return found


def words_of(home: Path) -> list[tuple[str, str]]:
    """(word, english) of each word in a folder of clips, in the order of its table."""
    with open(home / "clips.csv", encoding="utf-8", newline="") as file:
        return list(dict.fromkeys((row["word"], row["english"]) for row in csv.DictReader(file)))


def write_strings(home: Path) -> None:
    """Write strings.csv into the folder of clips."""
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout
    if f" {ESPEAK} " not in version:
        raise SystemExit(f"The strings come from espeak-ng {ESPEAK}, and here is {version.strip()}: install that one.")
    found = rows(words_of(home))
    for row in found:
        phonemes.signs(row["phonemes"])
    with open(home / "strings.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(found)


def write_heard(home: Path) -> dict:
    """Write phonemes.npz into the folder of clips; what was lost by keeping less than the recogniser said."""
    clips = {places.digest(path): path for path in sorted(home.rglob("*.opus"))}
    heard = {digest: ears.heard(sounds.read(path)) for digest, path in track(clips.items(), len(clips), "clips heard")}
    ears.write(home / "phonemes.npz", heard)
    kept = ears.read(home / "phonemes.npz")
    few = list(heard)[:: max(1, len(heard) // 300)]
    return {"clips": len(heard), "moments": sum(map(len, heard.values()))} | lost([heard[d] for d in few], [kept[d] for d in few])


def lost(whole, kept) -> dict:
    """How much the kept numbers change the words' log probabilities, each clip's own mean aside, and its likeliest word."""
    before, after = (phonemes.scores(clips, phonemes.strings()) for clips in (whole, kept))
    change = after - before - (after - before).mean(1, keepdims=True)
    best = before.argmax(1)
    return {
        "measured_on": len(whole),
        "same_word": round(float((best == after.argmax(1)).mean()), 4),
        "likeliest_word_off_by": round(float(np.sqrt((change[np.arange(len(best)), best] ** 2).mean())), 3),
        "any_word_off_by": round(float(np.sqrt((change**2).mean())), 3),
        "words_apart_by": round(float(np.std(before - before.mean(1, keepdims=True))), 3),
    }


def card(home: Path, cut: dict) -> dict:
    """What the files are and where they come from."""
    return {
        "strings.csv": {
            "what": "phonemes of each word: `native` by Spanish rules (of Latin America, and of Spain where they differ), `accent` the"
            " same through the nearest English sounds, `read` by English rules from the spelling without accents",
            "made_by": f"espeak-ng {ESPEAK}, voices {', '.join(SPANISH)} and {ENGLISH}",
            "instead": {"accent": NEAREST, "native": EAR},
            "sha256": places.digest(home / "strings.csv"),
        },
        "phonemes.npz": {
            "what": "log probabilities of silence and phonemes, 50 a second, of each clip, by its sha256",
            "made_by": f"{ears.INSTALL}, ASRModel; {ears.BEFORE} s of silence before and after, loudest sample {ears.PEAK}",
            "recogniser": "Apache-2.0 by the package's metadata; the wheel holds no licence file, and nothing says which speech taught it",
            "installed": importlib.metadata.version("hama") if _is_installed() else ears.INSTALL.partition("==")[2],
            "kept": {"above": ears.SEEN, "instead_of_less": ears.CUT, "step": f"(n / {ears.FINE:g})²"},
            "lost": cut,
            "sha256": places.digest(home / "phonemes.npz"),
        },
    }


def _is_installed():
    try:
        importlib.metadata.version("hama")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main(voices: Path = typer.Option(None, help="The folder of clips, else the one in the box.")) -> None:  # noqa: B008
    """Write the strings, what is heard in each clip, and their card."""
    home = voices or places.box() / "voices"
    write_strings(home)
    about = card(home, write_heard(home))
    (home / "phonemes.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(about["phonemes.npz"]["lost"]))


if __name__ == "__main__":
    typer.run(main)
