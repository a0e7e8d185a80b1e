"""The interactive parts, of ipywidgets 7 and 8. Each only calls what can be called without a widget."""

from __future__ import annotations

import html
import io
from functools import lru_cache
from pathlib import Path

import ipywidgets
from IPython.display import display
from PIL import Image

from shoulders.errors import CourseError

REMEMBERED = 200
"""Plates that a filter browser keeps: what was looked at before comes at once."""


def uploaded(value) -> list[bytes]:
    """The files in an upload widget's value: ipywidgets 7 keeps them in a dict, 8 in a tuple."""
    files = value.values() if isinstance(value, dict) else value
    return [bytes(file["content"]) for file in files]


def ask(answer, samples) -> ipywidgets.VBox:
    """A picture of your own: upload one, or choose a sample, and press the button.

    Parameters
    ----------
    answer : callable
        Given a file object or path, returns something to display.
    samples : dict of str to path
        What to choose from where there is no picture to upload.
    """
    upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your picture")
    sample = ipywidgets.Dropdown(options=list(samples), description="or")
    button = ipywidgets.Button(description="Ask the network", button_style="primary")
    output = ipywidgets.Output()

    def forget_the_sample(_):
        sample.value = None  # what was chosen last is asked about

    def pressed(_):
        source = Path(samples[sample.value]) if sample.value else io.BytesIO(uploaded(upload.value)[-1])
        output.clear_output(wait=True)
        with output:
            try:
                display(answer(source))
            except (CourseError, Image.DecompressionBombError) as error:
                print(error)

    upload.observe(forget_the_sample, "value")
    button.on_click(pressed)
    return ipywidgets.VBox([ipywidgets.HBox([upload, sample, button]), output])


def best_of(network, tops, one: int, rule: str = "deconvnet"):
    """The strongest patches of one map and their projections, as a drawing.

    Parameters
    ----------
    network : Backbone
    tops : shoulders.visualize.search.Tops
        What was found for its layer.
    one : int
        The map.
    rule : str
        One of `shoulders.visualize.RULES`.

    Raises
    ------
    shoulders.visualize.VisualizeError
        For a map that answers to none of the pictures.
    """
    from shoulders import plates, visualize

    if one in tops.dead:
        raise visualize.VisualizeError(
            f"Map {one} of {tops.layer} answers to none of the {tops.searched} pictures: choose another one."
        )
    found = visualize.plate(network, tops.images, tops.layer, [one], tops.values.shape[1], rule, tops=tops)
    return plates.plate(found)


def browse(network, found) -> ipywidgets.VBox:
    """A filter browser: choose a layer, a map and a rule, and see what excites the map most.

    Parameters
    ----------
    network : Backbone
    found : dict of str to shoulders.visualize.search.Tops
        For each layer what `shoulders.visualize.top_activations` found with this network.
    """
    from shoulders import visualize

    layer = ipywidgets.Dropdown(options=list(found), description="layer")
    one = ipywidgets.IntSlider(description="map", max=_last(found, layer.value), continuous_update=False)
    rule = ipywidgets.ToggleButtons(options=list(visualize.RULES), value="deconvnet", description="rule")
    plate, words = ipywidgets.Image(format="png"), ipywidgets.HTML()

    @lru_cache(REMEMBERED)
    def drawn(layer, one, rule):
        drawing = best_of(network, found[layer], one, rule)
        _, page, width = drawing.page()  # a browser tells PNG from JPEG by itself
        return page, str(width), drawing.words

    def changed(_=None):
        try:
            plate.value, plate.width, said = drawn(layer.value, one.value, rule.value)
        except CourseError as error:
            plate.width, said = "0", str(error)
        words.value = html.escape(said)

    def other_layer(_):
        one.unobserve(changed, "value")  # a shorter slider moves its knob: one plate, not two
        one.max = _last(found, layer.value)
        one.observe(changed, "value")
        changed()

    layer.observe(other_layer, "value")
    one.observe(changed, "value")
    rule.observe(changed, "value")
    changed()
    return ipywidgets.VBox([ipywidgets.HBox([layer, one]), rule, plate, words])


def _last(found, layer):
    return len(found[layer].values) - 1
