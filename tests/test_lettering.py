"""Text in figures is what it says, whatever a class is called: no formula, no box where a font has the sign, nothing over its neighbour."""

import itertools
import warnings
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from making import network, paint
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_plots import beyond
from test_results import result_of

from shoulders import plates, plots
from shoulders.plots import lettering
from shoulders.plots.lettering import short, width, wrapped

NAMES = (
    "price $x$ in $", r"$\frac$", "a_b^c{d}", "猫と犬", "한국어", "שלום", "حصان", "🐝 bee", "two\nlines", "bell\x07", "half\udcff",
    "x" * 60, "bernese_mountain_dog_of_the_house_next_door_left", "bernese_mountain_dog_of_the_house_next_door_right",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_told():
    lettering._told.clear()
    lettering._families.cache_clear()


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [("cats", 4, "cats"), ("abcdefghij", 7, "abcd…ij"), ("dog_on_the_left", 10, "dog_on…eft"), ("猫猫猫猫猫", 10, "猫猫猫猫猫"),
     ("猫猫猫猫猫猫", 10, "猫猫猫…猫"), ("a\nb", 9, "a\\nb"), ("bell\x07", 9, "bell\\x07"), ("half\udcff", 20, "half\\udcff"),
     ("no\xa0break", 9, "no break"), ("turned\u202e", 20, "turned\\u202e"), ("👩\u200d🔬", 9, "👩\u200d🔬"), ("", 5, "")],
)  # fmt: skip
def test_a_name_is_cut_in_the_middle(text, most, expected):
    assert short(text, most) == expected and width(expected) <= most


def test_an_accent_stays_with_its_letter():
    assert short("abcdefghie\u0301", 7) == "abcd…ie\u0301" and width("e\u0301") == 1


def test_lines_are_broken_at_spaces():
    assert wrapped("black and gold garden spider", 14) == "black and gold\ngarden spider"
    assert wrapped("really,\ncalled said", 18) == "really,\ncalled said"
    assert wrapped("bernese_mountain_dog? 95 %", 18) == "bernese_moun…_dog?\n95 %"
    for text in NAMES:
        assert width(wrapped(f"{text} and {text}", 12)) <= 12


def texts_of(figure):
    from matplotlib.text import Text

    FigureCanvasAgg(figure).draw()
    return {text.get_text(): text for text in figure.findobj(Text) if text.get_text()}


def drawn():
    """Every kind of text: title, tick labels, legend, text in the axes; and a logarithmic axis that labels itself."""
    figure, ax = plots.new()
    ax.plot([1, 1000], [0, 1], label="legend $x$")
    ax.set(xscale="log", title="title $x$", xlabel="xlabel $x$")
    ax.set_yticks([0, 1], ["tick $x$", r"$\frac$"])
    ax.text(1, 0.5, "text $x$")
    ax.legend()
    inner = ax.inset_axes([0.5, 0.5, 0.2, 0.2])
    inner.set_title("inner $x$")
    return figure


def test_dollar_signs_are_dollar_signs_and_powers_of_ten_stay_powers():
    figure = drawn()
    with pytest.raises(ValueError, match="frac"):  # as a formula it is none
        figure.savefig(__import__("io").BytesIO())
    texts = texts_of(plots.Drawing(figure, "").figure)
    for kind in ("title", "xlabel", "tick", "text", "legend", "inner"):
        assert not texts[f"{kind} $x$"].get_parse_math()
    powers = [text for said, text in texts.items() if "10^" in said]
    assert powers and all(text.get_parse_math() for text in powers)


@pytest.fixture
def font_with_a_cat(tmp_path):
    """A font of one sign, found by matplotlib as an installed one would be."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", "cat"])
    font.setupCharacterMap({ord("猫"): "cat"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "cat": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "cat": (1000, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "One Cat", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "cat.ttf")
    before = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(str(tmp_path / "cat.ttf"))
    yield "One Cat"
    font_manager.fontManager.ttflist[:] = before


def black(drawing):
    """Pixels that are not white."""
    canvas = FigureCanvasAgg(drawing.figure)
    canvas.draw()
    return int((np.asarray(canvas.buffer_rgba())[..., :3] < 128).all(2).sum())


def titled(text):
    figure, ax = plots.new(3, 2)
    ax.set_axis_off()
    ax.set_title(text)
    return plots.Drawing(figure, "")


def test_a_sign_comes_from_the_font_that_has_it(font_with_a_cat, recwarn):
    drawing = titled("猫")
    assert drawing.figure.axes[0].title.get_fontfamily()[-1] == font_with_a_cat
    assert black(drawing) > 150  # the square that this font draws for it
    assert not recwarn.list
    assert titled("cat").figure.axes[0].title.get_fontfamily() == matplotlib.rcParams["font.family"]


def test_what_no_font_has_is_said_once_in_one_sentence(tmp_path, recwarn):
    for text in ("\U00016ff0 cat", "\U00016ff0", "\U00016ff1 and \U00016ff0"):  # signs for which there is hardly a font anywhere
        drawing = titled(text)
        drawing.page()
        drawing.save(tmp_path / "a.png")
    said = [str(one.message) for one in recwarn]
    assert [words.split(":")[0] for words in said] == [f"No font on this machine has {sign}" for sign in "\U00016ff0\U00016ff1"]


def test_an_older_matplotlib_is_told_where_letters_go_from_right_to_left(monkeypatch):
    monkeypatch.setattr(matplotlib, "__version_info__", (3, 10, 0, "final", 0))
    monkeypatch.setattr(matplotlib, "__version__", "3.10.0")
    with pytest.warns(UserWarning, match="matplotlib 3.10.0 draws Hebrew and Arabic from left to right"):
        titled("שלום")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        titled("חתול")
        titled("cats")
        monkeypatch.undo()
        lettering._told.clear()
        titled("שלום")


def apart(figure):
    """Whether upright tick labels, and titles, lie on none of their like."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [[label.get_window_extent() for label in ax.get_yticklabels() if label.get_text()] for ax in figure.axes]
    boxes.append([ax.title.get_window_extent() for ax in figure.axes if ax.get_title()])
    return all(not one.shrunk(0.98, 0.98).overlaps(other) for kind in boxes for one, other in itertools.combinations(kind, 2))


@pytest.mark.filterwarnings("ignore:No font on this machine", "ignore:Glyph")
def test_names_of_all_kinds_stay_inside_and_off_each_other(tmp_path):
    rng, labels = np.random.default_rng(0), np.repeat(range(len(NAMES)), 3)
    result = result_of(rng.dirichlet(np.ones(len(NAMES)), len(labels)) + np.eye(len(NAMES))[labels] * 0.3, labels, NAMES)
    paint(0).save(tmp_path / "0.jpg")
    result = replace(result, valid=replace(result.valid, paths=(tmp_path / "0.jpg",) * len(labels)))
    many = result_of(np.eye(30), np.arange(30), tuple(f"class_number_{i:02}_of_thirty_that_are" for i in range(30)))
    rows = [replace(result, backbone=name, per_class=n, n_train=14 * n).row() for name in NAMES[:5] for n in (1, 5)]
    uneven = replace(result, valid=replace(result.valid, labels=np.maximum(labels, 1)))
    found = {
        "confusion": plots.confusion(result),
        "confusion of two": plots.confusion(result_of(np.eye(2), [0, 1], NAMES[-2:])),
        "confusion of thirty": plots.confusion(many),
        "mistakes": plots.mistakes(result, network().transform, 12),
        "pictures": plots.show_pictures([paint(i) for i in range(len(NAMES))], NAMES),
        "guesses": plots.guesses(paint(1), NAMES[-5:], [0.5, 0.2, 0.1, 0.1, 0.05]),
        "votes": plots.votes(NAMES, np.linspace(-3, 3, len(NAMES)), NAMES[-2:]),
        "accuracies": plots.accuracies(NAMES, [result] * len(NAMES), "Accuracy", chance=0.1),
        "runs": plots.runs({name: [result, result] for name in NAMES}, "Runs"),
        "costs": plots.costs(dict.fromkeys(NAMES[-4:], result)),
        "company": plots.company([0.1, 0.9], [0.5, 0.5], NAMES[-1]),
        "comparison": plots.comparison(rows),
        "uneven": plots.comparison([uneven.row(), replace(uneven, backbone="other", per_class=1, n_train=14).row()]),
        "boxes": plates.boxes([np.zeros((3, 8, 8), np.uint8)] * 2, {name: [(0, 0, 4, 4)] * 2 for name in NAMES[-3:-1]}),
    }
    for kind, drawing in found.items():
        assert beyond(drawing.figure) < 0.05, kind
        assert apart(drawing.figure), kind
