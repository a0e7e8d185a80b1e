"""The upload widget, in the shapes of ipywidgets 7 and 8, pressed as a person would press it."""

import io

import pytest
from making import paint

from shoulders import pictures, widgets


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
    monkeypatch.setattr(widgets, "display", shown.append)

    def answer(source):
        heard.append(pictures.read(source).size)
        return "an answer"

    box = widgets.ask(answer, {"a sample": tmp_path / "sample.png"})
    (upload, _, button), _ = box.children[0].children, box.children[1]
    return upload, button, heard, shown


def test_the_button_asks_about_the_sample(asked):
    _, button, heard, shown = asked
    button.click()
    assert heard == [(80, 60)] and shown == ["an answer"]
    assert button.description == "Ask the network"


def test_an_uploaded_picture_goes_before_the_sample(asked, monkeypatch):
    _, button, heard, _ = asked
    monkeypatch.setattr(widgets, "uploaded", lambda value: [as_bytes(paint(2, (30, 20)))])
    button.click()
    assert heard == [(30, 20)]


def test_a_bad_upload_is_said_not_raised(asked, monkeypatch, capsys):
    _, button, heard, shown = asked
    monkeypatch.setattr(widgets, "uploaded", lambda value: [b"no picture"])
    button.click()
    assert not heard and not shown
    assert "not a picture" in capsys.readouterr().out
