"""A filter browser: what excites a map most, and how the network comes to it."""

from __future__ import annotations

import html
from functools import lru_cache

import ipywidgets

from shoulders.support.errors import CourseError

REMEMBERED = 200
"""Plates that a filter browser keeps: what was looked at before comes at once."""


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

    wide = ipywidgets.Layout(flex="0 0 auto", max_width="100%")  # a slider that shrinks loses its number
    layer = ipywidgets.Dropdown(options=list(found), description="layer", layout=wide)
    one = ipywidgets.IntSlider(description="map", max=_last(found, layer.value), continuous_update=False, layout=wide)
    rule = ipywidgets.ToggleButtons(
        options=list(visualize.RULES), value="deconvnet", description="rule", style={"button_width": "auto"}
    )
    plate, words = ipywidgets.Image(format="png"), ipywidgets.HTML()

    @lru_cache(REMEMBERED)
    def drawn(layer, one, rule):
        drawing = best_of(network, found[layer], one, rule)
        _, page, width = drawing.page()
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
    chosen = ipywidgets.HBox([layer, one], layout=ipywidgets.Layout(flex_flow="row wrap"))
    return ipywidgets.VBox([chosen, rule, plate, words])


def _last(found, layer):
    return len(found[layer].values) - 1
