"""The microphone, asked as a page asks; clips to look at and to listen to."""

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

from shoulders import plots, sounds, widgets
from shoulders.support.errors import CourseError
from shoulders.widgets import hearing, microphone, playing

RATE = sounds.RATE


def tone(pitch=440, seconds=0.6, height=0.3, rate=RATE):
    """A sine, float32, with silence of a quarter of its length at both ends."""
    at = np.arange(round(seconds * rate)) / rate
    return np.pad(height * np.sin(2 * np.pi * pitch * at), round(seconds * rate / 4)).astype(np.float32)


def file_of(wave, rate=RATE, **kind):
    file = io.BytesIO()
    soundfile.write(file, wave, rate, **{"format": "WAV", "subtype": "PCM_16"} | kind)
    return file.getvalue()


def ask(clip):
    """A network that knows two pitches by the place of the loudest."""
    wave = sounds.read(clip)
    low = np.abs(np.fft.rfft(wave)).argmax() * RATE / len(wave) < 700
    return [("high", 0.1 if low else 0.9), ("low", 0.9 if low else 0.1)]


class Page:
    """What a page does: it asks, with bytes as a memoryview, and hears what is told."""

    def __init__(self, ask=ask, **given):
        self.widget, self.heard = microphone.Microphone(ask, **given), []
        self.widget.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def ask(self, *buffers, do="hear", **asked):
        before = len(self.heard)
        self.widget._handle_custom_msg({"do": do, "view": "here", "turn": 7} | asked, [memoryview(one) for one in buffers])
        ((told, files),) = self.heard[before:]
        json.dumps(told)  # plain numbers, which numpy's are not
        assert (told["view"], told["turn"]) == ("here", 7)
        return told, files

    def said(self, *buffers, **asked):
        told, files = self.ask(*buffers, **asked)
        assert told["tell"] == "trouble" and not files
        return told["said"]


@pytest.fixture
def page():
    return Page()


@pytest.mark.parametrize(
    ("rate", "kind"), [(48_000, {}), (44_100, {}), (16_000, {"format": "FLAC"}), (48_000, {"format": "OGG", "subtype": "OPUS"})]
)
def test_a_clip_is_answered_and_comes_back_as_it_was_heard(page, rate, kind):
    for pitch, name in ((440, "low"), (1400, "high")):
        told, (file,) = page.ask(file_of(tone(pitch, rate=rate), rate, **kind))
        assert told["tell"] == "answer" and [one["name"] for one in told["answers"]][0] == name
        assert [one["told"] for one in told["answers"]] == ["90 %", "10 %"]
        wave, back = soundfile.read(io.BytesIO(file), dtype="float32")
        assert back == RATE and np.corrcoef(wave, tone(pitch)[: len(wave)])[0, 1] > 0.99


def test_the_level_is_that_of_a_sine(page):
    """Half of full scale lies 6 dB below it."""
    told, _ = page.ask(file_of(tone(height=0.5)))
    assert told["said"] == "0.9 s, -6 dB where it is loudest."


def test_too_loud_is_told_and_answered(page):
    told, _ = page.ask(file_of(np.clip(4 * tone(height=0.5), -1, 1)))
    assert told["tell"] == "answer" and "overdriven" in told["said"] and "farther away" in told["said"]


def test_who_says_nothing_is_told_the_level(page):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1e-4, RATE).astype(np.float32)  # -77 dB below a sine of full scale
    said = page.said(file_of(noise, subtype="PCM_24"))
    assert "loudest moment lies at -7" in said and "above -60" in said
    assert "zeros alone came" in page.said(file_of(np.zeros(RATE)))
    quiet, _ = page.ask(file_of(tone(height=0.002), subtype="PCM_24"))
    assert quiet["tell"] == "answer" and "very quiet: 54 dB" in quiet["said"] and "nearer" in quiet["said"]


def test_a_file_may_be_more_quiet_than_a_recording(page):
    wave = file_of(tone(height=0.0003), subtype="PCM_24")
    assert "Nothing was said" in page.said(wave) and page.ask(wave, file="far.wav")[0]["tell"] == "answer"


def test_who_presses_stop_too_early_is_told(page):
    assert "stopped after 0.09 s" in page.said(file_of(tone(seconds=0.06)))
    assert "stopped after 0.00 s" in page.said(file_of(np.zeros(0)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no sound at all", "mine.mp3: not a sound"),
        (b"", "mine.mp3: zero bytes"),
        (b"\0\0\0\x18ftypmp42" + bytes(50), "mine.mp3: a video"),
        (file_of(np.zeros(RATE)), "mine.mp3: silent"),
    ],
)
def test_a_file_that_is_no_clip_is_said_by_name(page, content, said):
    assert said in page.said(content, file="mine.mp3")


def test_clips_of_the_box_are_chosen_by_name(tmp_path):
    (tmp_path / "one.flac").write_bytes(file_of(tone(1400), format="FLAC"))
    page = Page(clips={"uno": tmp_path / "one.flac"}, seconds=1.5)
    state, _ = page.ask(do="hello")
    assert (state["clips"], state["seconds"]) == (["uno"], 1.5)
    told, _ = page.ask(clip="uno")
    assert told["answers"][0]["name"] == "high"


def test_at_most_five_classes_are_shown_the_likeliest_first():
    answers = {f"word {i}": share for i, share in enumerate((0.05, 0.4, 0.1, 0.2, 0.15, 0.0, 0.1))}
    told, _ = Page(lambda clip: answers).ask(file_of(tone()))
    assert [one["share"] for one in told["answers"]] == sorted(answers.values())[:1:-1] and len(told["answers"]) == 5


def test_whatever_goes_wrong_the_page_is_not_left_waiting():
    def refuses(clip):
        raise CourseError("It was never taught.")

    def breaks(clip):
        raise RuntimeError("no memory left\nfar more")

    assert Page(refuses).said(file_of(tone())) == "It was never taught."
    assert Page(breaks).said(file_of(tone())) == "Python could not do this: RuntimeError, no memory left"


@pytest.mark.parametrize("seconds", [0, 0.1, 31, float("nan")])
def test_a_recording_has_a_length(seconds):
    with pytest.raises(hearing.HearingError, match="takes 0.2 to 30 s"):
        microphone.Microphone(ask, seconds=seconds)


def test_no_sound_is_in_the_widgets_state(page):
    page.ask(file_of(tone()))
    assert repr(page.widget) == "A microphone, 2 s for each recording"
    state = page.widget.get_state()
    assert not [name for name, value in state.items() if isinstance(value, bytes | memoryview | list | dict) and value]
    assert "export default { render }" in state["_esm"] and ".shoulders-microphone" in state["_css"]


def test_what_adapts_to_the_sound_is_off():
    source = microphone.beside("microphone.js")
    assert all(f"{name}: false" in source for name in ("echoCancellation", "noiseSuppression", "autoGainControl", "video"))


# ----------------------------------------------------------------------------------------------------- to look at, to hear


def test_a_spectrogram_shows_when_and_how_high():
    """A low tone, then a high one: the brightest row of each half is that of its pitch."""
    wave = np.concatenate([tone(500), tone(3000)])
    drawing = plots.spectrograms({"low, then high": wave, "brief": tone(1000, 0.2)}, "Two clips")
    (image,) = drawing.figure.axes[0].images
    left, right, bottom, top = image.get_extent()
    found = np.asarray(image.get_array())
    pitches = bottom + (np.arange(len(found)) + 0.5) * (top - bottom) / len(found)
    halves = np.array_split(found, 2, axis=1)
    assert [pitches[half.mean(1).argmax()] for half in halves] == pytest.approx([0.5, 3.0], abs=0.05)
    loud = left + (np.flatnonzero(found.max(0) > -20) + 0.5) * (right - left) / found.shape[1]
    assert loud[0] == pytest.approx(0.15, abs=0.02) and loud[-1] == pytest.approx(1.65, abs=0.02)
    assert [ax.get_xlim()[1] for ax in drawing.figure.axes] == pytest.approx([1.8, 1.8])
    assert drawing.words.startswith("2 clips: low, then high, 1.80 s, half of its power below ")
    assert "brief, 0.30 s, half of its power below 1.0 kHz" in drawing.words


def test_spectrograms_come_from_files_too(tmp_path):
    (tmp_path / "a.wav").write_bytes(file_of(tone(rate=44_100), 44_100))
    given = {"path": tmp_path / "a.wav", "file": io.BytesIO(file_of(tone())), "array": tone()}
    figure = plots.spectrograms(given).figure
    assert [ax.get_title() for ax in figure.axes] == list(given)
    shown = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    loud = shown[2] > -30
    assert all(np.abs(one - shown[2])[loud].max() < 1 for one in shown)  # decibels


AUDIO = re.compile(r'<audio controls [^>]*aria-label="Play ([^"]*)" src="data:audio/wav;base64,([^"]*)">')


def test_players_hold_the_clips_that_a_network_hears(tmp_path):
    (tmp_path / "a.ogg").write_bytes(file_of(tone(rate=48_000), 48_000, format="OGG", subtype="OPUS"))
    shown = widgets.players({"one <i>&": tone(), "opus": tmp_path / "a.ogg"})
    page = shown._repr_mimebundle_()["text/html"]
    held = AUDIO.findall(page)
    assert [name for name, _ in held] == ["one &lt;i&gt;&amp;", "opus"] and "<i>" not in page
    for (_, sound), least in zip(held, (0.999, 0.99)):
        wave, rate = soundfile.read(io.BytesIO(base64.b64decode(sound)), dtype="float32")
        assert rate == RATE and np.corrcoef(wave, tone()[: len(wave)])[0, 1] > least
    assert page.count("<img ") == page.count('alt="Spectrogram: ') == 2
    assert shown._repr_mimebundle_()["text/plain"].startswith("2 clips to listen to: one <i>&, 0.90 s")


def test_clips_take_the_room_that_is_reckoned_and_a_cell_has_a_limit():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)  # no picture is harder to pack
    page = widgets.players({"a second": noise}).page
    assert len(AUDIO.search(page)[2]) < playing.SOUND
    assert len(page) < playing.SOUND + 2.5 * playing.PICTURE
    with pytest.raises(playing.PlayerError, match="21 clips of 21.0 s together take 2.2 MB of the notebook's file"):
        widgets.players({str(i): np.zeros(RATE, np.float32) for i in range(21)})
