"""Lesson 01 in a real browser: JupyterLab runs it from the first to the last cell, and a button does what it says.
Lesson 04a's filter browser too, in a small notebook of its own: another layer, map and rule, by mouse and by keyboard. And the
camera, to which Chromium plays a film of hands.

JupyterLab listens on 127.0.0.1 with a random token, with settings of its own, on a copy of the notebook.
"""

import io
import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from making import paint
from PIL import Image

COURSE = Path(__file__).resolve().parent.parent
NOTEBOOK = COURSE / "notebooks" / "01_predictions_on_predictions.ipynb"
BUTTON = "Ask the network"
RUN_SECONDS = 300
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ENVIRONMENT = dict(os.environ)  # before any fixture puts other places in it: the pictures that the notebooks get
QUIET = '{"fetchNews": "false", "checkForUpdates": false}'
HARMLESS = ("favicon",)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Any Chromium or Chrome of this machine, without a window; its camera plays a film."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser")
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("neither Chromium nor Chrome is on this machine: no test in a browser")
    film = tmp_path_factory.mktemp("film") / "hands.mjpeg"
    film.write_bytes(b"".join(film_of_hands()))
    with sync_api.sync_playwright() as playwright:
        browser = launched(playwright.chromium, found, f"--use-file-for-fake-video-capture={film}")
        yield browser
        browser.close()


def launched(chromium, path, *flags, cameras="", says="allow"):
    """A Chromium that says yes or no to whoever asks for the camera."""
    fake = [f"--use-fake-device-for-media-stream{cameras}", f"--use-fake-ui-for-media-stream{'=deny' * (says == 'deny')}"]
    return chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", *fake, *flags])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab, up to the name of a notebook; and the folder that it serves."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed: no test in a browser")
    home = tmp_path_factory.mktemp("lab")
    served = home / "served"
    served.mkdir()
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(QUIET)
    token, port = secrets.token_hex(16), _free_port()
    folders = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    places = {f"JUPYTER_{name}": str(home / folder) for name, folder in folders.items()}
    places |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    paths = [str(COURSE), *filter(None, [ENVIRONMENT.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={served}"]
    command += ["--ServerApp.kernel_websocket_connection_class=shoulders.course.lab.PromptConnection"]
    command += ["--allow-root"] * (hasattr(os, "geteuid") and os.geteuid() == 0)
    # The token goes by the environment: a command line is there for every user of the machine to read.
    environment = ENVIRONMENT | places | {"JUPYTER_TOKEN": token, "PYTHONPATH": os.pathsep.join(paths)}
    with open(home / "log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=home)
    try:
        _await_server(f"http://127.0.0.1:{port}/api/status?token={token}", server, home / "log")
        yield (lambda name: f"http://127.0.0.1:{port}/doc/tree/{name}?token={token}&reset"), served
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _await_server(address, server, log, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def open_notebook(browser, lab, notebook, first=""):
    """A page with a copy of the notebook and a kernel that is ready; and what the console complains about, as it comes.

    The page runs the script `first` before anything else.
    """
    address, served = lab
    shutil.copy(notebook, served / notebook.name)
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.add_init_script(first)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address(notebook.name))
    idle(page, 60)
    return page, complaints


def idle(page, seconds):
    """The status bar knows when the kernel is connected and done; the indicator in the toolbar says so too early."""
    page.get_by_text(re.compile(r"Python 3 \(ipykernel\) \| Idle")).first.wait_for(timeout=1000 * seconds)


def run_all(page, served, name):
    """Run every cell; the file that JupyterLab then saves."""
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => { const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
                   return prompts.some(p => /\\d/.test(p)) && !prompts.some(p => p.includes('*')); }""",
        timeout=1000 * RUN_SECONDS,
    )
    idle(page, 60)
    page.keyboard.press("Control+s")
    return _saved(served / name)


def _saved(path, patience=30):
    """JupyterLab writes in its own time: wait until the last cell's number is in the file."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
            if all(cell["execution_count"] for cell in cells if "".join(cell["source"]).strip()):
                return cells
        except ValueError:
            pass
        time.sleep(0.5)
    raise AssertionError("JupyterLab ran the notebook, but some cells have no number: they were not run or not saved.")


FIGURES = """() => [...document.querySelectorAll('.jp-OutputArea img')]
    .filter(image => image.naturalWidth > 0 && image.getClientRects().length).length"""


def test_lesson_01_runs_and_its_button_answers(browser, lab, request):
    if not NOTEBOOK.exists():
        pytest.skip(f"{NOTEBOOK.name} has not been built yet")
    if reason := _lacking(request.config):
        pytest.skip(reason)
    page, complaints = open_notebook(browser, lab, NOTEBOOK)
    cells = run_all(page, lab[1], NOTEBOOK.name)

    failed = [output["evalue"] for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert failed == []
    assert page.evaluate(FIGURES) > 0, "no figure to be seen"

    button = page.locator(".jp-OutputArea button", has_text=BUTTON).first
    button.scroll_into_view_if_needed()
    box = page.locator(".widget-box", has=page.locator("button", has_text=BUTTON)).first
    answer = box.locator(".widget-output .jp-OutputArea-output").last
    button.click()
    answer.wait_for(timeout=60_000)
    idle(page, 60)
    assert "Traceback" not in answer.inner_text()
    assert [text for text in complaints if not any(word in text for word in HARMLESS)] == []


BROWSE = """\
from shoulders import backbones, datasets, visualize, widgets

network, some = backbones.load("vgg16_tiny"), datasets.load("felt_cats_vs_dogs").valid.take(range(6))
found = {layer: visualize.top_activations(network, some, layer, k=4) for layer in ("features.3", "features.8")}
widgets.browse(network, found)"""

SHOWN = "[...document.querySelectorAll('img.widget-image')].filter(i => i.naturalWidth > 0).map(i => i.src).join()"


def test_the_filter_browser_shows_another_plate(browser, lab, request, tmp_path):
    if reason := _lacking(request.config):
        pytest.skip(reason)
    notebook = notebook_of(BROWSE, tmp_path / "filter_browser.ipynb")
    page, complaints = open_notebook(browser, lab, notebook)
    run_all(page, lab[1], notebook.name)
    words = page.locator(".widget-html").last

    def differs_after(act, word):
        """The plate's words, once another plate than before has come and they hold `word`: a late one of before is none."""
        page.wait_for_function(f"() => {SHOWN} !== ''", timeout=60_000)
        before = page.evaluate(f"() => {SHOWN}")
        act()
        page.wait_for_function(f"(before) => {SHOWN} !== '' && {SHOWN} !== before", arg=before, timeout=60_000)
        page.wait_for_function("(word) => [...document.querySelectorAll('.widget-html')].pop().innerText.includes(word)", arg=word)
        idle(page, 60)
        return words.inner_text()

    said = differs_after(lambda: page.locator(".widget-dropdown select").first.select_option("features.8"), "features.8")
    assert "features.8" in said and "deconvnet" in said
    knob = page.locator(".widget-slider .noUi-handle, .widget-slider .ui-slider-handle").first
    knob.focus()
    assert "features.8" in differs_after(lambda: page.keyboard.press("ArrowRight"), "features.8")
    page.locator(".widget-toggle-button", has_text="guided").first.focus()
    assert "guided" in differs_after(lambda: page.keyboard.press("Space"), "guided")
    assert "Traceback" not in words.inner_text()
    assert [text for text in complaints if not any(word in text for word in HARMLESS)] == []


# ------------------------------------------------------------------------------------------------------------ the camera

SIGNS = {"fist": (200, 60, 60), "open": (60, 200, 60), "victory": (60, 60, 200)}
LENGTH = 48  # frames of each sign in a film, of which Chromium plays 30 a second, round and round


def film_of_hands():
    """JPEGs, 320 × 240: three signs in one room, then in another. The grey of the sides, which nobody sends, says which."""
    for scene, (room, sign) in enumerate(itertools.product("ab", SIGNS)):
        hands = hands_of(room, sign)
        for i in range(LENGTH):
            image, file = Image.new("RGB", (320, 240), (20 + 40 * scene,) * 3), io.BytesIO()
            image.paste(hands[i * len(hands) // LENGTH], (40, 0))
            image.save(file, "JPEG", quality=88)
            yield file.getvalue()


def hands_of(room, sign):
    """Felt hands; where these are not in the box, waves of the sign's own that move a little."""
    felt = sorted((COURSE / "data" / "felt" / "hand_sessions" / room / sign).glob("*.jpg"))
    if felt:
        return [Image.open(path).convert("RGB").resize((240, 240)) for path in felt]
    waves, first = paint(len(sign), (270, 270), SIGNS[sign]), ord(room) - ord("a")
    return [waves.crop((i, i, 240 + i, 240 + i)) for i in range(first, 30, 4)]


WATCH = """
window.streams = []; window.pairs = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), toBlob = HTMLCanvasElement.prototype.toBlob;
navigator.mediaDevices.getUserMedia = async (what) => { const stream = await ask(what); streams.push(stream); return stream; };
window.scene = () => {
    const video = document.querySelector('.shoulders-camera video'), dot = new OffscreenCanvas(1, 1).getContext('2d');
    dot.drawImage(video, 4, video.videoHeight / 2, 4, 4, 0, 0, 1, 1);
    return video.readyState < 2 ? -1 : Math.round((dot.getImageData(0, 0, 1, 1).data[0] - 20) / 40);
};
let asked = -1;
HTMLCanvasElement.prototype.toBlob = function (...given) {  // the next frame: what is shown now answers the one before
    pairs.push([asked, document.querySelector('.shoulders-camera .answer .label').textContent]);
    asked = scene();
    return toBlob.apply(this, given);
};
window.collected = (i) => Number(document.querySelectorAll('.shoulders-camera .count')[i].textContent);
"""

TEACH = """\
from shoulders import backbones, features, teaching
from shoulders.widgets import camera

look = features.looker(backbones.load("efficientnet_lite0"), threads=1)
camera.Camera(teaching.Examples(["fist", "open", "victory"]), look)"""


def test_the_camera_is_taught_three_signs_and_knows_them_in_another_room(browser, lab, tmp_path):
    notebook = notebook_of(TEACH, tmp_path / "camera.ipynb")
    page, complaints = open_notebook(browser, lab, notebook, WATCH)
    run_all(page, lab[1], notebook.name)
    widget = page.locator(".shoulders-camera")
    widget.get_by_text("Start", exact=True).click()
    for i, sign in enumerate(SIGNS):
        press = widget.get_by_label(f"Hold to collect {sign}")
        press.hover()
        page.wait_for_function(f"scene() === {i}", polling=30)
        page.mouse.down() if i < 2 else page.keyboard.down("3")
        page.wait_for_function(f"collected({i}) >= 4", polling=30)
        page.mouse.up() if i < 2 else page.keyboard.up("3")
    assert page.locator(".jp-MarkdownCell").count() == 0, "JupyterLab took the digit for a heading"

    page.evaluate("pairs.length = 0")
    page.wait_for_function("[3, 4, 5].every(i => pairs.filter(([scene]) => scene === i).length > 8)", polling=100)
    told = [(list(SIGNS)[scene - 3], label) for scene, label in page.evaluate("pairs") if scene >= 3]
    assert sum(sign == label for sign, label in told) >= 0.9 * len(told), told
    assert widget.locator(".voters img").first.evaluate("image => image.naturalWidth") == 256

    page.get_by_text("Edit", exact=True).first.click()
    page.get_by_text("Clear Cell Output", exact=True).click()
    page.wait_for_function("streams.length === 1 && streams[0].getTracks().every(track => track.readyState === 'ended')")
    assert widget.count() == 0
    assert [text for text in complaints if not any(word in text for word in HARMLESS)] == []


def test_the_page_without_a_notebook_is_taught_too(browser, tmp_path):
    from shoulders import pictures, teaching
    from shoulders.widgets import page as pages

    def look(sources):
        return {"hidden": np.stack([np.asarray(pictures.read(one).resize((8, 8)), np.float32).ravel() for one in sources])}

    examples = teaching.Examples(["hand"])
    shown, complaints = pages.Page(examples, look, str(tmp_path / "hands")), []
    threading.Thread(target=shown.run).start()
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(shown.address)
        page.get_by_text("Start", exact=True).click()
        page.wait_for_function("document.querySelector('.cover').hidden")
        page.get_by_placeholder("a new class").fill("fist")
        page.keyboard.press("Enter")
        page.get_by_label("Name of class 2").wait_for()
        page.get_by_label("Hold to collect fist").click()  # a short press collects one
        page.wait_for_function("document.querySelector('.answer .label').textContent === 'fist'")
        page.get_by_text("Save as folders").click()
        page.get_by_text("1 picture saved in").wait_for()
    finally:
        page.close()
        shown.stop()
    assert examples.counts == {"hand": 0, "fist": 1} and complaints == []
    with Image.open(tmp_path / "hands" / "fist" / "00000.jpg") as saved:
        assert saved.size == (256, 256)


OPEN = """async ([source, kind]) => {
    if (kind) navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', kind));
    const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const { render } = (await import(address)).default;
    render({ model: { on() {}, off() {}, send() {} }, el: document.body });
    document.querySelector('.power').click();
}"""


def trouble(browser, address="http://localhost:8889/lab", kind=""):
    """What the widget says on a page of this address, once Start was pressed; nobody answers there."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<title>a page</title>", content_type="text/html"))
    page.goto(address)
    source = (COURSE / "shoulders" / "widgets" / "camera.js").read_text(encoding="utf-8")
    page.evaluate(OPEN, [source, kind])
    page.locator(".trouble").wait_for(timeout=20_000)
    said = page.locator(".trouble").inner_text()
    page.close()
    return said


def test_a_camera_that_cannot_be_used_is_said_with_what_to_do(browser):
    insecure = trouble(browser, "http://course.example:8889/lab")
    assert "no page like http://course.example:8889" in insecure
    assert "ssh -N -L 8889:localhost:8889 YOU@course.example" in insecure
    assert "busy" in trouble(browser, kind="NotReadableError")
    assert "No answer for 3 seconds" in trouble(browser)
    path = next(path for name in BROWSERS if (path := shutil.which(name)))
    for given, said in (
        ({"cameras": "=device-count=0"}, "No camera was found"),
        ({"says": "deny"}, "not allowed to use the camera"),
    ):
        other = launched(browser.browser_type, path, **given)
        assert said in trouble(other)
        other.close()


def notebook_of(cell, path):
    """A notebook with this one cell."""
    nbformat = pytest.importorskip("nbformat")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)], metadata=kernel), path)
    return path


def _lacking(config):
    conftest = next(plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "lacking"))
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(ENVIRONMENT)
        return conftest.lacking(NOTEBOOK)
    finally:
        os.environ.clear()
        os.environ.update(before)
