"""Clips take the way of pictures: the sense is seen from the files, and everything after that does not know it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from making import alike, chirp, clips_of, set_of

from shoulders import backbones, cli, comparison, datasets, features, heads, models, senses, sounds, training
from shoulders.cli import options
from shoulders.course import editions
from shoulders.datasets import DatasetError
from shoulders.datasets.copies import near_copies
from shoulders.support.errors import CourseError

HERE = Path(senses.__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return clips_of(tmp_path_factory.mktemp("clips"), 6, 5)


@pytest.fixture(scope="module")
def held(folder):
    return datasets.load(folder)


@pytest.fixture(scope="module")
def giant():
    return backbones.load("speech_embedding")


def test_every_sense_has_the_same_names():
    for sense in senses.SENSES.values():
        for name in ("WORD", "NOUN", "ENDINGS", "STRANGE", "check", "read", "shown", "playable", "assumed", "MIRRORED"):
            assert hasattr(sense, name), f"{sense.__name__} lacks {name}"
    endings = [ending for sense in senses.SENSES.values() for ending in sense.ENDINGS]
    assert len(endings) == len(set(endings)), "an ending of two senses"


def test_no_room_asks_of_which_sense_it_is():
    """Of which sense something is, is decided in `senses`; what is for one sense alone lies in its room, or in `backbones`."""
    asks = re.compile(r"\b(?:if|elif|while)\b[^\n]*(?:sense\s*(?:==|!=|in)\s*[\"']|[\"'](?:sounds|pictures)[\"']\s*(?:==|!=))")
    allowed = {"senses.py", "sounds", "pictures", "backbones"}
    found = [
        f"{path.relative_to(HERE)}: {line.strip()}"
        for path in HERE.rglob("*.py")
        if path.relative_to(HERE).parts[0] not in allowed
        for line in path.read_text(encoding="utf-8").splitlines()
        if asks.search(line)
    ]
    assert found == []


def test_the_sense_is_seen_from_the_files(tmp_path, folder):
    assert datasets.sense(folder) == "sounds"
    assert datasets.sense(set_of(tmp_path / "a", 2, 1)) == "pictures"


def test_where_no_name_says_it_the_files_do(tmp_path):
    """Collections of speech have files without endings."""
    for root, name in ((clips_of(tmp_path / "a", 4, 3), "sounds"), (set_of(tmp_path / "b", 4, 3), "pictures")):
        for path in [path for path in root.rglob("*") if path.is_file()]:
            path.rename(path.with_suffix(""))
        assert datasets.sense(root) == name and len(datasets.load(root).train) == 8


def test_a_folder_of_what_libsndfile_cannot_read_says_that_first(tmp_path):
    """It said that the folder was empty."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(6):
            (tmp_path / name / f"{i}.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100) + name.encode() + bytes([i]))
    with pytest.raises(DatasetError, match="no class with clips to learn from.*First problem: .*AAC .M4A., which libsnd"):
        datasets.load(tmp_path)


def test_a_folder_with_two_senses_is_one_sentence(tmp_path):
    both = set_of(clips_of(tmp_path / "both", 3, 2), 3, 2)
    with pytest.raises(DatasetError) as error:
        datasets.load(both)
    said = str(error.value)
    assert "holds 10 pictures (as " in said and "10 clips (as " in said and said.endswith("move one of them away.")


def test_of_a_folder_with_two_senses_the_named_classes_decide(tmp_path):
    both = set_of(clips_of(tmp_path / "both", 3, 2), 3, 2)
    assert datasets.load(both, classes=["cats", "dogs"]).sense == "pictures"
    assert datasets.load(both, classes=["rises", "falls"]).sense == "sounds"


def test_a_stray_picture_among_clips_is_told_and_not_used(tmp_path):
    folder = clips_of(tmp_path / "a", 12, 8)
    (folder / "train" / "falls" / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    held = datasets.load(folder)
    assert len(held.train) == 24 and held.sense == "sounds"
    told = [finding for finding in held.findings if "cover.png" in finding["file"]]
    assert told and told[0]["problem"].startswith("not a sound") and told[0]["action"] == "skipped"


def test_clips_are_a_set(held):
    assert held.word == "clip" and held.classes == ("falls", "rises") and (len(held.train), len(held.valid)) == (12, 10)
    assert "2 classes, training + validation clips: falls 6 + 5, rises 6 + 5." in held.overview()


def test_what_many_clips_have_in_common_is_told_once(tmp_path):
    folder = clips_of(tmp_path / "a", 5, 3)
    for i, path in enumerate(sorted(folder.rglob("*.wav"))):
        soundfile.write(path, chirp(i + 1)[::2], 8_000)
    told = [finding for finding in datasets.load(folder).findings if "samples a second" in finding["problem"]]
    assert len(told) == 1 and told[0]["problem"].endswith("; 16 such") and told[0]["action"] == "used"


def test_the_same_recording_on_both_sides_is_found_in_another_format(tmp_path):
    folder = clips_of(tmp_path / "a", 6, 4)
    wave, rate = soundfile.read(folder / "train" / "rises" / "rises_002.wav")
    soundfile.write(folder / "valid" / "rises" / "again.mp3", wave, rate)
    held = datasets.load(folder)
    pair = near_copies(held.train, held.valid)[0]
    names = held.valid.paths[pair.valid].name, held.train.paths[pair.train].name
    assert names == ("again.mp3", "rises_002.wav") and pair.alike > 0.97


def test_a_clip_that_is_played_backwards_is_another(tmp_path):
    """A picture is the same when it is mirrored; a tone that rises is not one that falls."""
    folder = clips_of(tmp_path / "a", 6, 4)
    backwards = np.ascontiguousarray(soundfile.read(folder / "train" / "rises" / "rises_002.wav")[0][::-1])
    soundfile.write(folder / "valid" / "falls" / "again.wav", backwards, 16_000)
    held = datasets.load(folder)
    found = {held.valid.paths[pair.valid].name: held.train.paths[pair.train].name for pair in near_copies(held.train, held.valid)}
    assert found.get("again.wav") != "rises_002.wav"


def test_what_asks_for_something_is_said_though_it_was_converted(tmp_path, capsys):
    """Of many stereo clips none is named; of one that was cut short the name is what a person needs."""
    folder = clips_of(tmp_path / "a", 14, 4)
    for i, path in enumerate(sorted((folder / "train").rglob("*.wav"))):
        soundfile.write(path, np.stack([chirp(i + 1)] * 2, 1), 16_000)
    path.write_bytes(path.read_bytes()[:20_000])
    options.say_what_is_held(datasets.load(folder))
    said = capsys.readouterr().err
    assert f"converted: train/rises/{path.name}: cut short" in said and "more converted" in said


def test_a_pipe_in_a_folder_is_told(tmp_path):
    folder = clips_of(tmp_path / "a", 4, 3)
    os.mkfifo(folder / "train" / "falls" / "pipe.wav")
    told = [finding for finding in datasets.load(folder).findings if "pipe.wav" in finding["file"]]
    assert told and told[0]["problem"] == "a pipe or a device"


def test_features_of_another_sense_are_a_sentence(giant, tmp_path):
    pictures = datasets.load(set_of(tmp_path, 2, 1))
    with pytest.raises(features.FeatureError, match="speech_embedding is for sounds, and these are pictures"):
        features.extract(giant, pictures.train)


@pytest.mark.parametrize("lesson, name", [("02", "SHOULDERS_PICTURES"), ("11a", "SHOULDERS_BACKBONE")])
def test_a_lesson_of_another_sense_is_a_sentence(folder, monkeypatch, lesson, name):
    """Else it would begin, and stop in the middle."""
    value = {"SHOULDERS_PICTURES": str(folder), "SHOULDERS_BACKBONE": "vgg16_tiny"}[name]
    monkeypatch.setenv(name, value)
    with pytest.raises(editions.EditionError, match=f"Lesson {lesson} is about .*{name} .* is about .*or unset it"):
        editions.choose(lesson)


def test_features_of_a_clip_do_not_depend_on_its_company(giant, held):
    one = features.extract(giant, held.train.take([3]), remember=False)["hidden"]
    assert alike(features.extract(giant, held.train, remember=False)["hidden"][3:4], one)


def test_several_at_once_cannot_be_asked_for_where_lengths_differ(giant, held, tmp_path):
    soundfile.write(tmp_path / "long.wav", chirp(5, seconds=1.3), 16_000)
    paths = [held.train.paths[0], tmp_path / "long.wav"]
    found = {files[0][0]: values for files, values in features.each(giant, paths)}
    assert list(found) == paths and all(len(values) == 1 for values in found.values())


def test_feature_extraction_comparison_and_models_take_clips(giant, held, tmp_path):
    result = training.feature_extraction(giant, held)
    assert result.accuracy >= 0.9 and "10 clips right" in str(result)
    rows = comparison.rows(held, giant, per_class=(1, 5), seeds=2)
    assert len(rows) == 4 and {row["n_valid"] for row in rows} == {10}
    path = models.save(tmp_path / "m.safetensors", result, giant, held)
    asked = models.answers(models.load(path), held.valid.paths)
    assert [row["class"] for row in asked] == [held.classes[i] for i in result.predictions]


def test_two_giants_stand_side_by_side(giant, held):
    both = [features.extract(backbones.load(name), held.train) for name in ("speech_embedding", "mfcc")]
    joined = features.join(*both)
    widths = [part["hidden"].shape[1] for part in both]
    assert joined["hidden"].shape == (12, sum(widths))
    first, second = np.split(joined["hidden"], widths[:1], 1)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(second, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(first, both[0]["hidden"] / np.linalg.norm(both[0]["hidden"], axis=1, keepdims=True), rtol=1e-5)
    result = training.feature_extraction(giant, held, beside=backbones.load("mfcc"))
    assert result.backbone == "speech_embedding and mfcc" and result.model[-1].coef_.shape[1] == sum(widths)


def test_giants_of_other_samples_are_not_joined(giant, held):
    with pytest.raises(features.FeatureError, match="Features of 12 and 10 samples cannot be joined"):
        features.join(features.extract(giant, held.train), features.extract(giant, held.valid))
    with pytest.raises(features.FeatureError, match="layers hidden, classes|layers"):
        several = features.extract(giant, held.train, ["hidden"])
        features.join(several, features.Features({"a": np.ones((12, 1)), "b": np.ones((12, 1))}, held.train, True, {}, "cpu", "fp32"))


def test_a_class_without_training_clips_is_a_sentence(giant, held, monkeypatch):
    monkeypatch.setattr(type(held.train), "sample", lambda *_: np.flatnonzero(held.train.labels == 0))
    with pytest.raises(heads.HeadError, match="No training clip is of rises"):
        training.feature_extraction(giant, held)


@pytest.mark.parametrize("regime", ["fine_tuning", "from_scratch"])
def test_training_all_of_a_network_on_clips_is_a_sentence(giant, held, regime):
    way = {"fine_tuning": training.fine_tune, "from_scratch": training.from_scratch}[regime]
    with pytest.raises(CourseError, match="Clips have different lengths.*choose feature_extraction"):
        way(giant, held)


def told(*words):
    """What a command says, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "shoulders", *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_takes_clips(folder, tmp_path):
    model, page = tmp_path / "m.safetensors", tmp_path / "p.html"
    code, out, err = told("compare", folder, "--save", model, "--report", page, "--json", tmp_path / "r.json")
    assert code == 0, err
    assert "speech_embedding" in out and "training + validation clips" in err
    assert json.loads((tmp_path / "r.json").read_text())[0]["accuracy"] >= 0.9
    text = page.read_text(encoding="utf-8")
    assert "10 clips that it was not" in text and "validation picture" not in text
    code, out, err = told("predict", model, folder / "valid" / "rises", tmp_path / "none.wav")
    assert code == 1 and out.count("rises ") >= 5 and "none.wav: does not exist" in err
    code, out, err = told("features", folder, "--out", tmp_path / "f.safetensors")
    assert code == 0 and "12 + 10 clips" in out


def test_a_network_of_the_other_sense_is_told_before_the_clips_are_checked(folder, monkeypatch):
    monkeypatch.setattr(sounds, "check", lambda paths: pytest.fail("the clips were checked"))
    with pytest.raises(CourseError, match="resnet18 is for pictures, and these are sounds: leave --backbone out for speech_embedding"):
        cli.compare(str(folder), backbone="resnet18", weights="random")


def test_ways_of_pictures_are_refused_for_clips(folder):
    with pytest.raises(CourseError, match="--fit pad is for pictures that are no squares"):
        cli.compare(str(folder), fit="pad")
