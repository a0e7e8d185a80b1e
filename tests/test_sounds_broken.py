"""Clips as they come from other people's disks: odd codings, cut ends, headers that lie, an hour in one file."""

import io
import re
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from making import chirp

from shoulders import backbones, features, sounds
from shoulders.sounds import SoundError, faults
from shoulders.support import samples

RATE = 16_000


@pytest.fixture
def tone():
    return chirp(0, seconds=0.8)


def written(path, wave, rate=RATE, **how):
    soundfile.write(path, wave, rate, **how)
    return path


def verdict(path):
    return sounds.check([path])[0].verdict


def cut(path, share):
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    return path


def ogg(ident):
    """The first page of an Ogg file with another stream in it."""
    return b"OggS\x00\x02" + bytes(20) + b"\x01" + bytes([len(ident)]) + ident + bytes(400)


def wav_of(coding, tone):
    """A WAV file whose header names another coding."""
    content = bytearray(sounds.wav(tone))
    struct.pack_into("<H", content, 20, coding)
    return bytes(content)


# ------------------------------------------------------------------------------------------------------------ codings


CODINGS = [("a.wav", "GSM610"), ("a.wav", "G721_32"), ("a.wav", "NMS_ADPCM_32"), ("a.wav", "IMA_ADPCM"), ("a.wav", "MS_ADPCM")]
CODINGS += [("a.wav", "ALAW"), ("a.au", "G721_32"), ("a.w64", "GSM610"), ("a.caf", "ALAC_24"), ("a.nist", "PCM_16")]


@pytest.mark.parametrize("name, subtype", CODINGS)
def test_telephones_codings_are_heard(tmp_path, tone, name, subtype):
    """Of some of them libsndfile cannot jump to a place, and soundfile does not read them to their end unless it is told how far."""
    path = written(tmp_path / name, tone[::2], 8_000, subtype=subtype)
    assert verdict(path).action == "used"
    found = sounds.read(path)[: len(tone)]
    assert np.corrcoef(found, tone[: len(found)])[0, 1] > 0.85


STRANGERS = [b"\xff\xf1P\x80", b"wvpk", b"MAC \x96\x0f", b"\x0bw", ogg(b"Speex   1.2"), ogg(b"\x7fFLAC\x01\x00")]


@pytest.mark.parametrize("content", STRANGERS)
def test_another_coding_is_not_called_damage(tmp_path, content):
    """To copy it again would not help."""
    path = tmp_path / "a.wav"
    path.write_bytes(content + bytes(2000))
    assert "which libsndfile cannot read" in verdict(path).problem or verdict(path).problem == faults.UNREAD
    assert verdict(path).remedy == "Export it as FLAC, WAV or MP3."


@pytest.mark.parametrize("coding", [0x28F, 0x45, 0x2000, 0xFF])
def test_a_wav_in_another_coding_is_not_called_damage(tmp_path, tone, coding):
    path = tmp_path / "a.wav"
    path.write_bytes(wav_of(coding, tone))
    assert verdict(path).problem == faults.UNREAD


def test_an_ending_says_nothing(tmp_path, tone):
    """soundfile takes a name that ends in `.raw` for numbers without a header: the check heard it, and the network did not."""
    path = written(tmp_path / "a.raw", tone, format="WAV", subtype="PCM_16")
    named = io.BytesIO(path.read_bytes())
    named.name = str(path)
    assert verdict(path) == sounds.Verdict("used")
    assert len(sounds.read(path)) == len(sounds.read(named)) == len(tone)


# ----------------------------------------------------------------------------------------------------------- cut ends


@pytest.mark.parametrize("name", ["a.aiff", "a.au", "a.w64", "a.rf64", "a.wav"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "ULAW"])
def test_what_is_cut_short_says_so_in_every_format(tmp_path, tone, name, subtype):
    """libsndfile mends the header's number in silence, in each format in another way."""
    path = cut(written(tmp_path / name, tone, subtype=subtype), 0.5)
    told = re.search(r"cut short: its header promises (\S+) s, and (\S+) s are there", verdict(path).problem)
    np.testing.assert_allclose([float(seconds) for seconds in told.groups()], [1, 0.5], atol=0.02)
    assert verdict(path).action == "converted" and "if more was recorded" in verdict(path).remedy


def test_a_few_samples_less_are_not_worth_a_word(tmp_path, tone):
    path = written(tmp_path / "a.wav", tone)
    path.write_bytes(path.read_bytes()[:-2])
    assert verdict(path) == sounds.Verdict("used")


def test_a_cut_ogg_is_damaged_or_cut_and_not_short(tmp_path):
    """Of Vorbis nothing is heard where the last page is not whole, or all but that page: libsndfile says neither aloud."""
    path = written(tmp_path / "a.ogg", chirp(3, seconds=2))
    whole = path.read_bytes()
    pages = [match.start() for match in re.finditer(b"OggS", whole)]
    assert verdict(path) == sounds.Verdict("used") and len(pages) > 3
    for count in (pages[-1] - 200, pages[-1], pages[-1] + 200, len(whole) - 2):
        path.write_bytes(whole[:count])
        told = verdict(path).problem
        assert told in (faults.DAMAGED, "cut short: its last page is not there"), (count, told)
    path.write_bytes(whole + bytes(5000))
    assert verdict(path) == sounds.Verdict("used")


@pytest.mark.parametrize("name", ["a.aiff", "a.w64", "a.flac", "a.wav", "a.au", "a.caf", "a.ogg", "a.mp3"])
def test_a_header_alone_is_refused_without_a_word_from_inside(tmp_path, tone, name, capfd):
    """libsndfile goes to before the beginning of some: that was a traceback on the terminal."""
    path = written(tmp_path / name, tone)
    content = path.read_bytes()
    for count in (4, 12, 30, 45, 100):
        path.write_bytes(content[:count])
        assert verdict(path).action == "skipped"
        with pytest.raises(SoundError):
            sounds.read(path)
    assert "Traceback" not in capfd.readouterr().err


def into_a_pipe(path, wave, rate):
    """A FLAC file whose header tells no number of samples, as 0."""
    content = bytearray(written(path, wave, rate).read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    return path


def test_a_flac_that_was_written_into_a_pipe_is_whole(tmp_path, tone):
    path = into_a_pipe(tmp_path / "a.flac", tone, RATE)
    assert verdict(path) == sounds.Verdict("used") and len(sounds.read(path)) == len(tone)


def test_a_long_flac_without_a_length_is_too_long_and_not_damaged(tmp_path, tone):
    assert verdict(into_a_pipe(tmp_path / "a.flac", np.tile(tone[::2], 119), 8_000)).action == "used"
    assert verdict(into_a_pipe(tmp_path / "b.flac", np.tile(tone[::2], 121), 8_000)).problem == "longer than 120 s"


# ---------------------------------------------------------------------------------------------------- channels, an hour


def test_several_channels_that_cancel_are_not_silent(tmp_path, tone):
    for waves, taken in ((tone, -tone, tone, -tone), "the first"), ((0 * tone, tone, -tone, 0 * tone), "number 2"):
        path = written(tmp_path / "a.wav", np.stack(waves, 1), subtype="FLOAT")
        assert verdict(path).problem == f"4 channels that cancel each other: {taken} was taken"
        assert np.abs(sounds.read(path) - tone).max() < 1e-6


def test_channels_that_cancel_about_another_middle_are_not_silent(tmp_path, tone):
    path = written(tmp_path / "a.wav", np.stack([0.5 * tone + 0.2, 0.2 - 0.5 * tone], 1), subtype="FLOAT")
    assert "2 channels that cancel each other: the first was taken" in verdict(path).problem


def test_an_hours_recording_is_refused_before_it_is_in_memory(tmp_path):
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 44_100, 2) as file:
        for _ in range(300):
            file.write(np.zeros((44_100, 2), np.int16))
    assert path.stat().st_size > samples.LARGE
    tracemalloc.start()
    try:
        assert verdict(path).problem == "longer than 120 s"
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["whisper_tiny_en", "resemblyzer", "speech_embedding"])
@pytest.mark.parametrize("wave", ["click", "noise", "fifty milliseconds"])
def test_every_network_hears_the_oddest_clip(tmp_path, name, wave):
    noise = 0.2 * np.random.default_rng(0).normal(size=RATE)
    waves = {"click": np.eye(1, RATE, 8_000)[0], "noise": noise, "fifty milliseconds": noise[:800]}
    told = features.look(backbones.load(name, "random"), [written(tmp_path / "a.wav", waves[wave])])["hidden"]
    assert np.isfinite(told).all() and told.any()


def test_more_than_whisper_hears_at_once_is_a_sentence(tmp_path):
    """It knows places for thirty seconds; beyond, torch spoke of tensor a and tensor b."""
    giant = backbones.load("whisper_tiny_en", "random")
    noise = 0.2 * np.random.default_rng(0).normal(size=31 * RATE)
    assert features.look(giant, [written(tmp_path / "a.wav", noise[: 29 * RATE])])["hidden"].shape == (1, 1152)
    with pytest.raises(SoundError, match=r"b.wav: it lasts longer than 29.6 s, .* whisper hears at once. Cut it up, or choose"):
        features.look(giant, [written(tmp_path / "b.wav", noise)])
