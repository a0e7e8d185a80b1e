"""Features: equal to a plain loop, remembered by everything that made them, whole or not there at all."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from making import alike, finish, folder_of, network, paint, set_of, start
from PIL import Image
from safetensors.numpy import load_file
from torchvision import models

from shoulders import backbones, datasets, features
from shoulders.backbones import BackboneError, Transform
from shoulders.engine import pytorch
from shoulders.support import devices, places
from shoulders.support.downloads import digest


@pytest.fixture
def held(tmp_path):
    """Eleven pictures, not a multiple of any batch."""
    folder_of(tmp_path / "set" / "valid", {"cats": 2, "dogs": 1}, start=50_000)
    folder_of(tmp_path / "set" / "train", {"cats": 7, "dogs": 4})
    return datasets.load(tmp_path / "set").train


def files():
    folder = places.cache() / "features"
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


def never(*_):
    raise AssertionError("the network was asked again")


# ------------------------------------------------------------------------------------------------------------ the values


def test_features_equal_a_plain_loop(held, exact):
    """torchvision's own preset, one picture at a time, float32, no hooks of ours."""
    held = held.take([0, 3, 10])
    backbone = backbones.load("squeezenet1_1", "random")
    preset, module = models.SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms(), backbone.module
    rows = {"hidden": [], "classes": []}
    with torch.inference_mode():
        for path in held.paths:
            maps = module.features(preset(Image.open(path))[None])
            rows["hidden"].append(maps.mean((2, 3))[0].numpy())
            rows["classes"].append(module.classifier(maps).flatten(1)[0].numpy())
    found = features.extract(backbone, held, ["hidden", "classes"], batch_size=2)
    for layer, expected in rows.items():
        np.testing.assert_allclose(found[layer], expected, rtol=1e-4, atol=1e-5)
    assert found.labels.tolist() == held.labels.tolist()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_layer_at_once_or_one_by_one(held, precision, exact, monkeypatch):
    monkeypatch.setattr(devices, "precision", lambda on=None: precision)
    backbone, layers = network("resnet18"), ["layer2", "classes", "layer1.0.bn1", "hidden"]
    room = 1e-5 if precision == "fp32" else 2e-2
    together = features.extract(backbone, held, layers, remember=False)
    assert list(together.values) == layers
    assert {values.dtype for values in together.values.values()} == {np.dtype("float32")}
    for layer in layers:
        assert alike(together[layer], features.extract(backbone, held, layer, remember=False)[layer], room)
    assert together.precision == precision
    before_a_norm = features.extract(backbone, held, [*layers, "layer1.0.conv1"], remember=False)  # which is not folded then
    for layer in layers:
        np.testing.assert_allclose(before_a_norm[layer], together[layer], rtol=room, atol=room * abs(together[layer]).max())


def test_a_mirror_equals_mirrored_pictures(tmp_path, exact):
    for i in range(4):
        folder = tmp_path / "set" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        paint(i, (64, 64)).save(folder / f"{i}.png")
        (tmp_path / "mirrored" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        paint(i, (64, 64)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirrored" / "ab"[i % 2] / f"{i}.png")
    backbone = replace(network("squeezenet1_1"), transform=Transform(64, 64))
    plain = datasets.load(tmp_path / "set").train
    turned = replace(plain, paths=tuple(tmp_path / "mirrored" / p.relative_to(tmp_path / "set") for p in plain.paths), digests=())
    turned = replace(turned, digests=tuple(map(digest, turned.paths)))
    mirror = features.extract(backbone, plain, flip=True)["hidden"]
    assert alike(mirror, features.extract(backbone, turned)["hidden"])
    assert not alike(mirror, features.extract(backbone, plain)["hidden"], 1e-3)


@pytest.mark.parametrize("batch_size", [1, 3, 50])
def test_order_and_batches_do_not_matter(held, batch_size, exact):
    backbone = network("squeezenet1_1")
    expected = features.extract(backbone, held, remember=False)["hidden"]
    order = np.random.default_rng(0).permutation(len(held))
    shuffled = features.extract(backbone, held.take(order), batch_size=batch_size, remember=False)["hidden"]
    np.testing.assert_allclose(shuffled, expected[order], rtol=1e-4, atol=1e-5)


def test_a_layer_that_is_not_there(held):
    with pytest.raises(BackboneError, match="squeezenet1_1 has no layer 'fc9'"):
        features.extract(network(), held, "fc9")
    assert files() == []


# ------------------------------------------------------------------------------------------------------------- the cache


def test_what_was_seen_is_not_looked_at_again(held, monkeypatch):
    first = features.extract(network(), held, ["hidden", "classes"])
    assert not first.cached
    monkeypatch.setattr(pytorch, "reader", never)
    monkeypatch.setattr(Transform, "pixels", never)
    for layers in (["classes", "hidden"], "hidden", "classes"):
        again = features.extract(network(), held, layers)
        assert again.cached
        for layer, values in again.values.items():
            np.testing.assert_array_equal(values, first[layer])


def test_only_the_missing_layer_is_computed(held, monkeypatch):
    features.extract(network(), held, "hidden")
    asked, reader = [], pytorch.reader
    monkeypatch.setattr(pytorch, "reader", lambda backbone, layers, threads=0: asked.append(list(layers)) or reader(backbone, layers))
    both = features.extract(network(), held, ["hidden", "classes"])
    assert not both.cached
    assert asked == [["classes"]]


def variants(held):
    backbone = network()
    yield "weights", network(seed=1), held, {}
    yield "network", replace(backbone, card=replace(backbone.card, name="other")), held, {}
    yield "layer", backbone, held, {"layers": "classes"}
    yield "resize", replace(backbone, transform=replace(backbone.transform, resize=80)), held, {}
    yield "mean", replace(backbone, transform=replace(backbone.transform, mean=(0.5, 0.5, 0.5))), held, {}
    yield "flip", backbone, held, {"flip": True}
    yield "order", backbone, held.take(range(len(held))[::-1]), {}
    yield "fewer", backbone, held.take(range(len(held) - 1)), {}


def test_the_key_changes_with_everything_that_makes_the_rows(held, monkeypatch):
    features.extract(network(), held)
    for count, (what, backbone, pictures, options) in enumerate(variants(held), 2):
        found = features.extract(backbone, pictures, **options)
        assert not found.cached, what
        assert len(files()) == count, what
        assert features.extract(backbone, pictures, **options).cached, what
    other = {"fp32": "bf16", "bf16": "fp32"}[devices.precision()]
    monkeypatch.setattr(devices, "precision", lambda on=None: other)
    assert not features.extract(network(), held).cached


def test_one_pictures_bytes_change_the_key_and_its_name_does_not(tmp_path):
    root = folder_of(tmp_path / "set", {"cats": 4, "dogs": 4})
    before = features.extract(network(), datasets.load(root).train)
    root.rename(tmp_path / "moved")
    assert features.extract(network(), datasets.load(tmp_path / "moved").train).cached
    held = datasets.load(tmp_path / "moved").train
    paint(77).save(held.paths[0])
    after = features.extract(network(), datasets.load(tmp_path / "moved", seed=0).train)
    assert not after.cached
    assert after["hidden"].shape[1] == before["hidden"].shape[1]


@pytest.mark.parametrize(
    "damage", [lambda body: b"", lambda body: body[:-5], lambda body: body[:30], lambda body: b"\xff" * len(body)]
)
def test_a_damaged_file_is_computed_again(held, damage):
    right = features.extract(network(), held)["hidden"].copy()
    path = places.cache() / "features" / files()[0]
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = features.extract(network(), held)
    assert not again.cached
    np.testing.assert_array_equal(again["hidden"], right)
    assert path.read_bytes() == whole


def test_the_cache_is_plain_safetensors(held):
    found = features.extract(network(), held)["hidden"]
    (name,) = files()
    arrays = load_file(places.cache() / "features" / name)
    assert list(arrays) == ["features"]
    np.testing.assert_array_equal(arrays["features"], found)


def test_nothing_is_written_where_nothing_is_to_be_remembered(held):
    found = features.extract(network(), held, remember=False)
    assert not places.cache().joinpath("features").exists()
    np.testing.assert_array_equal(found["hidden"], features.extract(network(), held)["hidden"])
    assert not features.extract(network(), held, remember=False).cached


# ---------------------------------------------------------------------------------------------------------- interruptions


def stops_after(batches, error):
    reader = pytorch.reader

    def stopping(backbone, layers, threads=0):
        read, left = reader(backbone, layers), [batches]

        def one(images):
            left[0] -= 1
            if left[0] < 0:
                raise error
            return read(images)

        return one

    return stopping


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("the network broke")])
def test_an_interrupt_leaves_nothing_and_harms_nothing(held, monkeypatch, error):
    with monkeypatch.context() as patch:
        patch.setattr(pytorch, "reader", stops_after(2, error))
        with pytest.raises((KeyboardInterrupt, RuntimeError)):
            features.extract(network(), held, ["hidden", "classes"], batch_size=3)
    assert files() == []
    found = features.extract(network(), held, ["hidden", "classes"], batch_size=3)
    np.testing.assert_array_equal(found["hidden"], features.extract(network(), held, batch_size=3, remember=False)["hidden"])


def test_a_picture_that_vanished_in_between_leaves_nothing(held):
    held.paths[-1].unlink()
    with pytest.raises(ValueError, match="unreadable"):
        features.extract(network(), held, batch_size=2)
    assert files() == []


EXTRACT = """
import sys
from making import network
from shoulders import datasets, features
from shoulders.engine import pytorch

held, backbone = datasets.load(sys.argv[1]).train, network()
stop, reader = int(sys.argv[2]), pytorch.reader

def telling(backbone, layers, threads=0):
    read, seen = reader(backbone, layers), [0]
    def one(images):
        if seen[0] == stop:
            print("in the middle", flush=True)
            sys.stdin.readline()
        seen[0] += 1
        print("batch", flush=True)
        return read(images)
    return one

pytorch.reader = telling
print("ready", flush=True)
sys.stdin.readline()
features.extract(backbone, held, sys.argv[3].split(), batch_size=3)
"""


def test_killed_in_the_middle_then_repeated(tmp_path, monkeypatch):
    root = folder_of(tmp_path / "set", {"cats": 9, "dogs": 5})
    process = start(EXTRACT, root, 2, "hidden classes")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert [process.stdout.readline() for _ in range(4)] == ["ready\n", "batch\n", "batch\n", "in the middle\n"]
    process.kill()
    process.wait()
    assert len(files()) == 2 and all(name.endswith(".part") for name in files())  # it was in the middle
    held = datasets.load(root).train
    found = features.extract(network(), held, ["hidden", "classes"], batch_size=3)
    assert not found.cached
    repeated = {name: (places.cache() / "features" / name).read_bytes() for name in files()}
    assert len(repeated) == 2 and all(name.endswith(".safetensors") for name in repeated)
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "another"))
    features.extract(network(), held, ["hidden", "classes"], batch_size=3)
    assert {name: (places.cache() / "features" / name).read_bytes() for name in files()} == repeated


@pytest.mark.parametrize("wanted", [("hidden", "hidden"), ("hidden", "hidden classes")])
def test_two_processes_fill_one_cache(tmp_path, wanted):
    root = folder_of(tmp_path / "set", {"cats": 9, "dogs": 5})
    processes = [start(EXTRACT, root, -1, layers) for layers in wanted]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    batches = sum(finish(process).count("batch") for process in processes)
    held = datasets.load(root).train
    one_pass = -(-len(held) // 3)
    assert one_pass <= batches <= one_pass * len(set(wanted))
    assert len(files()) == len(set(" ".join(wanted).split()))
    found = features.extract(network(), held, wanted[1].split())
    assert found.cached
    fresh = features.extract(network(), held, wanted[1].split(), batch_size=3, remember=False)
    for layer, values in found.values.items():
        np.testing.assert_array_equal(values, fresh[layer])


# ---------------------------------------------------------------------------------------------------------------- memory

GROWTH = """
import resource, sys
from dataclasses import replace
import torch
from making import network
from shoulders import datasets, features
from shoulders.backbones import Backbone, Card, Transform

held, transform = datasets.load(sys.argv[1]).train, Transform(256, 224)
module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 16, 16), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 2))
backbone = Backbone(Card("flat", "ours", transform, head="3"), transform, "d", "here", module.eval)

def peak_after(count):
    many = held.take([i % len(held) for i in range(count)])
    features.extract(backbone, many, batch_size=16)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(peak_after(79), peak_after(80), peak_after(800))
"""


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    """All 720 more pictures would be 108 MB as bytes, 433 MB as float32."""
    pytest.importorskip("resource")
    _, few, many = map(int, finish(start(GROWTH, folder_of(tmp_path / "set", {"cats": 6, "dogs": 6}))).split())
    scale = 2**20 if __import__("sys").platform == "darwin" else 2**10
    assert (many - few) / scale < 30


def test_too_little_gpu_memory_halves_the_batch_and_says_so(held, monkeypatch, exact):
    expected = features.extract(network(), held, ["hidden", "classes"], remember=False)
    run, sizes = pytorch.run, []

    def small_memory(module, images, *rest):
        sizes.append(len(images))
        if len(images) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(module, images, *rest)

    monkeypatch.setattr(pytorch, "run", small_memory)
    with pytest.warns(UserWarning, match=r"memory is too small for 11 pictures at once: going on with 5"):
        found = features.extract(network(), held, ["hidden", "classes"], remember=False)
    for layer, values in expected.values.items():
        np.testing.assert_allclose(found[layer], values, rtol=1e-4, atol=1e-5)
    assert sizes == [11, 5, 2, 3, 6, 3, 3]


def test_memory_too_small_for_one_picture_is_an_error(held, monkeypatch):
    def no_memory(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(pytorch, "run", no_memory)
    with pytest.warns(UserWarning), pytest.raises(torch.OutOfMemoryError):
        features.extract(network(), held)
    assert files() == []


def test_seconds_are_measured(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 3, 2)).train
    first = features.extract(network(), held)
    assert first.seconds["decode"] > 0 and first.seconds["features"] > 0
    assert features.extract(network(), held).seconds["decode"] == 0


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    held = datasets.load(set_of(tmp_path / "set", 3, 2)).train
    folder = re.escape(str(places.cache() / "features"))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(features.os, "posix_fallocate", full, raising=False)
        sentence = rf"^12 kB of features do not fit on the disk: make room in {folder}, or set SHOULDERS_CACHE to a folder .*\.$"
        with pytest.raises(features.FeatureError, match=sentence):
            features.extract(network(), held)
    assert files() == []
    assert not features.extract(network(), held).cached
    assert features.extract(network(), held).cached


def test_a_picture_that_changed_since_it_was_checked_is_refused(held):
    paint(99).save(held.paths[0])
    with pytest.raises(ValueError, match=f"{held.paths[0].name}: changed since it was checked. Load the set again"):
        features.extract(network(), held)
    assert files() == []


def test_a_picture_that_cannot_be_decoded_is_named(held):
    from dataclasses import replace

    from shoulders.pictures import PictureError
    from shoulders.support.downloads import digest

    held.paths[0].write_bytes(b"no picture")
    bad = replace(held, digests=(digest(held.paths[0]), *held.digests[1:]))
    with pytest.raises(PictureError, match=f"^{held.paths[0]}: not a picture"):
        features.extract(network(), bad)


def test_a_folder_in_the_place_of_what_is_remembered_leaves_nothing_half(held):
    features.extract(network(), held)
    (name,) = files()
    kept = places.cache() / "features" / name
    kept.unlink()
    kept.mkdir()
    with pytest.raises(OSError):
        features.extract(network(), held)
    assert files() == [name]


def test_no_picture_is_one_sentence(held):
    with pytest.raises(features.FeatureError, match="no picture to look at"):
        features.extract(network(), held.take([]))


def test_many_pictures_are_looked_at_in_batches(held, exact, monkeypatch):
    sources = list(held.paths) * 3
    whole = features.look(network(), sources)["hidden"]
    reader, sizes = pytorch.reader, []

    def counted(*network, **how):
        read = reader(*network, **how)
        return lambda pixels: sizes.append(len(pixels)) or read(pixels)

    monkeypatch.setattr(pytorch, "BATCH", 4)
    monkeypatch.setattr(pytorch, "reader", counted)
    np.testing.assert_allclose(features.look(network(), sources)["hidden"], whole, atol=1e-5)
    assert max(sizes) == 4
    assert sum(sizes) == len(sources)


def test_no_picture_at_a_time_is_refused(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 2, 1))
    with pytest.raises(features.FeatureError, match="batch_size is 0"):
        features.extract(network(), held.train, batch_size=0)
