"""Views: what is cached is what the network would have said, mirrored or not, and it is made once."""

import numpy as np
import pytest
import torch
from making import network, set_of
from torch import nn

from shoulders import backbones, cutting, datasets, views
from shoulders.backbones import Transform
from shoulders.engine import pytorch

TRANSFORM = Transform(40, 32)


@pytest.fixture
def held(tmp_path):
    return datasets.load(set_of(tmp_path / "set", 7, 5))


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(views, "_KEPT", type(views._KEPT)())


def everything(held):
    return views.Part(views.decoded(held, TRANSFORM, np.arange(len(held))), np.arange(len(held)), held.labels)


def plain_loaders(held, batch_size, monkeypatch):
    monkeypatch.setattr(views, "LEAST", 1)
    seen = views.Seen(everything(held.train), everything(held.valid), nn.Identity(), TRANSFORM.batch, {})
    return views.loaders(seen, 2, batch_size)


def test_loaders_give_each_picture_once_with_its_label(held, monkeypatch):
    loaders = plain_loaders(held, 4, monkeypatch)
    images, labels = map(torch.cat, zip(*[(images.cpu(), labels.cpu()) for images, labels in loaders.valid]))
    assert labels.tolist() == held.valid.labels.tolist()
    expected = TRANSFORM.batch(torch.stack([TRANSFORM.picture(path) for path in held.valid.paths]))
    assert torch.equal(images, expected)
    assert loaders.c == 2
    seen = torch.cat([images.cpu() for images, _ in loaders.train]).flatten(1).double().sum(1).sort().values
    every = TRANSFORM.batch(torch.stack([TRANSFORM.picture(path) for path in held.train.paths]))
    assert torch.allclose(seen, every.flatten(1).double().sum(1).sort().values)


def test_half_are_mirrored_and_nothing_else_changes(tmp_path, monkeypatch):
    held = datasets.load(set_of(tmp_path / "more", 12, 2))
    loaders = plain_loaders(held, 24, monkeypatch)
    torch.manual_seed(0)
    plain = TRANSFORM.batch(torch.stack([TRANSFORM.picture(path) for path in held.train.paths]))
    (images, _), *rest = [(images.cpu(), labels) for images, labels in loaders.train]
    assert not rest
    straight = [any(torch.equal(image, other) for other in plain) for image in images]
    mirrored = [any(torch.equal(image.flip(-1), other) for other in plain) for image in images]
    assert all(a != b for a, b in zip(straight, mirrored))
    assert 4 <= sum(mirrored) <= 20  # of 24, each with chance one half: outside once in 700 seeds


def test_a_batch_never_holds_one_picture_alone(held, monkeypatch):
    """14 pictures in batches of 13: the one left over would break BatchNorm."""
    assert [len(labels) for _, labels in plain_loaders(held, 13, monkeypatch).train] == [13]


def test_a_small_set_is_repeated_and_a_large_one_is_not(held, monkeypatch):
    part = everything(held.train)
    monkeypatch.setattr(views, "LEAST", 15)
    assert np.bincount(part.repeated().positions).tolist() == [2] * 14
    monkeypatch.setattr(views, "LEAST", 14)
    assert len(part.repeated().positions) == 14


@pytest.mark.parametrize(("name", "blocks"), [("vgg16_tiny", 2), ("resnet18", 1), ("mobilenet_v2", 2), ("vgg16_tiny", 0)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_two_halves_are_the_whole_network(held, exact, name, blocks, mirrored):
    backbone = network(name)
    body = cutting.decapitate(backbone)
    groups = cutting.blocks(body.network)
    at = groups[-blocks][0] if blocks else cutting.HIDDEN
    seen = views.seen(backbone, body, at, held, np.array([3, 8]))
    images = torch.stack([backbone.transform.picture(held.train.paths[i]) for i in (8, 3)])
    with torch.inference_mode():
        expected = body(backbone.transform.batch(images.flip(-1) if mirrored else images))
        rows = seen.train.rows.ready(torch.tensor([8, 3]), torch.tensor([mirrored] * 2))
        torch.testing.assert_close(seen.module(seen.prepare(rows)), expected, rtol=1e-3, atol=1e-4)
    assert seen.module is not body


def test_what_is_never_mirrored_is_looked_at_once(held, exact):
    backbone, looked = network(), []
    body = cutting.decapitate(backbone)

    def read(images):
        looked.append(len(images))
        return images[:, :1].float()

    for mirrors, times in ((False, 1), (True, 2)):
        looked.clear()
        rows = views.answers(backbone, read, "somewhere", held.valid, np.arange(len(held.valid)), mirrors)
        assert sum(looked) == times * len(held.valid) and rows.rows.shape[1] == times
    seen = views.seen(backbone, body, cutting.HIDDEN, held, np.arange(len(held.train)))
    assert (seen.train.rows.rows.shape[1], seen.valid.rows.rows.shape[1]) == (2, 1)


def test_the_half_that_learns_is_the_body(held):
    """Its parameters are those of the body, and what lies below is not in it."""
    backbone = network("vgg16_tiny")
    body = cutting.decapitate(backbone)
    _, above = pytorch.split(backbone, body, "features.24")
    own = {id(p): name for name, p in body.named_parameters()}
    assert {own[id(p)].split(".")[2] for p in above.parameters()} == {"24", "26", "28"}


class Jumps(nn.Module):
    """A network that is no chain: its second layer sees the picture too."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Flatten())
        self.classifier = nn.Linear(3 * 32 * 32, 2)

    def forward(self, images):
        first = self.features[0](images)
        return self.classifier(self.features[2](self.features[1](first) + images.mean() * first))


def test_a_network_that_is_no_chain_is_not_split(held):
    module = Jumps()
    backbone = backbones.Backbone(
        backbones.Card("jumps", "", TRANSFORM, head="classifier"), TRANSFORM, "digest", "", lambda: module
    )
    body = cutting.decapitate(backbone)
    seen = views.seen(backbone, body, "features.1", held, np.arange(3))
    assert seen.module is body


def test_rows_are_made_once_and_when_they_are_asked_for(held):
    made = []

    def make(positions):
        made.extend(positions.tolist())
        return torch.as_tensor(positions)[:, None].to(torch.uint8)

    rows = views.Rows(6, None)
    rows.fill(make, np.array([4, 1, 4]), "")
    rows.fill(make, np.array([1, 2]), "")
    assert made == [1, 4, 2]
    assert rows.rows[[1, 2, 4], 0].tolist() == [1, 2, 4]


def test_rows_are_remembered_by_what_made_them(held):
    first = views.decoded(held.train, TRANSFORM, np.arange(1))
    assert views.decoded(held.train, TRANSFORM, np.arange(1)) is first
    assert views.decoded(held.valid, TRANSFORM, np.arange(1)) is not first
    assert views.decoded(held.train, Transform(40, 24), np.arange(1)) is not first


def test_a_full_disk_is_one_sentence(held, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(views.places, "reserve", full)
    with pytest.raises(views.CourseError, match="do not fit on the disk.*TMPDIR"):
        views.decoded(held.train, TRANSFORM, np.arange(3))


def test_varied_pictures_differ_from_each_other_and_stay_pictures():
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8).repeat(8, 1, 1, 1)
    torch.manual_seed(0)
    changed = views.varied(images)
    assert changed.dtype == torch.uint8 and changed.shape == images.shape
    assert len({image.numpy().tobytes() for image in changed}) >= 6
