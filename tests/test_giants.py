"""The catalogue finds what is asked for and says what it leaves out; a layout costs what a hand would count."""

import numpy as np
import pytest
import torch
from making import set_of

from shoulders import backbones, costs, cutting, datasets, features, giants, widgets
from shoulders.backbones import BackboneError, catalogue, timm
from shoulders.giants import listing
from shoulders.intervals import ComparisonError, wilson
from shoulders.report import choosing
from shoulders.widgets import searching

# name, side in pixels of a small picture that it takes, and numbers that go into its head
SOURCES = {
    "vgg16": 4096, "googlenet": 1024, "inception_v3": 2048, "inception_v4": 1536, "resnet50": 2048, "resnet101": 2048,
    "resnet152": 2048, "nasnetalarge": 4032, "mobilenet_v2": 1280,
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_every_name_of_the_sources_is_built_listed_and_cut(name):
    """Shapes alone: nothing is computed."""
    with torch.device("meta"):
        backbone = backbones.blank(name)
        listed = cutting.layers(backbone)
        body = cutting.decapitate(backbone)
        crop = backbone.transform.crop
        with torch.inference_mode():
            assert body(torch.zeros(2, 3, crop, crop)).shape == (2, body.out_features) == (2, SOURCES[name])
        assert cutting.head_of(backbone) in listed.index
    assert costs.layout(name).features == SOURCES[name]


def test_one_look_of_a_giant_with_random_weights(exact):
    from dataclasses import replace

    network = replace(backbones.load("googlenet", "random"), transform=backbones.Transform(72, 64))
    said = features.looker(network)([np.zeros((64, 64, 3), np.uint8)])["hidden"]
    assert said.shape == (1, 1024) and np.isfinite(said).all()


def test_a_layout_is_what_a_hand_counts():
    """vgg16: its widest maps are 64 × 224 × 224 numbers, and of two of them one is made from the other."""
    found = costs.layout("vgg16")
    assert found.parameters == 138_357_544
    assert found.gmacs == pytest.approx(15.47, abs=0.01)
    assert found.megabytes == pytest.approx(2 * 64 * 224 * 224 * 4 / 1e6, rel=0.05)


def test_memory_and_seconds_grow_as_told(monkeypatch):
    monkeypatch.setattr(costs, "pace", lambda: (2.0, 3.0))
    monkeypatch.setattr(costs.devices, "precision", lambda: "bf16")
    layout = costs.Layout(1_000_000, 5.0, 7.0, 10, 40.0)
    assert layout.seconds(10) == pytest.approx(10 * (2 * 5 + 3 * 7))
    assert layout.memory(8) == pytest.approx(4 + 2 + 8 * 40 / 2)


def test_without_a_wish_the_catalogue_is_found_and_every_wish_narrows_it():
    assert [card.name for card in catalogue.search().cards] == list(backbones.cards())
    assert {card.name for card in catalogue.search(["TINY", "ours"]).cards} <= {card.name for card in backbones.cards().values()}
    small = catalogue.search(max_mb=10)
    assert all(0 < card.bytes <= 10e6 for card in small.cards) and "of unknown size, left out" in small.remarks[0]
    quick = catalogue.search(camera=True)
    assert all(card.gmacs <= catalogue.CAMERA for card in quick.cards) and catalogue.RULE in quick.remarks
    assert "efficientnet_lite0" in {card.name for card in quick.cards} and 0.385 < catalogue.CAMERA < 0.6
    assert all("mit" in card.licence.casefold() for card in catalogue.search(licence="MIT").cards)
    assert {card.sense for card in quick.cards} == {"pictures"}, "what hears is asked by no camera"
    assert {card.sense for card in catalogue.search(["sounds"]).cards} == {"sounds"}
    with pytest.raises(BackboneError, match=r"no giant of 'vgg_16'.*Did you mean vgg16\?"):
        catalogue.search(["vgg_16"])


def test_what_timm_leaves_open_is_said_and_its_cards_are_those_of_their_names():
    found = {card.name: card for card in timm.others()}
    assert len(found) + timm.left_out() == len(__import__("timm").list_pretrained())
    card = found["inception_v4.tf_in1k"]
    assert card == timm.card(card.name) and card.trained_on == "ImageNet-1K (tag tf_in1k)"
    row = catalogue.row(card)
    assert row["parameters"] is row["gmacs"] is row["top1"] is row["megabytes"] is None and not row["on_disk"]
    assert timm._trained_on("sw_in12k_ft_in1k") == "ImageNet-12K, ImageNet-1K (tag sw_in12k_ft_in1k)"
    assert timm._trained_on("openai") == "unknown (tag openai)" and timm._trained_on("") == "unknown"


def test_the_listing_tells_sources_by_number(capsys):
    rows = listing.say_found(catalogue.search())
    said = capsys.readouterr().out
    assert [row["name"] for row in rows] == list(backbones.cards())
    assert "top-1: our own measurement, 10,000 validation pictures of Tiny ImageNet" in said and "shoulders fetch vgg16" in said


def test_a_card_tells_what_was_counted_and_what_is_unknown():
    page = giants.page("inception_v4", measure=False)
    told = dict(page.lines)
    assert "42,679,816 (counted in its layout)" in told["numbers"] and told["top-1"] == told["paper"] == "unknown"
    assert "1,536 numbers" in told["features"] and "`shoulders fetch inception_v4` brings it" in told["here"]
    assert page.markdown().startswith("### inception_v4") and "seconds" not in page.facts
    assert max(map(len, str(page).splitlines())) <= 90 and "<table>" in page._repr_html_()
    assert giants.named(["vgg16"], None, "", False) and not giants.named(["vgg"], None) and not giants.named(["vgg16"], 5)


def test_the_box_of_words_searches():
    box = widgets.giants()
    box.children[0].value = "squeezenet1_1"
    assert "squeezenet1_1" in box.children[1].value and "convnext_tiny" not in box.children[1].value
    assert "no giant of" in searching.found("nothing_like_it")


def test_the_training_pictures_choose(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 6, 4))
    networks = [backbones.load("vgg16_tiny", "random"), backbones.load("vgg16_tiny")]
    choice = choosing.choose(held, networks)
    assert [one.promise for one in choice.tried] == sorted((one.promise for one in choice.tried), reverse=True)
    row = choice.rows()[0]
    assert row["judged"] == 12 and (row["promise_low"], row["promise_high"]) == wilson(choice.best.right, 12)
    assert choosing.out_of_fold(held, choice.best).right.sum() == choice.best.right
    assert list(choice.sentences())[0].startswith(choice.best.network.name)
    with pytest.raises(ComparisonError, match="No giant"):
        choosing.choose(held, [])
    with pytest.raises(ComparisonError, match="--weights is 'vgg16'"):
        choosing.own_weights(["vgg16"])
    assert choosing.own_weights(["a=b=c"]) == {"a": "b=c"}
