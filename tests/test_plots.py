"""Figures say what is in the numbers: read back from the axes, not from the code."""

import io
from dataclasses import replace

import numpy as np
import pytest
from making import COURSE, network, set_of
from PIL import Image

from shoulders import datasets, plates, plots, training


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    held = datasets.load(set_of(tmp_path_factory.mktemp("set"), 6, 5))
    found = training.feature_extraction(network(), held)
    sure = np.array([[0.9, 0.1]] * 4 + [[0.3, 0.7]] + [[0.2, 0.8]] * 3 + [[0.95, 0.05]] * 2)  # 4 + 3 right, 1 + 2 wrong
    return replace(found, probabilities=sure)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("room", [plots, plates])
def test_every_figure_is_made_in_some_test_and_so_looked_at(room):
    """By `readable`, which stands in conftest.py."""
    tests = "".join(path.read_text() for path in (COURSE / "tests").glob("test_*.py"))
    kind, short = ("Drawing", room.__name__.rsplit(".")[-1])
    figures = [name for name in room.__all__ if getattr(getattr(room, name), "__annotations__", {}).get("return") in (kind, plots.Drawing)]
    assert len(figures) > 7 and not [name for name in figures if f"{short}.{name}(" not in tests]


def test_confusion_holds_the_counts(result):
    drawing = plots.confusion(result)
    assert texts(drawing.figure.axes[0]) == ["4", "1", "2", "3"]
    assert drawing.words == "3 of 10 pictures are named wrongly."


def test_mistakes_come_most_confident_first(result):
    drawing = plots.mistakes(result, network().transform)
    shown = [ax.get_title() for ax in drawing.figure.axes if ax.get_title()]
    assert shown == ["cats? 95 %", "cats? 95 %", "dogs? 70 %"]


def test_confusion_of_many_classes_shows_those_most_confused(result):
    labels, names = np.arange(40), tuple(f"kind {i}" for i in range(40))
    said = np.eye(40)[np.where(labels == 35, 37, labels)]
    many = replace(result, valid=replace(result.valid, labels=labels, classes=names, paths=result.valid.paths[:1] * 40), probabilities=said)
    drawing = plots.confusion(many)
    shown = [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()]
    assert len(shown) == 30 and {"kind 35", "kind 37"} < set(shown) and drawing.words == "1 of 40 pictures is named wrongly."
    assert drawing.figure.axes[0].get_title().endswith("(30 of 40 classes, those most confused)")


def test_no_mistakes_is_said(result):
    right = replace(result, probabilities=np.eye(2)[result.valid.labels])
    assert plots.mistakes(right, network().transform).words == "All 10 pictures are named correctly."


def test_accuracies_and_intervals_are_where_the_result_says(result):
    drawing = plots.accuracies(
        ["one", "two"], [result, replace(result, probabilities=np.eye(2)[result.valid.labels])], "Two", chance=0.5
    )
    line = drawing.figure.axes[0].containers[0]
    assert np.allclose(line[0].get_xdata(), [0.7, 1.0])
    low, high = result.interval
    assert np.allclose(line[2][0].get_segments()[0][:, 0], [low, high])
    assert "70.0 % (one)" in drawing.words and "100.0 % (two)" in drawing.words


def test_a_history_shows_every_accuracy(result):
    rows = [{"epoch": e, "train_loss": 1.6, "valid_loss": 1.7, "accuracy": a} for e, a in ((1, 0.2), (2, 0.26))]
    drawing = plots.history(replace(result, history=tuple(rows)))
    low, high = drawing.figure.axes[1].get_ylim()
    assert 0 <= low <= 0.2 and high >= 1
    for rows in ((), ({"epoch": 1, "train_loss": 1.6},)):
        with pytest.raises(plots.PlotError, match="holds no curve: train with curve=True"):
            plots.history(replace(result, history=rows))


def test_votes_of_few_classes_name_each_once():
    drawing = plots.votes(list("abcdef"), np.arange(6) - 2.5, ("cats", "dogs"))
    assert [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()] == list("abcdef")


def test_votes_are_the_strongest_of_each_side():
    strengths = np.array([0.1, -3, 2, -0.2, 0.3, 1])
    drawing = plots.votes(list("abcdef"), strengths, ("cats", "dogs"), most=2)
    assert [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()] == ["b", "d", "f", "c"]
    assert drawing.words == "“b” goes most with cats, “c” most with dogs."


def test_comparison_draws_means_over_seeds(result):
    runs = ((5, 0, 0.6), (5, 1, 0.8), (10, 0, 0.9))
    rows = [dict(result.row(), per_class=n, n_train=2 * n, seed=seed, accuracy=a, low=a - 0.1, high=1.0) for n, seed, a in runs]
    drawing = plots.comparison(rows)
    line = drawing.figure.axes[0].containers[0]
    assert np.allclose(line[0].get_xdata(), [5, 10]) and np.allclose(line[0].get_ydata(), [0.7, 0.9])
    half = 12.706 * np.std([0.6, 0.8], ddof=1) / np.sqrt(2)  # Student, one degree of freedom
    assert np.allclose(line[2][0].get_segments()[0][:, 1], [max(0, 0.7 - half), min(1, 0.7 + half)], atol=1e-3)


@pytest.mark.parametrize("regimes", [["feature_extraction"], ["feature_extraction", "fine_tuning"]])
def test_comparison_draws_a_line_for_each_network_that_is_told_without_colour(result, regimes):
    networks = ["one", "other"]
    rows = [dict(result.row(), regime=r, backbone=n, accuracy=0.8 + i / 10) for r in regimes for i, n in enumerate(networks)]
    drawing = plots.comparison(rows)
    lines = [container[0] for container in drawing.figure.axes[0].containers]
    assert [line.get_ydata()[0] for line in lines] == [0.8, 0.9] * len(regimes)
    assert len({(line.get_marker(), line.get_linestyle()) for line in lines}) == len(lines)
    assert len({(line.get_marker(), line.get_markerfacecolor() == "none") for line in lines}) == len(lines)  # of one point, no line
    labels = drawing.figure.axes[0].get_legend_handles_labels()[1]
    assert ["other" in label for label in labels if "a point" in label] == [False, True] * len(regimes)
    assert ("feature extraction" in labels[1]) is (len(regimes) > 1)
    assert "other 90.0 %" in drawing.words


def test_runs_that_are_all_alike_have_the_interval_of_one(result):
    """Student's would be of no width: that they are alike says nothing of how far they are from the truth."""
    row = dict(result.row(), accuracy=0.9, low=0.6, high=0.98)
    ax = plots.runs({"alike": [row] * 3, "spread": [row, row | {"accuracy": 1.0}]}, "Runs").figure.axes[0]
    alike, spread = (bar[2][0].get_segments()[0][:, 0] for bar in ax.containers)
    assert np.allclose(alike, [0.6, 0.98]) and spread[1] == 1  # no accuracy is above 1
    assert "or of runs that are all alike, its own" in " ".join(ax.get_xlabel().split())


def test_a_drawing_is_a_picture_and_a_sentence(result, tmp_path, monkeypatch, capsys):
    import base64

    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **kwargs: shown.append((data, kwargs)))
    drawing = plots.confusion(result)
    drawing._ipython_display_()
    data, about = shown[0]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert about["metadata"]["image/png"]["alt"] == drawing.words == capsys.readouterr().out.strip()
    assert "written to" in drawing.save(tmp_path / "deep" / "er.png")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["er.png"]


def test_a_page_has_no_ground_and_a_file_is_white_with_a_darker_ink(tmp_path):
    """As it stands on every page; photographs, which would make a notebook of megabytes, with fewer shades."""
    noise = np.random.default_rng(0).integers(0, 255, (12, 64, 64, 3), dtype=np.uint8)
    drawing = plots.show_pictures(noise, heading="Noise")
    kind, page, width = drawing.page()
    shown, kept = np.asarray(Image.open(io.BytesIO(page))), tmp_path / "noise.png"
    assert kind == "image/png" and width == 900 and len(page) > 50_000
    assert (shown[0, :, 3] == 0).all() and (shown[..., 3] == 255).any() and len(np.unique(shown[..., :3])) <= 64
    drawing.save(kept)
    saved = np.asarray(Image.open(kept).convert("RGB"))
    assert (saved[0] == 255).all() and saved[:25].min() < 80  # the heading
    assert drawing.figure.texts[0].get_color() == plots.INK


def test_what_a_figure_is_drawn_in_is_seen_on_white_and_on_black():
    """WCAG 2.2: three for what is drawn, and for what is written as near to 4.5 on both as one grey can be."""

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return np.dot([part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts], [0.2126, 0.7152, 0.0722])

    def contrast(one, other):
        dark, bright = sorted((light(one), light(other)))
        return (bright + 0.05) / (dark + 0.05)

    for name in ("BLUE", "ORANGE", "GREEN", "RED", "PURPLE", "SKY", "INK"):
        least = 4.3 if name in ("INK", "RED", "BLUE") else 3
        assert min(contrast(getattr(plots, name), ground) for ground in ("#ffffff", "#111111")) >= least, name


def beyond(figure):
    """By how many inches what is drawn reaches past the edges of the figure, where nobody sees it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    return max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)


def test_words_stay_inside_their_figure(result):
    """Of names as folders bear them, of a single mistake, of many epochs, and where 20 pictures lie close to all."""
    classes = ("bernese_mountain_dog", "golden_retriever")
    own = replace(result, valid=replace(result.valid, classes=classes))
    epochs = tuple({"epoch": e, "train_loss": 1 / e, "valid_loss": 1.2 / e, "accuracy": 0.9} for e in range(1, 31))
    right = np.eye(2)[result.valid.labels]
    right[3] = right[3][::-1]
    ways = {way: replace(own, cached=way == "fine-tuning") for way in ("feature extraction", "fine-tuning", "from scratch")}
    rows = [
        replace(result, per_class=count, n_train=2 * (count or 24), seed=seed, regime=regime).row()
        for regime in plots.WAYS
        for count in (1, 5, 20, None)
        for seed in range(3)
    ]
    bills = [row | {"seconds": 0.1, "gflops": 30.0 * (row["seed"] - 1), "megabytes": 0.0} for row in rows[-2:]]
    drawings = [
        plots.comparison(rows),
        plots.comparison([row | {"largest": 0.54} for row in rows[:12]]),
        plots.comparison(rows[:1], rows, {"feature_extraction": {1: 60, 24: 95}}),
        plots.confusion(own),
        plots.mistakes(replace(own, probabilities=right), network().transform),
        plots.history(replace(own, history=epochs)),
        plots.costs(ways, dict.fromkeys(ways, 80)),
        plots.bills(bills),
        plots.accuracies(["features.15, 16 × 16", "hidden (into the head)"], [own, own], "Accuracy by depth", chance=0.5),
    ]
    assert max(beyond(drawing.figure) for drawing in drawings) < 0.02
    assert "30 billion operations" in drawings[7].words and "remembered, takes none" in drawings[7].words


def labels_of(axis, figure):
    """What is written along an axis within its figure's view, large ticks and small ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    low, high = sorted(axis.get_view_interval())
    shown = [tick for which in (False, True) for tick in axis.get_ticklabels(minor=which)]
    return [label.get_text() for label in shown if low <= label.get_position()[0] <= high and label.get_text()]


def test_an_axis_of_whole_numbers_or_of_powers_of_ten_names_these_alone(result):
    epoch = {"epoch": 1, "train_loss": 1.0, "valid_loss": 1.2, "accuracy": 0.5}
    history = plots.history(replace(result, history=(epoch,))).figure
    assert [labels_of(ax.xaxis, history) for ax in history.axes] == [["1"], ["1"]]
    row = result.row() | {"seconds": 3.0, "gflops": 30.0, "megabytes": 200.0, "trained_parameters": 9}
    bills = plots.bills([row, row | {"accuracy": 0.9}]).figure
    for ax, power in zip(bills.axes, (0, 1, 1, 2)):
        assert labels_of(ax.xaxis, bills) == [f"$\\mathdefault{{10^{{{power}}}}}$"]


def test_an_axis_of_shares_ends_at_100_per_cent(result):
    right = replace(result, probabilities=np.eye(2)[result.valid.labels])
    rows = [{"epoch": e, "train_loss": 1.6, "valid_loss": 1.7, "accuracy": a} for e, a in ((1, 0.98), (2, 1.0))]
    drawings = [plots.accuracies(["one"], [right], "One"), plots.runs({"one": [right]}, "Runs"), plots.comparison([right.row()])]
    drawings += [plots.history(replace(right, history=tuple(rows))), plots.best_epochs([replace(right, history=tuple(rows))])]
    for drawing, side in zip(drawings, ("bottom", "bottom", "left", "left", "left")):
        ax = drawing.figure.axes[-1]
        shown = labels_of(ax.xaxis, drawing.figure) if side == "bottom" else [label.get_text() for label in ax.get_yticklabels()]
        assert shown[-1] == "100 %" and all(label.endswith(" %") for label in shown) and ax.spines[side].get_bounds()[1] == 1


def test_a_cost_that_is_small_is_not_nothing(result):
    drawing = plots.costs({"quick": replace(result, seconds={"total": 0.04}, cached=True)})
    assert texts(drawing.figure.axes[1]) == ["0.04 (remembered)"] and "in 0.04 s (its look remembered)" in drawing.words


def test_runs_say_of_how_many_samples_they_are():
    """A control of somebody's own may tell its accuracy alone; lines of other counts are told as a range."""
    row = {"accuracy": 0.8, "low": 0.7, "high": 0.9, "n_valid": 40}
    alone = plots.runs({"ours": [row], "colours": [{"accuracy": 0.3, "low": 0.2, "high": 0.4}]}, "x")
    assert alone.figure.axes[0].get_xlabel().startswith("accuracy on 40 pictures")
    several = plots.runs({"here": [row], "there": [row | {"n_valid": 25}]}, "x")
    assert several.figure.axes[0].get_xlabel().startswith("accuracy on 25 to 40 pictures")
