"""A picture of your own, and a button."""

from __future__ import annotations

import io
from pathlib import Path

import ipywidgets
from IPython.display import display
from PIL import Image

from shoulders.support.errors import CourseError


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
    whole = {"width": "auto", "flex": "0 0 auto"}  # a narrow page would cut the words on them
    upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your picture", layout=whole)
    sample = ipywidgets.Dropdown(options=list(samples), description="or")
    button = ipywidgets.Button(description="Ask the network", button_style="primary", layout=whole)
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
    row = ipywidgets.HBox([upload, sample, button], layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([row, output])
