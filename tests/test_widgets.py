"""The upload widget, in the shapes of ipywidgets 7 and 8, pressed as a person would press it; the camera, asked as a page asks."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from making import paint

from shoulders import pictures, teaching, widgets
from shoulders.widgets import asking, camera


def as_bytes(image):
    page = io.BytesIO()
    image.save(page, "PNG")
    return page.getvalue()


@pytest.mark.parametrize(
    "value", [{"a.png": {"content": b"xyz", "metadata": {}}}, ({"content": memoryview(b"xyz"), "name": "a.png"},), (), {}]
)
def test_uploads_of_both_versions(value):
    assert widgets.uploaded(value) == ([b"xyz"] if value else [])


@pytest.fixture
def asked(tmp_path, monkeypatch):
    (tmp_path / "sample.png").write_bytes(as_bytes(paint(1)))
    heard, shown = [], []
    monkeypatch.setattr(asking, "display", shown.append)

    def answer(source):
        heard.append(pictures.read(source).size)
        return "an answer"

    box = widgets.ask(answer, {"a sample": tmp_path / "sample.png"})
    upload, sample, button = box.children[0].children
    return upload, sample, button, heard, shown


def test_the_button_asks_about_the_sample(asked):
    _, _, button, heard, shown = asked
    button.click()
    assert heard == [(80, 60)] and shown == ["an answer"]
    assert button.description == "Ask the network"


def give(upload, content):
    """What the browser does, in ipywidgets 8 and in 7."""
    if isinstance(upload.value, dict):
        upload.set_trait("value", {"mine.png": {"metadata": {"name": "mine.png"}, "content": content}})
    else:
        about = {"name": "mine.png", "type": "image/png", "size": len(content), "last_modified": datetime.now(UTC)}
        upload.value = [about | {"content": content}]


def test_what_was_chosen_last_is_asked_about(asked):
    upload, sample, button, heard, _ = asked
    give(upload, as_bytes(paint(2, (30, 20))))
    button.click()
    sample.value = "a sample"
    button.click()
    give(upload, as_bytes(paint(3, (20, 30))))
    button.click()
    assert heard == [(30, 20), (80, 60), (20, 30)]


def test_a_bad_upload_is_said_not_raised(asked, capsys):
    upload, _, button, heard, shown = asked
    give(upload, b"no picture")
    button.click()
    assert not heard and not shown
    assert "not a picture" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------------ the camera


def look(sources):
    """A network that sees the mean colour."""
    return {"hidden": np.stack([np.asarray(pictures.read(one).resize((1, 1)), np.float32).ravel() for one in sources])}


def frame(colour, seed=0):
    file = io.BytesIO()
    paint(seed, (32, 32), colour).save(file, "JPEG")
    return file.getvalue()


RED, BLUE = (200, 60, 60), (60, 60, 200)


class Page:
    """What a page does: it asks, with bytes as a memoryview, and hears what is told."""

    def __init__(self, **given):
        self.examples = teaching.Examples(["red", "blue"])
        self.widget, self.heard = camera.Camera(self.examples, look, **given), []
        self.widget.send = lambda content, buffers=None: self.heard.append((content, buffers))

    def ask(self, do, *buffers, **asked):
        """What came of it."""
        before = len(self.heard)
        self.widget._handle_custom_msg({"do": do, "view": "here"} | asked, [memoryview(one) for one in buffers])
        return self.heard[before:]

    def teach(self):
        for i in range(3):
            self.ask("look", frame(RED, i), frame=2 * i, label="red", press="one")
            self.ask("look", frame(BLUE, i), frame=2 * i + 1, label="blue", press="two")


@pytest.fixture
def page():
    return Page()


def test_a_page_that_opens_is_told_what_is_there(page):
    page.teach()
    ((told, buffers),) = page.ask("hello")
    assert told["tell"] == "state" and told["view"] == "here" and not buffers
    assert told["classes"] == [
        {"name": "red", "count": 3, "latest": [0, 2, 4]},
        {"name": "blue", "count": 3, "latest": [1, 3, 5]},
    ]
    for name in "cde":
        page.ask("add", name=name)
    assert page.examples.classes == ["red", "blue", "c", "d", "e"]


def test_a_frame_is_answered_to_the_page_that_asked(page):
    page.teach()
    ((told, _),) = page.ask("look", frame(RED, 9), frame=31)
    assert (told["tell"], told["view"], told["frame"]) == ("answer", "here", 31)
    answer = told["answer"]
    assert answer["label"] == "red" and answer["share"] == 1 and [one["label"] for one in answer["voters"]] == ["red"] * 3
    json.dumps(told)  # plain numbers, which numpy's are not
    assert len(page.examples) == 6, "a frame without a label was learnt"


def test_a_collected_frame_is_told_to_every_page_and_taken_back(page):
    (answer, _), (state, _) = page.ask("look", frame(RED), frame=1, label="red", press="one")
    assert answer["answer"] == {"label": None, "share": 0.0, "similarity": -1.0, "voters": []}
    assert state["view"] is None and state["classes"][0] == {"name": "red", "count": 1, "latest": [0]}
    page.ask("look", frame(RED, 1), frame=2, label="red", press="one")
    assert type(page.examples.held[0].picture) is bytes
    ((state, _),) = page.ask("undo")
    assert state["said"] == "2 pictures taken back." and len(page.examples) == 0
    assert page.ask("undo")[0][0]["said"] == "There is nothing to take back."


def test_the_pictures_of_neighbours_are_sent_when_asked_for(page):
    page.teach()
    ((told, buffers),) = page.ask("pictures", numbers=[4, 1, 99])
    assert told["numbers"] == [1, 4] and [bytes(one) for one in buffers] == [frame(BLUE, 0), frame(RED, 2)]


def test_classes_change_and_a_refused_name_is_said(page):
    page.teach()
    ((state, _),) = page.ask("rename", name="red", new="warm")
    assert [one["name"] for one in state["classes"]] == ["warm", "blue"]
    (state, _), (trouble, _) = page.ask("rename", name="blue", new="Warm")
    assert state["classes"][1]["name"] == "blue" and "already" in trouble["said"]
    ((state, _),) = page.ask("remove", name="warm")
    assert state["said"] == "warm is gone, and 3 pictures with it." and page.examples.counts == {"blue": 3}


def test_the_threshold_is_the_sliders(page):
    page.teach()
    assert page.ask("threshold", value=1.0) == [] and page.widget.desk.threshold == 1
    ((told, _),) = page.ask("look", frame((60, 200, 60)), frame=1)
    assert told["answer"]["label"] is None and told["answer"]["voters"]


def test_saving_is_asked_for_and_told(page, tmp_path):
    page.teach()
    ((state, _),) = page.ask("save", folder=str(tmp_path / "colours"))
    assert state["said"] == f"6 pictures saved in {tmp_path / 'colours'}, a folder for each class."
    ((trouble, _),) = page.ask("save", folder=str(tmp_path / "colours"))
    assert trouble["tell"] == "trouble" and "nothing is overwritten" in trouble["said"]


def test_whatever_goes_wrong_the_page_is_not_left_waiting(page):
    for picture, label, said in ((b"no frame", None, "not a picture"), (frame(RED), "green", "No class is called 'green'")):
        ((told, _),) = page.ask("look", picture, frame=8, label=label)
        assert (told["tell"], told["frame"]) == ("trouble", 8) and said in told["said"]

    def broken(sources):
        raise RuntimeError("no memory left\nfar more")

    page.widget.desk.look = broken
    ((told, _),) = page.ask("look", frame(RED), frame=9)
    assert told["said"] == "Python could not do this: RuntimeError, no memory left"


def test_recorded_frames_come_from_here_and_are_shown_there(tmp_path):
    for i in range(2):
        (tmp_path / f"{i}.jpg").write_bytes(frame(RED, i))
    page = Page(recordings={"red ones": sorted(tmp_path.glob("*.jpg"))}, group="tape")
    assert page.ask("hello")[0][0]["recordings"] == [{"name": "red ones", "frames": 2}]
    (answer, buffers), _ = page.ask("look", recording="red ones", at=1, frame=1, label="red", press="one")
    assert answer["tell"] == "answer" and bytes(buffers[0]) == frame(RED, 1)
    assert page.examples.held[0].picture == frame(RED, 1) and page.examples.held[0].group == "tape"


def test_no_picture_is_in_the_widgets_state(page):
    page.teach()
    assert repr(page.widget) == "A camera that teaches red, blue"
    state = page.widget.get_state()
    assert not [name for name, value in state.items() if isinstance(value, bytes | memoryview | list | dict) and value]
    assert "export default { render }" in state["_esm"] and ".shoulders-camera" in state["_css"]
