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

from shoulders import datasets
from shoulders.datasets import DatasetError, speakers
from shoulders.support import places
from studio.voices import accent, measure, plan, room
from studio.voices.words import WORDS

CLIPS = plan.clips()
MANGLED = [clip for clip in CLIPS if clip.reading != "native"]
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
    counted = Counter((clip.word, clip.part, clip.reading == "native") for clip in CLIPS)
    wanted = {("train", False): 24, ("valid", False): 15, ("train", True): 6, ("valid", True): 6}
    assert counted == {(word, *key): n for word in SPANISH for key, n in wanted.items()} and len(SPANISH) == 28
    for word in SPANISH:
        taught = [clip for clip in MANGLED if clip.word == word and clip.part == "train"]
        assert {clip.engine for clip in taught} == {"espeak", "festival"} and len({clip.voice for clip in taught}) == 10


def test_no_voice_teaches_and_judges_and_pico_never_teaches():
    """A voice by its name alone: kal is one man in whichever engine."""
    train, valid = ({clip.voice for clip in CLIPS if clip.part == part} for part in ("train", "valid"))
    assert train and valid and not train & valid
    assert {clip.part for clip in CLIPS if clip.engine == "pico"} == {"valid"}


def test_every_voice_of_validation_says_many_words():
    """Or a voice would tell the word."""
    words = Counter(voice for voice, _ in {(clip.voice, clip.word) for clip in MANGLED})
    assert min(words.values()) >= 14


@pytest.mark.parametrize("name", ["voices", "voices_native"])
def test_the_registered_sets_have_these_classes_and_voices(name):
    card, native = datasets.CARDS[name], name == "voices_native"
    folder = datasets.find(name)
    assert list(card.classes) == sorted(card.classes) and set(card.classes) == set(SPANISH)
    assert all(is_normalized("NFC", word) for word in card.classes)
    assert {path.name for path in folder.glob("*/*")} == set(SPANISH)
    for clip in (clip for clip in CLIPS if (clip.reading == "native") == native):
        assert re.search(card.groups, (places.box() / "voices" / clip.file).stem)[1] == clip.voice


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
        first, end = measure.spoken(wave)
        assert 0.15 < (end - first) * measure.HOP / measure.RATE < 1.9, clip.file
        loud = measure.loudness(wave)
        assert np.median(loud[first:end]) > np.median(np.concatenate([loud[:3], loud[-3:]])) + 3, clip.file


def test_no_two_clips_are_the_same(waves):
    assert len({wave.tobytes() for wave in waves}) == len(waves)


def test_the_card_counts_what_lies_there(waves):
    assert CARD["bytes"] == sum(path.stat().st_size for path in plan.HOME.rglob("*.opus"))
    assert {(row["part"], row["reading"], row["engine"]): row["clips"] for row in CARD["clips"]} == Counter(
        (clip.part, clip.reading, clip.engine) for clip in CLIPS
    )
    assert CARD["seconds"]["all"] == pytest.approx(sum(map(len, waves)) / measure.RATE, abs=1)
    assert "no recordings of people" in CARD["what"] and "studio.voices" in CARD["command"][0]


def test_each_engine_has_its_licence_in_the_card():
    assert set(CARD["engines"]) == {clip.engine for clip in CLIPS}
    assert all(one["licence"] and one["found_in"] for one in CARD["engines"].values())
    assert "GPL-3" in CARD["engines"]["espeak"]["licence"] and "Apache-2.0" in CARD["engines"]["pico"]["licence"]


def test_how_long_a_clip_is_tells_little_as_the_card_says(waves):
    told = next(one for one in CARD["figures"] if one["what"] == "duration, 20 clips a word")
    rows = np.array([[np.subtract(*measure.spoken(wave)) * -1.0] for wave in waves])
    words, train, valid = measure.asked(CLIPS)
    again = measure.figure(told["what"], rows, words, train, valid, 20)
    assert again["n"] == told["n"] == 420
    assert again["accuracy"] == pytest.approx(told["accuracy"], abs=0.01)
    assert told["accuracy"] < 0.15


@pytest.mark.parametrize("place", [0, 700])
def test_a_clip_is_drawn_by_its_name_alone(place):
    wave = np.sin(np.arange(8000) / 5) * np.hanning(8000)
    one, other = (room.recorded(wave, CLIPS[place].rng) for _ in range(2))
    assert alike(one, other) and 0.25 <= np.abs(one).max() <= 0.8
    assert not np.array_equal(one[:6000], room.recorded(wave, CLIPS[place + 1].rng)[:6000])


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
