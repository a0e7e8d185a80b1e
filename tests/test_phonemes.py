"""Strings of phonemes, their likelihood by CTC, and what is kept of what an English ear hears."""

import io
import itertools
import sys
import types

import numpy as np
import pytest

from shoulders import sounds
from shoulders.sounds import ears, phonemes
from shoulders.support import places

COLUMN = {sign: i + 1 for i, sign in enumerate(phonemes.SIGNS)}


def heard(moments, seed=0, sharp=3.0):
    """Log probabilities of silence and every sign, random."""
    rows = sharp * np.random.default_rng(seed).normal(size=(moments, 1 + len(phonemes.SIGNS)))
    return rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)


def only(**of_each):
    """What is heard where only these signs (``_`` is silence) have a probability in each moment."""
    found = np.full((len(next(iter(of_each.values()))), 1 + len(phonemes.SIGNS)), -np.inf)
    for sign, values in of_each.items():
        with np.errstate(divide="ignore"):
            found[:, COLUMN.get(sign, phonemes.SILENCE)] = np.log(values)
    return found


def test_a_string_is_parted_into_the_recognisers_signs():
    assert phonemes.signs("ˈotʃo") == ("o", "t͡ʃ", "o")
    assert phonemes.signs("t͡ʃ") == phonemes.signs("tʃ") == ("t͡ʃ",)
    assert phonemes.signs("ˌɑːnteɪˈoʊhoʊs") == ("ɑ", "n", "t", "eɪ", "oʊ", "h", "oʊ", "s")
    assert phonemes.signs("ɡ") == phonemes.signs("g"), "the letter g is written in two ways"


@pytest.mark.parametrize("ipa, said", [("qino", "'q' in 'qino' is no phoneme"), ("", "has no sound in it"), ("ˈː", "no sound in it")])
def test_what_is_no_string_of_phonemes_is_refused_in_a_sentence(ipa, said):
    with pytest.raises(phonemes.PhonemeError, match=said):
        phonemes.signs(ipa)


def test_a_tiny_case_by_hand():
    """Three moments, the string "a": a__, _a_, __a, aa_, _aa, aaa add up; a_a would be "aa"."""
    a = np.array([0.6, 0.5, 0.3])
    s = 1 - a
    by_hand = a[0] * s[1] * s[2] + s[0] * a[1] * s[2] + s[0] * s[1] * a[2] + a[0] * a[1] * s[2] + s[0] * a[1] * a[2] + a[0] * a[1] * a[2]
    found = phonemes.ctc(only(a=a, _=s), ["a", "aa"])
    assert found[0] == pytest.approx(np.log(by_hand))
    assert found[1] == pytest.approx(np.log(a[0] * s[1] * a[2])), "two alike need silence between them"


def test_all_strings_that_two_signs_can_make_add_up_to_one():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    clip = only(_=p[:, 0], a=p[:, 1], s=p[:, 2])
    every = ["".join(s) for n in range(1, 5) for s in itertools.product("as", repeat=n)]
    assert np.exp(phonemes.ctc(clip, every)).sum() + p[:, 0].prod() == pytest.approx(1.0)  # the rest: nothing was said


def test_it_is_what_torch_says():
    torch = pytest.importorskip("torch")
    clip, some = heard(60, 3), ["ˈuno", "dˈoʊs", "kwˈɑːtɹoʊ", "ss", "pendjˈɛnte", "a"]
    columns = [[COLUMN[sign] for sign in phonemes.signs(ipa)] for ipa in some]
    target = torch.tensor([c for one in columns for c in one]), torch.tensor([len(one) for one in columns])
    rows = torch.tensor(clip)[:, None].expand(-1, len(some), -1)
    lengths = torch.full((len(some),), 60)
    loss = torch.nn.functional.ctc_loss(rows, target[0], lengths, target[1], blank=phonemes.SILENCE, reduction="none")
    assert np.abs(phonemes.ctc(clip, some) + loss.numpy()).max() < 1e-4


def test_a_long_clip_and_improbable_sounds_do_not_run_out_of_numbers():
    clip = np.full((3000, 1 + len(phonemes.SIGNS)), -60.0)
    clip[:, phonemes.SILENCE] = 0
    found = phonemes.ctc(clip, ["s", "seɪs"])
    assert found[0] == pytest.approx(-60 + np.log(3000), abs=1e-6) and np.isfinite(found).all()


def test_a_word_is_as_likely_as_its_likeliest_string_and_none_fits_into_two_moments():
    clips, words = [heard(40, 1), heard(2, 2)], {"uno": ["uno", "uːnoʊ"], "siete": ["sjˈete"]}
    alone = [phonemes.ctc(clips[0], [ipa])[0] for ipa in ("uno", "uːnoʊ", "sjˈete")]
    found = phonemes.scores(clips, words)
    assert np.allclose(found[0], [max(alone[:2]), alone[2]])
    assert (found[1] == phonemes.LEAST).all()
    with pytest.raises(phonemes.PhonemeError, match="siete: no string of phonemes"):
        phonemes.scores(clips, words | {"siete": []})


def test_what_an_ear_writes_down_has_no_silence_and_no_repeats():
    rows = np.full((7, 1 + len(phonemes.SIGNS)), -9.0)
    for moment, sign in enumerate(("", "s", "s", "", "s", "eɪ", "")):
        rows[moment, COLUMN.get(sign, phonemes.SILENCE)] = 0
    assert phonemes.line(rows) == "s s eɪ"
    assert phonemes.line(rows[:1]) == ""


# ------------------------------------------------------------------------------------------------- the table of the box


def test_every_word_of_the_box_has_strings_of_each_reading_that_can_be_heard():
    every = phonemes.strings()
    assert len(every) == 28 and all(len(some) >= 3 for some in every.values())
    for reading in phonemes.READINGS:
        assert all(phonemes.strings([reading]).values())
    assert all(phonemes.signs(ipa) for some in every.values() for ipa in some)
    told = {(row["word"], row["reading"]): row["phonemes"] for row in phonemes.rows()}
    assert phonemes.signs(told["ojo", "read"]) == ("oʊ", "d͡ʒ", "oʊ"), "English rules read the j of ojo as in judge"
    assert phonemes.signs(told["ojo", "native"]) == ("o", "h", "o")
    with pytest.raises(phonemes.PhonemeError, match="No reading is called welsh"):
        phonemes.strings(["welsh"])


def test_no_two_words_of_the_box_have_a_string_in_common():
    every = [ipa for some in phonemes.strings().values() for ipa in {phonemes.signs(one) for one in some}]
    assert len(every) == len(set(every))


# ------------------------------------------------------------------------------------------------- what is heard


def test_what_is_kept_comes_back_by_the_clips_digest_and_nearly_as_it_was(tmp_path):
    clips = {f"{i:064x}": heard(30 + i, i).astype(np.float32) for i in range(5)}
    ears.write(tmp_path / "some.npz", clips)
    back = ears.read(tmp_path / "some.npz")
    assert list(back) == list(clips)
    for digest, clip in clips.items():
        kept = clip > ears.SEEN
        step = (2 * ears.FINE * np.sqrt(-clip[kept]) + 1) / ears.FINE**2  # from one code to the next
        assert (np.abs(back[digest] - clip)[kept] <= step / 2 + 1e-6).all()
        assert (back[digest][~kept] == np.float32(ears.CUT)).all()


def test_a_file_written_with_other_signs_is_refused(tmp_path, monkeypatch):
    ears.write(tmp_path / "some.npz", {"0" * 64: heard(5)})
    monkeypatch.setattr(ears, "SIGNS", phonemes.SIGNS[:-1])
    with pytest.raises(phonemes.PhonemeError, match="other phonemes than these"):
        ears.read(tmp_path / "some.npz")


class Recogniser:
    """Stands for the package's: it says how loud the clip is, at silence, and 1 at the two ways to write g."""

    def __init__(self, tokens):
        self.decoder_tokens, self.session, self.waves = tokens, self, []

    def run(self, names, asked):
        assert names == ["log_probs", "out_lengths"]
        (wave,) = asked["waveform"]
        self.waves.append(wave)
        told = np.full((1, 9, len(self.decoder_tokens)), np.log(1e-3), np.float32)
        told[..., [self.decoder_tokens.index(g) for g in "gɡ"]] = np.log(0.25)
        return told, np.array([7])


@pytest.fixture
def recogniser(monkeypatch):
    found = Recogniser(["<pad>", *reversed(phonemes.SIGNS), "ɡ", "<wb>", "<blank>"])
    monkeypatch.setitem(sys.modules, "hama", types.SimpleNamespace(ASRModel=lambda: found))
    ears._recogniser.cache_clear()
    yield found
    ears._recogniser.cache_clear()


def test_a_recogniser_hears_the_clip_as_loud_as_any_with_silence_around_it_at_its_rate(recogniser):
    wave = np.sin(np.arange(8000) / 5).astype(np.float32)
    told = ears.heard(0.1 * wave)
    assert told.shape == (7, 1 + len(phonemes.SIGNS)), "moments beyond the length that it says are padding"
    assert np.allclose(np.exp(told[:, COLUMN["g"]]), 0.5) and np.allclose(np.exp(told[:, phonemes.SILENCE]), 2e-3)
    ears.heard(wave)
    quiet, loud = recogniser.waves
    assert np.allclose(quiet, loud, atol=1e-6) and np.abs(loud).max() == pytest.approx(ears.PEAK)
    around = round(ears.BEFORE * sounds.RATE)
    assert len(loud) == 8000 + 2 * around and not loud[:around].any() and not loud[-around:].any()
    ears.heard(wave, rate=8000)
    assert len(recogniser.waves[-1]) == 16_000 + 2 * around
    with pytest.raises(phonemes.PhonemeError, match="no sound in this clip"):
        ears.heard(np.zeros(8000, np.float32))


def test_a_clip_of_the_box_is_known_by_its_content_and_any_other_is_heard_live(recogniser, monkeypatch, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(8000) / 5), 16_000)
    kept, digest = heard(11), places.digest(tmp_path / "a.wav")
    monkeypatch.setattr(ears, "box", lambda: {digest: kept})
    assert ears.of(tmp_path / "a.wav") is kept and ears.of(io.BytesIO((tmp_path / "a.wav").read_bytes())) is kept
    assert not recogniser.waves
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(8000) / 6), 16_000)
    assert len(ears.of(tmp_path / "a.wav")) == 7 and len(recogniser.waves) == 1


def test_without_the_recogniser_and_without_its_engine_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "hama", None)
    ears._recogniser.cache_clear()
    with pytest.raises(phonemes.PhonemeError, match=f"pip install {ears.INSTALL}"):
        ears.heard(np.ones(100))

    def none_here():
        raise RuntimeError("libhama not available")

    monkeypatch.setitem(sys.modules, "hama", types.SimpleNamespace(ASRModel=none_here))
    with pytest.raises(phonemes.PhonemeError, match="no engine for this machine"):
        ears.heard(np.ones(100))
    ears._recogniser.cache_clear()


# ------------------------------------------------------------------------------------------------- the clips of the box


@pytest.fixture(scope="module")
def box():
    """A row for each clip of the box, and its words' scores."""
    import pandas as pd

    home = places.box() / "voices"
    table = pd.read_csv(home / "clips.csv")
    clips = [ears.box()[places.digest(home / name)] for name in table.file]
    return table, phonemes.scores(clips, phonemes.strings())


def test_what_is_heard_is_kept_of_every_clip_of_the_box_and_strings_find_the_word(box):
    table, scores = box
    words = list(phonemes.strings())
    found = np.array(words)[scores.argmax(1)] == table.word
    mangled = (table.part == "valid") & (table.reading != "native")
    assert set(table.word) == set(words) and len(ears.box()) == len(table)
    assert found[mangled].mean() > 0.6, "of 28"
    for engine in ("espeak", "flite", "pico"):
        assert found[mangled & (table.engine == engine)].mean() > 0.5, engine


def test_with_every_words_strings_given_to_another_word_they_find_it_no_more_often_than_chance(box):
    from studio.second_giant import elsewhere

    table, scores = box
    labels = np.array([list(phonemes.strings()).index(word) for word in table.word])
    right = [(scores[:, elsewhere(28, seed)].argmax(1) == labels).mean() for seed in range(20)]
    assert np.mean(right) < 2 / 28


def test_wrong_strings_are_never_a_words_own():
    from studio.second_giant import elsewhere

    for seed in range(50):
        order = elsewhere(28, seed)
        assert sorted(order) == list(range(28)) and (order != np.arange(28)).all()


def test_keeping_everything_loses_nothing_and_sounds_are_replaced_longest_first():
    from studio import phonemes as studio

    clips = [heard(40, seed) for seed in range(3)]
    same = studio.lost(clips, clips)
    assert same["same_word"] == 1 and same["any_word_off_by"] == 0 and same["words_apart_by"] > 1
    assert studio.replaced("sˈeɪs", studio.NEAREST) == "sˈeɪs", "the diphthong is one sound, no e that becomes one"
    assert studio.replaced("ˈotʃo", studio.NEAREST) == "ˈoʊtʃoʊ" and studio.letters("miércoles") == "miercoles"
