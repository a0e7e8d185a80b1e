"""The spoken clips are what their table and card say, and no voice is on both sides; free spoken digits are arranged by speakers."""

import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from unicodedata import is_normalized

import numpy as np
import pytest
import soundfile
from making import alike

from shoulders import datasets, sounds
from shoulders.datasets import DatasetError, speakers
from studio.voices import accent, measure, plan, room
from studio.voices.words import WORDS

CLIPS = plan.clips()
MANGLED = [clip for clip in CLIPS if clip.home == "mangled"]
SPANISH = sorted(word.spanish for word in WORDS)
CARD = json.loads((plan.HOME / "card.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def waves():
    return [measure.wave(clip) for clip in CLIPS]


def test_the_table_is_the_plan_and_what_lies_there():
    with (plan.HOME / "clips.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    told = {word.spanish: word.english for word in WORDS}
    names = ("file", "word", "reading", "engine", "voice", "language", "part")
    assert [[row[name] for name in names] for row in table] == [[getattr(clip, name) for name in names] for clip in CLIPS]
    assert all(row["english"] == told[row["word"]] for row in table)
    there = {path.relative_to(plan.HOME).as_posix() for path in plan.HOME.rglob("*.opus")}
    assert there == {row["file"] for row in table} and len(there) == len(CLIPS)


def test_so_many_clips_of_each_word():
    counted = Counter((clip.word, clip.home, clip.part) for clip in CLIPS)
    wanted = {("mangled", "train"): 24, ("mangled", "valid"): 15, ("native", "train"): 6, ("native", "valid"): 6}
    wanted["elsewhere", "valid"] = 6
    assert counted == {(word, *key): n for word in SPANISH for key, n in wanted.items()} and len(SPANISH) == 28
    for word in SPANISH:
        taught = [clip for clip in MANGLED if clip.word == word and clip.part == "train"]
        assert {clip.engine for clip in taught} == {"espeak", "festival"} and len({clip.voice for clip in taught}) == 10


def test_no_voice_teaches_and_judges_and_another_engine_lies_elsewhere():
    """A voice by its name alone, in whichever engine and language."""
    train, valid = ({clip.voice for clip in CLIPS if clip.part == part} for part in ("train", "valid"))
    assert train and valid and not train & valid
    assert {clip.engine for clip in CLIPS if clip.home == "elsewhere"} == {"pico"}
    assert "pico" not in {clip.engine for clip in CLIPS if clip.part == "train"} | {clip.engine for clip in MANGLED}
    assert all((clip.reading == "native") == (clip.home == "native") for clip in CLIPS)


def test_every_voice_of_validation_says_many_words():
    """Or a voice would tell the word."""
    words = Counter(voice for voice, _ in {(clip.voice, clip.word) for clip in MANGLED})
    assert min(words.values()) >= 14


@pytest.mark.parametrize("name", ["voices", "voices_native"])
def test_the_registered_sets_have_these_classes_and_voices(name):
    card, home = datasets.CARDS[name], {"voices": "mangled", "voices_native": "native"}[name]
    folder = datasets.find(name)
    assert list(card.classes) == sorted(card.classes) and set(card.classes) == set(SPANISH)
    assert all(is_normalized("NFC", word) for word in card.classes)
    assert {path.name for path in folder.glob("*/*")} == set(SPANISH)
    for clip in (clip for clip in CLIPS if clip.home == home):
        assert re.search(card.groups, (folder.parent / clip.file).stem)[1] == clip.voice


def test_the_sets_load_with_voices_apart():
    held, native = datasets.load("voices"), datasets.load("voices_native")
    assert (len(held.train), len(held.valid), held.findings) == (28 * 24, 28 * 15, ())
    assert (len(native.train), len(native.valid), native.findings) == (28 * 6, 28 * 6, ())
    assert held.classes == native.classes == datasets.CARDS["voices"].classes
    assert len(set(held.train.together)) == 10 and len(set(held.valid.together)) == 11
    assert not set(held.train.together) & set(held.valid.together)


def test_other_clips_are_asked_about_by_naming_the_parts():
    """As a lesson asks about another engine what the mangled clips taught."""
    held = datasets.load(plan.HOME, train="mangled/train", valid="elsewhere/valid")
    assert (len(held.train), len(held.valid)) == (28 * 24, 28 * 6)
    assert all("-pico-" in path.name for path in held.valid.paths)


def test_clips_are_small_opus_of_one_channel():
    assert sum(path.stat().st_size for path in plan.HOME.rglob("*") if path.is_file()) < 5e6
    for clip in CLIPS[::40]:
        told = soundfile.info(plan.HOME / clip.file)
        assert (told.format, told.subtype, told.channels, told.samplerate) == ("OGG", "OPUS", 1, 16_000)


def test_something_is_said_in_every_clip_and_nothing_is_cut_off(waves):
    seconds = np.array([len(wave) for wave in waves]) / measure.RATE
    assert seconds.min() > 0.35 and seconds.max() < 2.5
    peaks = np.array([np.abs(wave).max() for wave in waves])
    assert peaks.min() > 0.15 and peaks.max() < 0.99
    for clip, wave in zip(CLIPS, waves):
        start, end = sounds.spoken(wave, measure.RATE)
        assert 0.15 < (end - start) / measure.RATE < 1.9, clip.file
        around = np.concatenate([wave[: start // 2], wave[(end + len(wave)) // 2 :]])
        assert np.mean(wave[start:end] ** 2) > 4 * np.mean(around**2) > 0, clip.file


def test_no_two_clips_are_the_same(waves):
    assert len({wave.tobytes() for wave in waves}) == len(waves)


def test_the_card_counts_what_lies_there(waves):
    assert CARD["bytes"] == sum(path.stat().st_size for path in plan.HOME.rglob("*.opus"))
    names = ("home", "part", "reading", "engine")
    told = {tuple(row[name] for name in names): row["clips"] for row in CARD["clips"]}
    assert told == Counter(tuple(getattr(clip, name) for name in names) for clip in CLIPS)
    assert CARD["seconds"]["all"] == pytest.approx(sum(map(len, waves)) / measure.RATE, abs=1)
    assert "no recordings of people" in CARD["what"] and "studio.voices" in CARD["command"][0]


def test_each_engine_has_its_licence_in_the_card():
    assert set(CARD["engines"]) == {clip.engine for clip in CLIPS}
    assert all(one["licence"] and one["found_in"] for one in CARD["engines"].values())
    assert "GPL-3" in CARD["engines"]["espeak"]["licence"] and "Apache-2.0" in CARD["engines"]["pico"]["licence"]


def test_how_long_a_clip_is_tells_little_as_the_card_says(waves):
    told = next(one for one in CARD["figures"] if one["what"] == "duration, 20 clips a word")
    rows = np.array([[measure.seconds_spoken(wave)] for wave in waves])
    words = np.array([clip.word for clip in CLIPS])
    again = measure.figure(told["what"], rows, words, *measure.asked(CLIPS), 20)
    assert again["n"] == told["n"] == 420
    assert again["accuracy"] == pytest.approx(told["accuracy"], abs=0.01)
    assert told["accuracy"] < 0.15


@pytest.mark.parametrize("place", [0, 700])
def test_a_clip_is_drawn_by_its_name_alone(place):
    wave = np.sin(np.arange(8000) / 5) * np.hanning(8000)
    one, other = (room.recorded(wave, CLIPS[place].rng("room")) for _ in range(2))
    assert alike(one, other) and 0.25 <= np.abs(one).max() <= 0.8
    assert not np.array_equal(one[:6000], room.recorded(wave, CLIPS[place + 1].rng("room"))[:6000])


def test_silence_at_both_ends_goes_and_the_word_stays():
    wave = np.pad(np.sin(np.arange(4000) / 5), (5000, 3000))
    left = room.trimmed(wave)
    assert 4000 <= len(left) <= 4000 + 2 * 0.025 * measure.RATE
    assert np.sum(left**2) == pytest.approx(np.sum(wave**2))


def test_spanish_sounds_become_english_ones():
    """By hand: a closed e stays short, a final s may be voiced, n before k is ng, j is h."""
    rng, known = np.random.default_rng(0), {word.spanish: word for word in WORDS}
    heard = {str(accent.through_english(known["miércoles"], rng)) for _ in range(60)}
    assert heard == {str([(["m", "y", "eh", "r"], True), (["k", "ow"], False), (["l", "eh", s], False)]) for s in "sz"}
    assert accent.through_english(known["ojo"], rng) == [(["ow"], True), (["hh", "ow"], False)]
    assert accent.through_english(known["cinco"], rng)[0] == (["s", "iy", "ng"], True)


def test_each_engine_is_told_the_same_sounds_in_its_letters():
    syllables = [(["hh", "w", "ey"], True), (["b", "eh", "s"], False)]
    assert accent.for_espeak(syllables) == "[['h|w|eI|b|E|s]]"
    assert accent.for_flite(syllables) == '<speak><phoneme ph="hh w ey1 b eh0 s">word</phoneme></speak>'
    assert accent.for_festival(syllables) == "(((hh uw ey) 1) ((b eh s) 0))"


def test_what_is_read_has_no_accents():
    assert {word.plain for word in WORDS if not word.spanish.isascii()} == {"miercoles", "sabado"}
    assert all(sum(stressed for _, stressed in word.syllables) == 1 for word in WORDS)


# ---------------------------------------------------------------------------------------------------- free spoken digits


def recordings(root, names=("george", "jackson", "theo", "yweweler"), each=2):
    (root / "recordings").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for digit in range(10):
        for name in names:
            for i in range(each):
                soundfile.write(root / "recordings" / f"{digit}_{name}_{i}.wav", rng.normal(size=4000) / 8, 8000)
    (root / "README.md").write_text("# Digits\n")


def test_speakers_are_apart(tmp_path):
    recordings(tmp_path)
    folder = speakers.arranged(tmp_path)
    there = [path.relative_to(folder).parts for path in folder.rglob("*.wav")]
    assert len(there) == 80 and {part for part, *_ in there} == {"train", "valid"}
    found = {(part, re.search(datasets.CARDS["spoken_digits"].groups, name)[1]) for part, _, name in there}
    assert found == {("train", "george"), ("train", "jackson"), ("valid", "theo"), ("valid", "yweweler")}
    assert all(name.startswith(digit) for _, digit, name in there)


@pytest.mark.parametrize("names", [("theo",), ("george", "jackson")])
def test_nobody_for_one_part_is_said(tmp_path, names):
    recordings(tmp_path, names, 1)
    with pytest.raises(DatasetError, match=f"clips of {len(names)} speakers"):
        speakers.arranged(tmp_path)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_fetch_brings_the_digits_arranged(tmp_path, monkeypatch):
    recordings(root := tmp_path / "published")
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"], ["rev-parse", "HEAD"]):
        done = subprocess.run([*git, *words], cwd=root, check=True, capture_output=True, text=True)
    card = datasets.CARDS["spoken_digits"]
    here = datasets.Repository(root.as_uri(), done.stdout.strip(), 1000)
    monkeypatch.setitem(datasets.CARDS, "spoken_digits", replace(card, repository=here))
    folder = datasets.fetch("spoken_digits")
    assert folder == datasets.find("spoken_digits")
    assert {path.name for path in folder.glob("*/*")} == set(card.classes)
    assert len(list((folder / "valid").rglob("*.wav"))) == 40 and "CC BY-SA 4.0" in card.licence
