"""Clips: every format as a person would hear it, a finding for everything that is odd, a sentence for what cannot be used."""

import io

import numpy as np
import pytest
import soundfile
from making import chirp
from scipy.signal import resample

from shoulders import sounds
from shoulders.sounds import SoundError, faults, spectrogram
from shoulders.support import places

RATE = 16_000


@pytest.fixture
def tone():
    return chirp(0, seconds=0.8)


def written(path, wave, rate=RATE, **how):
    soundfile.write(path, wave, rate, **how)
    return path


def verdict(path):
    return sounds.check([path])[0].verdict


def as_ints(wave):
    return np.round(wave * 32767).astype(np.int16)


def like(found, expected):
    return np.corrcoef(found, expected)[0, 1]


# ------------------------------------------------------------------------------------------------- what is heard


@pytest.mark.parametrize("name, how", [("a.wav", {}), ("a.flac", {}), ("a.aiff", {}), ("a.w64", {}), ("a.caf", {}), ("a.au", {})])
def test_a_format_without_loss_gives_the_samples(tmp_path, tone, name, how):
    expected = as_ints(tone)
    found = sounds.read(written(tmp_path / name, expected, **how))
    assert found.dtype == np.float32 and np.abs(found * 32768 - expected).max() < 1e-3


@pytest.mark.parametrize("name, how", [("a.ogg", {}), ("a.opus", {"format": "OGG", "subtype": "OPUS"}), ("a.mp3", {})])
def test_a_format_with_loss_gives_what_is_heard(tmp_path, tone, name, how):
    found = sounds.read(written(tmp_path / name, tone, **how))
    shift = np.argmax(np.correlate(found, tone, "full")) - len(tone) + 1
    moved = np.roll(found, -shift)[: len(tone)]
    assert abs(len(found) - len(tone)) < 3000 and like(moved, tone[: len(moved)]) > 0.98


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_another_rate_is_the_same_sound(tmp_path, rate):
    """Against scipy's Fourier way, which is none of ours."""
    wave = chirp(0, seconds=0.8)  # a second in all: a whole number of samples at every rate
    low = resample(wave, round(len(wave) * rate / RATE)).astype(np.float32)
    found = sounds.read(written(tmp_path / "a.wav", low, rate, subtype="FLOAT"))
    assert abs(len(found) - len(wave)) <= 1
    n = min(len(found), len(wave))
    assert like(found[:n], wave[:n]) > 0.99


def test_what_is_above_half_the_rate_does_not_come_back_as_another_pitch(tmp_path):
    high = 0.5 * np.sin(2 * np.pi * 15_000 * np.arange(44_100) / 44_100)
    found = sounds.read(written(tmp_path / "a.wav", high.astype(np.float32), 44_100, subtype="FLOAT"))
    assert np.abs(found[500:-500]).max() < 0.01


def test_channels_are_averaged_and_told(tmp_path, tone):
    path = written(tmp_path / "a.wav", as_ints(np.stack([tone, 0.5 * tone], 1)))
    assert np.abs(sounds.read(path) - 0.75 * tone).max() < 1e-4
    assert verdict(path) == sounds.Verdict("converted", "the mean of 2 channels")


def test_channels_that_cancel_are_not_averaged(tmp_path, tone):
    path = written(tmp_path / "a.wav", as_ints(np.stack([tone, -tone], 1)))
    assert np.abs(sounds.read(path) - tone).max() < 1e-4
    assert verdict(path).problem == "2 channels that cancel each other: the first was taken"
    assert sounds.assumed(path) == verdict(path).problem


def test_one_silent_channel_of_two_does_not_cancel(tmp_path, tone):
    path = written(tmp_path / "a.wav", as_ints(np.stack([tone, 0 * tone], 1)))
    assert verdict(path).problem == "the mean of 2 channels"
    assert like(sounds.read(path), tone) > 0.999


@pytest.mark.parametrize("peak", [1.5, 32_000.0])
def test_numbers_above_full_scale_are_scaled_and_told(tmp_path, tone, peak):
    path = written(tmp_path / "a.wav", tone * np.float32(peak / np.abs(tone).max()), subtype="FLOAT")
    found = sounds.read(path)
    assert abs(np.abs(found).max() - 1) < 1e-6 and like(found, tone) > 0.999
    assert verdict(path).action == "converted" and f"numbers up to {peak:,.4g}, where 1 is full scale" in verdict(path).problem


def test_a_path_its_bytes_and_an_open_file_are_one(tmp_path, tone):
    path = written(tmp_path / "a.flac", as_ints(tone))
    with open(path, "rb") as file:
        ways = [sounds.read(path), sounds.read(io.BytesIO(path.read_bytes())), sounds.read(file), sounds.read(str(path))]
        assert not file.closed
    assert all(np.array_equal(way, ways[0]) for way in ways)


def test_a_wav_for_pages_is_what_was_read(tone):
    found, rate = soundfile.read(io.BytesIO(sounds.wav(tone)), dtype="float32")
    assert rate == sounds.RATE and np.abs(found - tone).max() < 1e-4


# ---------------------------------------------------------------------------------------------- what is odd, or not used


def test_the_same_sound_has_one_digest_in_every_file(tmp_path, tone):
    wave = as_ints(tone)
    paths = [written(tmp_path / name, wave) for name in ("a.wav", "b.flac", "c.aiff")]
    paths.append(written(tmp_path / "d.wav", np.stack([wave, wave], 1)))
    other = written(tmp_path / "e.wav", wave[::-1])
    found = sounds.check([*paths, other])
    assert len({one.digest for one in found}) == 5
    assert [one.shown == found[0].shown for one in found] == [True] * 4 + [False]
    assert {len(one.thumbnail) for one in found} == {1024}


ODD = {
    "8 bits": ({"subtype": "PCM_U8"}, lambda wave: wave, RATE),
    "8,000 samples a second: nothing above 4 kHz": ({}, lambda wave: wave[::2], 8_000),
    "overdriven": ({}, lambda wave: np.clip(30 * wave, -1, 1), RATE),
    "very quiet": ({"subtype": "FLOAT"}, lambda wave: wave * 0.002, RATE),
    "its middle lies at +0.20": ({}, lambda wave: 0.5 * wave + 0.2, RATE),
}


@pytest.mark.parametrize("problem", ODD)
def test_what_is_odd_is_used_and_told(tmp_path, tone, problem):
    how, change, rate = ODD[problem]
    found = verdict(written(tmp_path / "a.wav", change(tone), rate, **how))
    assert found.action == "used" and found.problem.startswith(problem)


def test_a_good_clip_is_told_nothing_of(tmp_path, tone):
    assert verdict(written(tmp_path / "a.wav", tone)) == sounds.Verdict("used")


SAMPLES = {
    "silent: nothing is heard": lambda tone: 0 * tone,
    "shorter than 50 ms": lambda tone: tone[3000:3700],
    "longer than 120 s": lambda tone: np.tile(tone, 130),
    "numbers that are none (NaN)": lambda tone: np.where(np.arange(len(tone)) == 7, np.nan, tone),
}


@pytest.mark.parametrize("problem", SAMPLES)
def test_samples_that_are_no_clip_are_a_finding_and_a_sentence(tmp_path, tone, problem):
    path = written(tmp_path / "a.wav", SAMPLES[problem](tone), subtype="FLOAT")
    assert verdict(path) == sounds.Verdict("skipped", problem, faults.REMEDY[problem])
    with pytest.raises(SoundError) as error:
        sounds.read(path)
    assert str(error.value) == f"{path}: {problem}. {faults.REMEDY[problem]}"


BYTES = {
    "zero bytes": b"",
    "not a sound": b"These are words, and they go on for more than the sixty-four bytes at which a format is told.",
    "a web page, and no sound": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "a video": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(60),
    "AAC (M4A), which libsndfile cannot read": b"\0\0\0\x20ftypM4A \0\0\2\0isomiso2" + bytes(60),
    "WebM or Matroska, which libsndfile cannot read": b"\x1a\x45\xdf\xa3" + bytes(60),
    "Git LFS's word for a file that is not here": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
    "MIDI: notes, and no sound": b"MThd\0\0\0\6\0\1\0\2" + bytes(60),
    "truncated or damaged": b"fLaC\0\0\0\x22" + bytes(70),
}


@pytest.mark.parametrize("problem", BYTES)
def test_bytes_that_are_no_sound_are_named(tmp_path, problem):
    path = tmp_path / "a.wav"
    path.write_bytes(BYTES[problem])
    assert verdict(path).action == "skipped" and verdict(path).problem == problem and verdict(path).remedy
    with pytest.raises(SoundError, match="a.wav: "):
        sounds.read(path)


def test_what_was_cut_short_is_used_and_told_or_refused(tmp_path, tone):
    """libsndfile mends a WAV's length in silence; of FLAC it says that it is broken."""
    wav, flac = written(tmp_path / "a.wav", tone), written(tmp_path / "b.flac", tone)
    for path in (wav, flac):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = verdict(wav)
    assert found.action == "converted" and found.problem == "cut short: its header promises 1.00 s, and 0.50 s are there"
    assert verdict(flac).problem == "truncated or damaged"


def test_a_stream_without_a_length_is_whole(tmp_path, tone):
    """Programs that write into a pipe cannot go back to the header: they leave the largest number there."""
    path = written(tmp_path / "a.wav", tone)
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert verdict(path) == sounds.Verdict("used")


def test_places_that_hold_no_clip(tmp_path):
    for path, said in ((tmp_path / "none.wav", "does not exist"), (tmp_path, "a folder")):
        with pytest.raises(SoundError, match=said):
            sounds.read(path)


def test_a_huge_file_is_refused_by_its_header(tmp_path, monkeypatch):
    """What is too long is not decoded."""
    path = tmp_path / "a.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(200):
            file.write(np.zeros(8_000))
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was decoded"))
    assert verdict(path).problem == "longer than 120 s"


def test_the_check_remembers_by_content(tmp_path, tone, monkeypatch):
    paths = [written(tmp_path / "a.wav", tone), written(tmp_path / "b.wav", tone[::-1])]
    first = sounds.check(paths)
    monkeypatch.setattr(sounds, "_decoded", lambda source: pytest.fail("it was decoded again"))
    assert sounds.check(paths) == first
    assert list(places.cache().glob("checked-sounds-*"))


# ---------------------------------------------------------------------------------------------------------- spectrogram


def test_power_of_a_tone_lies_at_its_pitch():
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    power = spectrogram.power(wave, RATE)
    assert power.shape == (101, 201)
    assert (power[3:-3].argmax(1) == 25).all()  # 1,000 Hz, in steps of 40


def test_where_something_is_said(tone):
    start, end = sounds.spoken(np.concatenate([np.zeros(8000, np.float32), tone, np.zeros(4000, np.float32)]), RATE)
    assert abs(start - 9600) < 400 and abs(end - (8000 + len(tone) - 1600)) < 400


def test_all_is_said_where_nothing_stands_out():
    assert sounds.spoken(np.zeros(4000, np.float32), RATE) == (0, 4000)


def test_shares_are_means_of_equal_stretches():
    shares = spectrogram._shares(5, 2)
    np.testing.assert_allclose(shares, np.array([[2, 2, 1, 0, 0], [0, 0, 1, 2, 2]]) / 5)


def test_a_clip_as_a_picture(tmp_path, tone):
    image = sounds.shown(written(tmp_path / "a.wav", tone), at_least=100)
    assert image.mode == "RGB" and image.height == 100
    dark = np.asarray(image.convert("L"), float).argmin(0)[20:-20]
    assert dark[len(dark) // 4] > dark[-len(dark) // 4]  # the tone rises, and high sounds are above
