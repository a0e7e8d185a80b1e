"""The upload widget, in the shapes of ipywidgets 7 and 8, pressed as a person would press it."""

import io
from datetime import UTC, datetime

import pytest
from making import paint

from shoulders import pictures, widgets
from shoulders.widgets import asking


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
