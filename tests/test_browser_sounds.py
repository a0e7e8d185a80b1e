"""Sounds in a real browser: Chromium plays a clip into the microphone, and clips are played in the page."""

import io
import re
import shutil

import numpy as np
import pytest
import soundfile
from test_browser import BROWSERS, COURSE, HARMLESS, idle, lab, launched, notebook_of, open_notebook, run_all  # noqa: F401

from shoulders import sounds

RATE = sounds.RATE
PITCHES = {"uno": 180, "dos": 320, "tres": 560}


def word(name, seconds=1.0):
    """Three syllables, each a few harmonics of a voice that falls, float32 (n,): speech enough to be found again."""
    rng, at = np.random.default_rng(PITCHES[name]), np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(PITCHES[name] * (1.1 - 0.2 * at)) / RATE
    voice = sum(rng.uniform(0.3, 1) / k * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 9))
    syllables = np.abs(np.sin(3 * np.pi * at / seconds)) ** 0.7
    breath = rng.normal(0, 0.02, len(at)) * syllables
    return (0.25 * (voice * syllables + breath)).astype(np.float32)


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser")
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("neither Chromium nor Chrome is on this machine: no test in a browser")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium


def opened(chromium, clip=None, **given):
    path = next(path for name in BROWSERS if (path := shutil.which(name)))
    heard = [f"--use-file-for-fake-audio-capture={clip}%noloop"] * bool(clip)
    return launched(chromium, path, "--disable-gpu", *heard, **given)


@pytest.fixture(scope="module")
def speaks(chromium, tmp_path_factory):
    """A Chromium into whose microphone a word is spoken, once for each time that it is opened."""
    clip = tmp_path_factory.mktemp("clip") / "dos.wav"
    soundfile.write(clip, np.pad(word("dos"), (RATE // 5, RATE)), RATE, subtype="PCM_16")
    browser = opened(chromium, clip)
    yield browser
    browser.close()


LISTEN = """\
import numpy as np
from pathlib import Path
from shoulders import sounds
from shoulders.widgets import microphone

clips = {path.stem: path for path in sorted(Path("clips").glob("*.flac"))}
known = {name: sounds.read(path) for name, path in clips.items()}

def alike(a, b):
    \"\"\"The largest cosine of two waves, over all shifts.\"\"\"
    size = len(a) + len(b)
    found = np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size).conj(), size)
    return found.max() / np.linalg.norm(a) / np.linalg.norm(b)

def ask(clip):
    Path("heard.wav").write_bytes(clip.read())
    wave = sounds.read("heard.wav")
    likeness = {name: alike(wave, one) for name, one in known.items()}
    return {name: one / sum(likeness.values()) for name, one in likeness.items()}

microphone.Microphone(ask, clips, seconds=2.5)"""

WATCH = """
window.streams = []; window.asked = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (what) => { asked.push(what); const stream = await ask(what); streams.push(stream); return stream; };
window.dark = () => streams.every((stream) => stream.getTracks().every((track) => track.readyState === 'ended'));
"""


def aligned(a, b, finer=16):
    """Correlation of two waves where they fit best, to a sixteenth of a sample: half of one turns 4 kHz by an eighth."""
    size = len(a) + len(b)
    found = np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size).conj(), size * finer) * finer
    return found.max() / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.fixture(scope="module")
def box(lab):  # noqa: F811
    """Three clips in the folder that JupyterLab serves."""
    served = lab[1]
    (served / "clips").mkdir()
    for name in PITCHES:
        soundfile.write(served / "clips" / f"{name}.flac", word(name), RATE)
    return served


def test_a_word_reaches_python_as_it_was_spoken_and_is_answered(speaks, lab, box, tmp_path):  # noqa: F811
    notebook = notebook_of(LISTEN, tmp_path / "microphone.ipynb")
    page, complaints = open_notebook(speaks, lab, notebook, WATCH)
    run_all(page, box, notebook.name)
    widget = page.locator(".shoulders-microphone")
    power = widget.locator(".power")
    widget.get_by_text("Press Record, and say one word. It listens for 2.5 s.").wait_for()
    power.focus()
    page.keyboard.press("Enter")
    widget.get_by_text("Recording: speak now.").wait_for()
    widget.get_by_text("Heard: dos").wait_for(timeout=20_000)
    assert page.evaluate("streams.length === 1 && dark()"), "the browser's red light is still on"
    assert page.evaluate("asked[0].audio.echoCancellation === false && asked[0].video === false")
    assert widget.locator(".bars li").count() == 3 and widget.locator(".label").inner_text() == "dos"

    heard, rate = soundfile.read(box / "heard.wav", dtype="float32")
    assert rate >= 44_100 and abs(len(heard) / rate - 2.5) < 0.001
    source, best = word("dos"), aligned(sounds.read(box / "heard.wav"), word("dos"))
    for _ in range(2):
        if best < 0.99:  # on a busy machine Chromium loses 10 ms of its false microphone now and then: in 3 of 190 recordings
            power.click()
            widget.get_by_text("Recording: speak now.").wait_for()
            widget.get_by_text("Heard: dos").wait_for(timeout=20_000)
            best = max(best, aligned(sounds.read(box / "heard.wav"), source))
    assert best >= 0.99
    played = widget.locator("audio").evaluate(
        "async (audio) => { audio.muted = true; await audio.play(); return audio.duration; }"
    )
    assert abs(played - 2.5) < 0.001

    power.click()
    widget.get_by_text("Recording: speak now.").wait_for()
    page.wait_for_timeout(1400)
    power.click()  # stopped before its time
    widget.get_by_text("Heard: dos").wait_for(timeout=20_000)
    assert len(soundfile.read(box / "heard.wav")[0]) / rate < 2.4

    for name in ("uno", "tres"):
        widget.locator("select").select_option(name)
        power.click()
        widget.get_by_text(f"Heard: {name}").wait_for(timeout=20_000)
    file = io.BytesIO()
    soundfile.write(file, word("tres"), RATE, format="OGG", subtype="OPUS")
    for content, said in ((file.getvalue(), "Heard: tres"), (b"no sound", "mine.ogg: not a sound")):
        widget.locator("input[type=file]").set_input_files({"name": "mine.ogg", "mimeType": "audio/ogg", "buffer": content})
        widget.get_by_text(said).wait_for(timeout=20_000)
    widget.locator("input[type=file]").set_input_files({"name": "opera.wav", "mimeType": "audio/wav", "buffer": bytes(7_100_000)})
    widget.get_by_text("opera.wav has 7.1 MB").wait_for()

    widget.locator("select").select_option(index=0)
    power.click()
    widget.get_by_text("Recording: speak now.").wait_for()
    page.get_by_text("Edit", exact=True).first.click()
    page.get_by_text("Clear Cell Output", exact=True).click()
    page.wait_for_function("dark()")
    assert [text for text in complaints if not any(word in text for word in HARMLESS)] == []
    page.close()


PLAY = """\
import numpy as np
from pathlib import Path
from shoulders import plots, widgets

widgets.players({path.stem: path for path in sorted(Path("clips").glob("*.flac"))})"""


def test_clips_are_played_in_the_page(speaks, lab, box, tmp_path):  # noqa: F811
    notebook = notebook_of(PLAY, tmp_path / "players.ipynb")
    page, complaints = open_notebook(speaks, lab, notebook)
    run_all(page, box, notebook.name)
    players = page.locator(".shoulders-players figure")
    assert players.count() == 3 and players.locator("figcaption").all_inner_texts() == sorted(PITCHES)
    ends = players.locator("audio").first.evaluate(
        "(audio) => new Promise((end) => { audio.onended = () => end(audio.currentTime); audio.muted = true; audio.play(); })"
    )
    assert abs(ends - 1) < 0.02
    assert page.get_by_label("Play tres").count() == 1
    assert players.locator("img").first.evaluate("(image) => image.naturalWidth") > 300
    assert [text for text in complaints if not any(word in text for word in HARMLESS)] == []
    page.close()


OPEN = """async ([source, before]) => {
    eval(before);
    const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const { render } = (await import(address)).default;
    window.sent = [];
    render({ model: { on() {}, off() {}, send: (content) => sent.push(content) }, el: document.body });
    document.querySelector('.power').click();
}"""


def trouble(browser, address="http://localhost:8889/lab", before="", headers=None):
    """What the widget says on a page of this address, once Record was pressed; nobody answers there."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<title>a page</title>", content_type="text/html", headers=headers))
    page.goto(address)
    source = (COURSE / "shoulders" / "widgets" / "microphone.js").read_text(encoding="utf-8")
    page.evaluate(OPEN, [source, before])
    page.locator(".trouble").wait_for(timeout=20_000)
    said = page.locator(".trouble").inner_text()
    assert page.locator(".power").inner_text() == "Record" and said.endswith((", or open a file.", "again."))
    page.close()
    return said


REJECT = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '%s'))"
MUTE = "navigator.mediaDevices.getUserMedia = async () => new AudioContext().createMediaStreamDestination().stream"
UNPLUG = """
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (what) => {
        const stream = await ask(what)
        setTimeout(() => stream.getAudioTracks()[0].dispatchEvent(new Event('ended')), 300)
        return stream
    }"""


def test_a_microphone_that_cannot_be_used_is_said_with_what_to_do(chromium, speaks):
    insecure = trouble(speaks, "http://course.example:8889/lab")
    assert "no page like http://course.example:8889" in insecure
    assert "ssh -N -L 8889:localhost:8889 YOU@course.example" in insecure
    assert "busy" in trouble(speaks, before=REJECT % "NotReadableError")
    assert "no AudioWorklet" in trouble(speaks, before="delete window.AudioWorkletNode")
    assert "went away while it was recording" in trouble(speaks, before=UNPLUG)
    assert "No answer for 10 seconds" in trouble(speaks)
    assert "inside another page" in trouble(speaks, headers={"Permissions-Policy": "microphone=()"})
    vs_code = "document.body.dataset.vscodeThemeKind = 'vscode-dark';" + REJECT % "NotAllowedError"
    assert "VS Code" in trouble(speaks, before=vs_code)
    assert "No microphone was found" in trouble(speaks, before=REJECT % "NotFoundError")
    other = opened(chromium, says="deny")
    assert "not allowed to use the microphone" in trouble(other)
    other.close()


def test_a_muted_microphone_does_not_make_the_page_wait_for_ever(speaks):
    """It gives zeros alone: they are recorded, and Python says what they are."""
    page = speaks.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<title>a page</title>", content_type="text/html"))
    page.goto("http://localhost:8889/lab")
    source = (COURSE / "shoulders" / "widgets" / "microphone.js").read_text(encoding="utf-8")
    page.evaluate(OPEN, [source, MUTE])
    page.wait_for_function("sent.some((one) => one.do === 'hear')", timeout=20_000)
    page.close()


def test_where_the_sound_goes_is_said_beside_the_button(speaks):
    source = (COURSE / "shoulders" / "widgets" / "microphone.js").read_text(encoding="utf-8")
    for address, elsewhere in (("http://localhost:8889/lab", False), ("https://hub.example/lab", True)):
        page = speaks.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<title>a page</title>", content_type="text/html"))
        page.goto(address)
        page.evaluate(OPEN, [source, ""])
        said = page.locator(".shoulders-microphone").inner_text()
        assert re.search("to the Python behind this notebook and no further", said)
        assert ("not on yours" in said) == elsewhere
        page.close()
