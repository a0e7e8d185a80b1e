"""Comparisons: every regime sees the same nested draws, an interrupted one goes on to the same table, and what is said of a
table is true at its rate. The grids that ship are what their cards say."""

import json
import shutil
import time

import numpy as np
import pandas as pd
import pytest
from making import COURSE, folder_of, network, set_of, start
from pandas.testing import assert_frame_equal

from shoulders import backbones, comparison, datasets, editions, heads, plots, training, views
from shoulders.comparison import ComparisonError
from shoulders.datasets import Samples
from shoulders.support import places
from shoulders.support.errors import CourseError
from shoulders.support.names import REGIMES
from studio import grid

ONCE = ["cached", "seconds_total", "seconds_features", "seconds_train", "seconds_run"]
"""Columns that tell of this run, not of what was found."""


@pytest.fixture
def held(tmp_path):
    return datasets.load(set_of(tmp_path / "set", 8, 6))


def counted(monkeypatch, stop_at=None):
    """Count the runs of feature extraction; raise at the given one."""
    runs, regime = [], training.feature_extraction

    def counting(*args, **kwargs):
        runs.append(args[2:])
        if len(runs) == stop_at:
            raise KeyboardInterrupt
        return regime(*args, **kwargs)

    monkeypatch.setitem(comparison._RUN, "feature_extraction", counting)
    return runs


def test_a_row_for_every_combination_in_order(held):
    table = comparison.compare(held, network(), per_class=(2, 5, None), seeds=2)
    assert list(zip(table.per_class, table.seed)) == [(2, 0), (2, 1), (5, 0), (5, 1), ("all", 0), ("all", 1)]
    assert table.n_train.tolist() == [4, 4, 10, 10, 16, 16]
    assert set(table.n_valid) == {12}
    assert ((table.low <= table.accuracy) & (table.accuracy <= table.high)).all()


def test_all_regimes_see_the_same_nested_pictures(held, monkeypatch):
    drawn, sample = [], Samples.sample

    def telling(self, per_class, seed=0):
        chosen = sample(self, per_class, seed)
        drawn.append((per_class, seed, tuple(self.digests[i] for i in chosen)))
        return chosen

    monkeypatch.setattr(Samples, "sample", telling)
    monkeypatch.setattr(views, "LEAST", 1)  # short epochs: what is learnt is not asked for here
    table = comparison.compare(held, network(), ("feature_extraction", "fine_tuning", "from_scratch"), (1, 3), 2)
    assert table.regime.tolist() == ["feature_extraction"] * 4 + ["fine_tuning"] * 4 + ["from_scratch"] * 4
    assert drawn[:4] == drawn[4:8] == drawn[8:]
    by_draw = {(count, seed): set(digests) for count, seed, digests in drawn[:4]}
    assert all(by_draw[1, seed] < by_draw[3, seed] for seed in (0, 1))
    assert by_draw[3, 0] != by_draw[3, 1]


def test_what_was_run_is_remembered(held, monkeypatch):
    first = comparison.compare(held, network(), per_class=(2, None), seeds=2)
    runs = counted(monkeypatch)
    again = comparison.compare(held, network(), per_class=(2, None), seeds=2)
    assert runs == []
    assert again.cached.all()
    assert (again[["seconds_total", "seconds_features", "seconds_train"]] == 0).all(axis=None)
    assert (again.seconds_run == first.seconds_run).all()
    assert (again.seconds_run > 0).all()
    assert_frame_equal(first.drop(columns=ONCE), again.drop(columns=ONCE), check_exact=True)
    more = comparison.compare(held, network(), per_class=(2, 3, None), seeds=2)
    assert runs == [(3, 0), (3, 1)]
    assert more.per_class.tolist() == [2, 2, 3, 3, "all", "all"]


def test_all_pictures_are_run_once_for_all_seeds(held, monkeypatch):
    runs = counted(monkeypatch)
    table = comparison.compare(held, network(), per_class=(2, None), seeds=3)
    assert runs == [(2, 0), (2, 1), (2, 2), (None, 0)]
    assert table.seed.tolist() == [0, 1, 2] * 2
    assert (table.seconds_total > 0).tolist() == [True] * 4 + [False] * 2
    whole = [training.feature_extraction(network(), held, None, seed).accuracy for seed in range(3)]
    assert table.accuracy.tolist()[3:] == whole


def test_runs_that_are_all_alike_have_the_interval_of_one(held):
    line = comparison.summary(comparison.rows(held, network(), per_class=(None,), seeds=3)).iloc[0]
    (run,) = comparison.rows(held, network())
    assert (line.runs, line["mean"], line.low, line.high) == (3, run["accuracy"], run["low"], run["high"])


def test_the_largest_class_is_what_an_accuracy_is_to_be_held_against(tmp_path):
    folder_of(tmp_path / "uneven" / "train", {"bees": 12, "ants": 3})
    folder_of(tmp_path / "uneven" / "valid", {"bees": 4, "ants": 1}, start=50_000)
    uneven = datasets.load(tmp_path / "uneven")
    rows = comparison.rows(uneven, network())
    assert rows[0]["largest"] == 4 / 5
    assert "always naming the largest class" in [line.get_label() for line in plots.comparison(rows).figure.axes[0].lines]


def test_uneven_classes_are_told_in_rows_in_the_figure_and_after_a_run_was_remembered(tmp_path):
    folder_of(tmp_path / "uneven" / "train", {"bees": 12, "ants": 3})
    uneven = datasets.load(folder_of(tmp_path / "uneven" / "valid", {"bees": 4, "ants": 1}, start=50_000).parent)
    for _ in range(2):
        (row,) = comparison.rows(uneven, network())
        assert [(one["class"], one["pictures"]) for one in row["by_class"]] == [("ants", 1), ("bees", 4)]
        assert row["balanced_accuracy"] == pytest.approx(np.mean([one["recall"] for one in row["by_class"]]))
    assert row["cached"] and "by_class" not in comparison.compare(uneven, network())
    rows = [row | {"seed": seed, "balanced_accuracy": share} for seed, share in enumerate((0.5, 0.75))]
    drawing = plots.comparison(rows)
    (dashes,) = [line for line in drawing.figure.axes[0].lines if line.get_markersize() == 14 and len(line.get_xdata())]
    assert dashes.get_ydata().tolist() == [0.625] and dashes.get_xdata().tolist() == [7.5]
    assert "Classes are uneven; balanced accuracy: feature extraction 62.5 % with 8." in drawing.words
    assert drawing.figure.axes[0].get_ylim()[0] < 0.625
    below = drawing.figure.axes[1]
    assert sorted(label.get_text() for label in below.get_yticklabels()) == ["ants (1)", "bees (4)"]
    shown = {told.get_text(): bar for told, bar in zip(below.get_yticklabels(), below.containers)}
    for one in row["by_class"]:
        bar = shown[f"{one['class']} ({one['pictures']})"]
        assert bar[0].get_xdata()[0] == pytest.approx(one["recall"])
        assert bar[2][0].get_segments()[0][:, 0] == pytest.approx([one["recall_low"], one["recall_high"]])
    many = [one | {"class": f"c{i:02}", "recall": i / 30, "pictures": 30 + i} for i, one in enumerate(row["by_class"][:1] * 30)]
    below = plots.comparison([row | {"by_class": many}]).figure.axes[1]
    assert [label.get_text() for label in below.get_yticklabels()] == [f"c{i:02} ({30 + i})" for i in range(12)]
    assert below.get_title().endswith("(12 of 30)")
    even = [one | {"largest": 0.5, "by_class": []} for one in rows]
    assert len(plots.comparison(even).figure.axes) == 1
    assert "uneven" not in plots.comparison(even).words


def test_a_finished_run_is_told_although_it_cannot_be_remembered(held, monkeypatch):
    def full(self):
        raise CourseError("The disk is full.")

    monkeypatch.setattr(comparison.Memory, "adding", full)
    with pytest.warns(UserWarning, match="This run is not remembered: The disk is full"):
        assert len(comparison.rows(held, network())) == 1


def test_all_pictures_are_run_for_each_seed_where_the_head_deals_them_into_folds(held, monkeypatch):
    monkeypatch.setattr(heads, "_MANY", 1)
    runs = counted(monkeypatch)
    comparison.rows(held, network(), per_class=(None,), seeds=2)
    assert runs == [(None, 0), (None, 1)]
    comparison.rows(held, network(), per_class=(None,), seeds=2, head="ridge")
    assert runs[2:] == [(None, 0)]


@pytest.mark.parametrize("stop_at", [1, 3, 4])
def test_an_interrupted_comparison_goes_on_to_the_same_table(held, monkeypatch, tmp_path, stop_at):
    with monkeypatch.context() as patch:
        runs = counted(patch, stop_at)
        with pytest.raises(KeyboardInterrupt):
            comparison.compare(held, network(), per_class=(2, 4), seeds=2)
        assert len(runs) == stop_at
    with monkeypatch.context() as patch:
        runs = counted(patch)
        resumed = comparison.compare(held, network(), per_class=(2, 4), seeds=2)
        assert len(runs) == 5 - stop_at
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "another"))
    whole = comparison.compare(held, network(), per_class=(2, 4), seeds=2)
    assert_frame_equal(resumed.drop(columns=ONCE), whole.drop(columns=ONCE), check_exact=True)
    assert resumed.cached.tolist()[: stop_at - 1] == [True] * (stop_at - 1)


def test_a_torn_line_costs_one_run_and_no_more(held, monkeypatch):
    comparison.compare(held, network(), per_class=(2, 4), seeds=1)
    memory = places.cache() / "comparisons-1.jsonl"
    memory.write_bytes(memory.read_bytes()[:-30])
    runs = counted(monkeypatch)
    for _ in range(2):
        comparison.compare(held, network(), per_class=(2, 4), seeds=1)
    assert runs == [(4, 0)]


def test_other_pictures_weights_heads_and_layers_are_run_anew(held, monkeypatch):
    comparison.rows(held, network())
    runs = counted(monkeypatch)
    comparison.rows(held, network(seed=1))
    comparison.rows(held, network(), head="ridge")
    comparison.rows(held, network(), layer="features.6")
    comparison.rows(held.small(6), network())
    comparison.rows(held, network(crop=56))
    assert len(runs) == 5
    comparison.rows(held, network())
    assert len(runs) == 5


def test_a_recipe_reaches_the_training_and_is_part_of_what_is_remembered(held, monkeypatch):
    told = []
    monkeypatch.setitem(comparison._RUN, "fine_tuning", lambda *args, **recipe: told.append(recipe) or training.feature_extraction(*args))
    for recipe in (None, {"blocks": 1}, {"blocks": 1}, None):
        comparison.rows(held, network(), ["fine_tuning"], recipe=recipe)
    assert told == [{"curve": False}, {"curve": False, "blocks": 1}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"regimes": ("guessing",)},
            "No regime is called 'guessing': choose among feature_extraction, fine_tuning, from_scratch",
        ),
        ({"per_class": (0,)}, r"per_class \[0\] must be 1 or more, and seeds 1 from 1 to 10,000"),
        ({"seeds": 0}, r"per_class \[None\] must be 1 or more, and seeds 0 from 1 to 10,000"),
        ({"seeds": 10**20}, r"seeds 100000000000000000000 from 1 to 10,000"),
    ],
)
def test_errors_come_before_any_run(held, monkeypatch, options, said):
    runs = counted(monkeypatch)
    with pytest.raises(ComparisonError, match=said):
        comparison.rows(held, network(), **options)
    assert runs == []


KILLED = """
import sys
from making import network
from shoulders import comparison, datasets, training
runs, regime = [], training.feature_extraction

def counting(*args, **kwargs):
    result = regime(*args, **kwargs)
    runs.append(args)
    if len(runs) == 3:
        print("two rows are written", flush=True)
        sys.stdin.read()  # until the signal comes
    return result

comparison._RUN["feature_extraction"] = counting
comparison.rows(datasets.load(sys.argv[1]), network(), per_class=(2, 4), seeds=2)
"""


def test_a_killed_process_leaves_a_table_that_goes_on(held, tmp_path, monkeypatch):
    process = start(KILLED, tmp_path / "set")
    assert process.stdout.readline() == "two rows are written\n"
    process.kill()
    process.communicate(timeout=60)
    with monkeypatch.context() as patch:
        runs = counted(patch)
        resumed = comparison.compare(held, network(), per_class=(2, 4), seeds=2)
        assert runs == [(4, 0), (4, 1)]
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "another"))
    whole = comparison.compare(held, network(), per_class=(2, 4), seeds=2)
    assert_frame_equal(resumed.drop(columns=ONCE), whole.drop(columns=ONCE), check_exact=True)


# --------------------------------------------------------------------------------------------------- what a table says


def row(accuracy, regime="feature_extraction", per_class=10, seed=0, n_valid=150):
    n_train = 240 if per_class == "all" else 2 * per_class
    low, high = comparison.wilson(round(accuracy * n_valid), n_valid)
    return {
        "regime": regime, "per_class": per_class, "seed": seed, "accuracy": accuracy, "low": low, "high": high,
        "n_valid": n_valid, "n_train": n_train, "classes": 2,
    }  # fmt: skip


def test_interval_is_students():
    values = [0.90, 0.94, 0.92, 0.88]
    sd = (sum((v - 0.91) ** 2 for v in values) / 3) ** 0.5
    half = 3.18245 * sd / 2  # Student, three degrees of freedom
    assert np.allclose(comparison.interval(values), [0.91 - half, 0.91 + half], atol=1e-6)
    half = 3.18245 * sd * (1 / 2 + 1 / 4) ** 0.5
    assert np.allclose(comparison.band(values, runs=2), [0.91 - half, min(1, 0.91 + half)], atol=1e-6)
    assert np.isnan(comparison.interval([0.9])).all()


def test_intervals_cover_the_truth_and_bands_the_next_run_at_their_rate():
    rng, draws, seeds, n = np.random.default_rng(0), 2000, 20, 150
    truth = 0.85  # each draw of pictures has an accuracy of its own around it, measured on 150 pictures
    accuracies = rng.binomial(n, np.clip(rng.normal(truth, 0.04, (draws, seeds + 3)), 0, 1)) / n
    old, new = accuracies[:, :seeds], accuracies[:, seeds:].mean(1)
    means = np.array([comparison.interval(values) for values in old])
    bands = np.array([comparison.band(values, runs=3) for values in old])
    sure = 3 * (0.95 * 0.05 / draws) ** 0.5
    assert abs(((means[:, 0] <= truth) & (truth <= means[:, 1])).mean() - 0.95) < sure + 0.005
    assert abs(((bands[:, 0] <= new) & (new <= bands[:, 1])).mean() - 0.95) < sure + 0.005


def test_a_single_run_covers_the_truth_for_its_own_pictures_at_its_rate():
    rng, n, truth = np.random.default_rng(1), 150, 0.9
    bounds = np.array([comparison.wilson(k, n) for k in rng.binomial(n, truth, 4000)])
    assert abs(((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])).mean() - 0.95) < 0.02


def test_summary_by_hand():
    runs = [row(0.8, seed=0), row(0.9, seed=1), row(0.96, per_class="all"), row(0.6, per_class=1), row(0.7, "fine_tuning")]
    table = comparison.summary(runs)
    assert table.regime.tolist() == ["feature_extraction"] * 3 + ["fine_tuning"]
    assert table.pictures.tolist() == [1, 10, 120, 10] and table.per_class.tolist() == [1, 10, "all", 10]
    assert table.runs.tolist() == [1, 2, 1, 1]
    two = table.iloc[1]
    half = 12.7062 * 0.1 / 2**0.5 / 2**0.5
    assert np.allclose([two["mean"], two.low, two.high], [0.85, 0.85 - half, 1], atol=1e-5)  # no accuracy is above 1
    assert (two.alone_low, two.alone_high) == comparison.wilson(128, 150)  # 127.5 right, rounded
    alone = table.iloc[2]
    assert (alone.low, alone.high) == comparison.wilson(144, 150)
    assert comparison.summary([]).columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("kind", ["head", "layer", "backbone"])
def test_a_mean_over_several_heads_layers_or_networks_is_refused(kind):
    runs = [row(0.8, seed=0) | {kind: "one"}, row(0.9, seed=1) | {kind: "other"}]
    judges = [lambda rows: comparison.paired(rows, "fine_tuning", "feature_extraction"), lambda rows: comparison.against(rows, [])]
    for said in judges if kind == "backbone" else (comparison.summary, *judges):
        with pytest.raises(ComparisonError, match=f"more than one {kind}, one and other: give the rows of one at a time"):
            said(runs)
        said([*runs[:1], row(0.7, "fine_tuning") | {kind: "other"}])  # each regime has its own
    assert comparison.paired([], "fine_tuning", "feature_extraction").empty


def test_each_network_has_lines_of_its_own():
    runs = [row(a, seed=s) | {"backbone": name} for name, a in (("one", 0.8), ("other", 0.9)) for s in (0, 1)]
    table = comparison.summary(runs)
    assert table[["backbone", "runs", "mean"]].to_numpy().tolist() == [["one", 2, 0.8], ["other", 2, 0.9]]


def test_several_networks_equal_single_runs_to_the_last_digit(held, monkeypatch, tmp_path):
    networks = [network("squeezenet1_1"), network("squeezenet1_0")]
    options = {"per_class": (2, None), "seeds": 2}
    together = pd.DataFrame(comparison.rows_of_each(held, networks, **options)).drop(columns="by_class")
    monkeypatch.setenv("SHOULDERS_CACHE", str(tmp_path / "another"))
    alone = pd.concat([comparison.compare(held, one, **options) for one in networks], ignore_index=True)
    assert_frame_equal(together.drop(columns=ONCE), alone.drop(columns=ONCE), check_exact=True)
    assert together.backbone.tolist() == ["squeezenet1_1"] * 4 + ["squeezenet1_0"] * 4


def test_paired_takes_out_the_luck_of_the_draw():
    luck = np.random.default_rng(0).normal(0, 0.05, 20)
    runs = [row(0.8 + x, seed=s) for s, x in enumerate(luck)]
    runs += [row(0.83 + x + (-1) ** s * 0.002, "fine_tuning", seed=s) for s, x in enumerate(luck)]
    runs += [
        row(0.9, "fine_tuning", 5, seed=3),
        row(0.5, per_class=5, seed=4),
        row(0.7, "fine_tuning", "all"),
        row(0.6, per_class="all"),
    ]
    table = comparison.paired(runs, "fine_tuning", "feature_extraction")
    assert table.per_class.tolist() == [10, "all"]  # with five a class they share no seed
    first, last = table.iloc[0], table.iloc[1]
    half = 2.09302 * 0.002 * (20 / 19) ** 0.5 / 20**0.5
    assert np.allclose([first.ahead, first.low, first.high], [0.03, 0.03 - half, 0.03 + half], atol=1e-6)
    assert last.ahead == pytest.approx(0.1) and np.isnan(last.low) and last.runs == 1
    assert not len(comparison.paired(runs, "from_scratch", "feature_extraction"))


def test_differences_that_are_all_alike_have_the_interval_of_one_pair():
    runs = [row(0.8, "fine_tuning", seed=s, n_valid=70) for s in range(3)] + [row(0.6, seed=s, n_valid=80) for s in range(3)]
    (line,) = comparison.paired(runs, "fine_tuning", "feature_extraction").itertuples()
    assert (line.runs, line.ahead) == (3, pytest.approx(0.2))
    assert (line.low, line.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)  # Newcombe's own example: 56 of 70, 48 of 80
    drawn = plots.ahead({"fine tuning": pd.DataFrame([line])}).figure.axes[0].containers[0].lines[2][0].get_segments()
    assert drawn[0][:, 1].tolist() == pytest.approx([5.24, 33.39], abs=1e-2)


def test_bands_come_from_the_earlier_runs_and_judge_the_new():
    earlier = [row(a, seed=s) for s, a in enumerate((0.90, 0.92, 0.94, 0.92))] + [row(0.5, "from_scratch")]
    earlier += [row(0.96, per_class="all", seed=s) for s in range(3)]
    table = comparison.against([row(0.93), row(0.6, "from_scratch"), row(0.955, per_class="all"), row(0.9, per_class=2)], earlier)
    assert table.per_class.tolist() == [10, "all", 10]
    assert table.verdict.tolist() == ["inside", "inside", "no band"]
    assert table.over.tolist() == [4, 3, 1]
    assert (table.low[0], table.high[0]) == comparison.band([0.90, 0.92, 0.94, 0.92], 1, 1 / 150)
    assert np.allclose([table.low[1], table.high[1]], [0.96 - 1 / 150, 0.96 + 1 / 150])  # seeds agreed: still one picture wide
    moved = [dict(run, accuracy=run["accuracy"] - 0.2) for run in earlier]
    assert comparison.against([row(0.93)], moved).verdict.tolist() == ["outside"]
    assert not len(comparison.against([row(0.93)], pd.DataFrame()))


def test_an_unknown_budget_is_refused():
    assert {regime for regime, _, _ in comparison.plan("full")} == set(REGIMES)
    with pytest.raises(ComparisonError, match="The budget is 'huge': say taste or full"):
        comparison.plan("huge")


# ------------------------------------------------------------------------------------------------------- what ships


def test_no_run_counts_twice(held):
    """Where a class holds eight pictures, 20 of each, 50 and all are the same draw."""
    rows = comparison.rows(held, network(), ["feature_extraction"], np.array([2, 20, 50]), 3)
    rows += comparison.rows(held, network(), ["feature_extraction"], [None], 1)
    lines = comparison.summary(rows)
    assert (lines.runs.tolist(), lines.per_class.tolist(), lines.pictures.tolist()) == ([3, 3], [2, "all"], [2.0, 8.0])
    assert comparison.against(rows, rows).over.tolist() == [3, 3]


def made(tmp_path, held, plan=(("feature_extraction", (2, None), 2),)):
    table = comparison.carry_out(held, network(), plan)
    path = tmp_path / "grid" / "set-squeezenet1_1.csv"
    grid.write(path, table, grid.card(table, held, network(), plan, "python -m studio.grid set", ["A note."]))
    return path, table


def test_a_written_grid_is_read_again(held, tmp_path):
    path, table = made(tmp_path, held)
    read = comparison.read(path)
    assert np.allclose(read.table.accuracy, table.accuracy, atol=1e-6)
    assert np.allclose(read.table.seconds_run, table.seconds_run, rtol=1e-5)
    assert read.table.per_class.tolist() == ["2", "2", "all", "all"]
    assert read.card["regimes"] == {"feature_extraction": {"per_class": [2, "all"], "seeds": 2}}
    said = " ".join(str(read).split())
    assert "4 runs with set and squeezenet1_1" in said and "`python -m studio.grid set`. A note." in said
    assert sorted(file.name for file in path.parent.iterdir()) == [f"set-squeezenet1_1.{end}" for end in ("csv", "json")]
    dos = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(dos)
    assert len(comparison.read(path)) == 4  # a clone on Windows


def test_a_table_with_the_card_of_another_is_refused(held, tmp_path):
    path, _ = made(tmp_path, held)
    path.write_text(path.read_text().replace(",0.", ",0.0"))
    with pytest.raises(ComparisonError, match="is not the table that set-squeezenet1_1.json describes"):
        comparison.read(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(ComparisonError, match="has no readable card beside it"):
        comparison.read(path)


def test_shipped_says_what_differs(held, tmp_path, monkeypatch):
    path, _ = made(tmp_path, held)
    monkeypatch.setattr(places, "box", lambda: tmp_path)
    none = comparison.shipped(held, network())
    assert not len(none) and str(none) == "No full grid ships for set with squeezenet1_1."
    shutil.copytree(path.parent, tmp_path / "results")
    assert comparison.shipped(held, network()).remarks == ()
    assert "other weights than yours" in " ".join(str(comparison.shipped(held, network(seed=1))).split())
    assert "other pictures than yours" in " ".join(str(comparison.shipped(held.small(3), network())).split())


def test_a_grid_is_asked_for_by_seeds_and_pictures():
    asked = {"feature_extraction": "20", "fine_tuning": "3@1,10,all", "from_scratch": "0"}
    assert grid.parts(asked) == [("feature_extraction", comparison.SIZES, 20), ("fine_tuning", (1, 10, None), 3)]
    assert grid.parts({"feature_extraction": "2@1", "fine_tuning": "kept"}) == [("feature_extraction", (1,), 2)]
    with pytest.raises(ComparisonError, match="Seeds of fine_tuning are 'many@5'"):
        grid.parts({"fine_tuning": "many@5"})


def test_rows_of_an_earlier_table_are_kept_and_its_circumstances_told(held, tmp_path):
    path, _ = made(tmp_path, held, (("feature_extraction", (2,), 2), ("fine_tuning", (2,), 1)))
    old, groups = grid.earlier(path, ["fine_tuning"], held, network())
    assert old.regime.tolist() == ["fine_tuning"]
    assert [(group["command"], group["regimes"]) for group in groups] == [
        ("python -m studio.grid set", {"fine_tuning": {"per_class": [2], "seeds": 1}})
    ]
    plan = [("feature_extraction", (2, None), 3)]
    table = pd.concat([comparison.carry_out(held, network(), plan), old])
    grid.write(path, table, grid.card(table, held, network(), plan, "python -m studio.grid again", [], groups))
    read = comparison.read(path)
    assert len(read) == 7 and read.card["regimes"]["fine_tuning"] == {"per_class": [2], "seeds": 1}
    said = " ".join(str(read).split())
    date = groups[0]["date"]
    assert f"by `python -m studio.grid again`. Kept from {date}: fine tuning, by `python -m studio.grid set`." in said
    assert grid.earlier(path, ["fine_tuning"], held, network())[1] == groups  # kept again: still of the first table
    with pytest.raises(ComparisonError, match="has no runs of from_scratch to keep"):
        grid.earlier(path, ["from_scratch"], held, network())
    with pytest.raises(ComparisonError, match="made with other backbone: nothing of it can be kept"):
        grid.earlier(path, ["fine_tuning"], held, network(seed=1))


SHIPPED = sorted((COURSE / "data" / "results").glob("*.csv"))


def test_grids_ship_for_both_editions():
    need = editions.NEEDS["03"]
    wanted = {(f"felt_{need.pictures}", need.pocket), (need.pictures, need.backbone)}
    wanted |= {(pictures, need.other) for pictures in (f"felt_{need.pictures}", need.pictures)}
    assert {f"{pictures}-{backbone}" for pictures, backbone in wanted} <= {path.stem for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_grid_is_what_its_card_says(path):
    read = comparison.read(path)
    table, card = read.table, read.card
    assert table.columns.tolist() == list(grid.COLUMNS) == list(card["columns"])
    assert len(table) == card["table"]["rows"]
    wanted = {
        (regime, str(count), seed)
        for regime, part in card["regimes"].items()
        for count in part["per_class"]
        for seed in range(part["seeds"])
    }
    assert set(zip(table.regime, table.per_class.astype(str), table.seed)) == wanted
    assert len(table) == len(wanted)
    own = card["backbone"]["name"] != editions.NEEDS["03"].other  # of the other giant, what hours allowed
    assert {"feature_extraction", *(("fine_tuning", "from_scratch") if own else ())} <= set(card["regimes"]) <= set(REGIMES)
    assert card["regimes"]["feature_extraction"] == {"per_class": [n or "all" for n in comparison.SIZES], "seeds": 20}
    assert set(table.n_valid) == {card["pictures"]["valid"]} and table.n_train.max() == card["pictures"]["train"]
    assert set(table.backbone) == {card["backbone"]["name"]}
    right = (table.accuracy * table.n_valid).round()
    assert np.allclose(right / table.n_valid, table.accuracy, atol=1e-5)
    bounds = [comparison.wilson(int(k), n) for k, n in zip(right, table.n_valid)]
    assert np.allclose(table[["low", "high"]], bounds, atol=1e-5)
    assert card["seconds"] == pytest.approx(table.seconds_run.sum(), rel=1e-3, abs=0.06)
    assert {"python", "torch", "fastai", "scikit-learn"} <= set(card["versions"])
    time.strptime(card["date"], "%Y-%m-%d")
    assert card["command"].startswith("python -m studio.grid ") and "/" not in card["command"]
    assert all(card[name] for name in ("processor", "threads", "device", "precision"))
    assert "/" not in json.dumps(card["backbone"])


@pytest.mark.parametrize("name", ["vgg16_tiny", "efficientnet_lite0"])
def test_the_felt_grids_were_made_with_what_ships(name):
    path = COURSE / "data" / "results" / f"felt_bees_vs_ants-{name}.csv"
    if not path.exists() or not backbones.on_disk(name):
        pytest.skip(f"the box holds no felt grid, or {name} is not on this machine")
    held = datasets.load("felt_bees_vs_ants").small(editions.NEEDS["03"].per_class)
    untried = set() if name == "vgg16_tiny" else {"from_scratch_helped", "from_scratch"}  # the card says so
    assert set(comparison.read(path).card["regimes"]) >= set(REGIMES) - untried
    assert comparison.shipped(held, backbones.load(name)).remarks == ()


def test_the_giants_of_a_lesson_had_the_same_draws():
    """So that they can be compared pair by pair, as lesson 03 does."""
    for pictures in ("felt_bees_vs_ants", "bees_vs_ants"):
        cards = [comparison.read(path).card for path in SHIPPED if path.stem.rsplit("-", 1)[0] == pictures]
        assert len(cards) > 1 and len({card["pictures"]["digest"] for card in cards}) == 1


GARBAGE = [b"\x80\xff\xfe\n", b"5", b"null", b"[[1], 2]", b'["%s", 3]', b'["%s", {}]', b'["%s", {"accuracy": 1}]']


@pytest.mark.parametrize("line", GARBAGE)
def test_garbage_in_the_memory_costs_one_run_and_no_more(held, monkeypatch, line):
    comparison.compare(held, network(), per_class=(2,))
    memory = places.cache() / "comparisons-1.jsonl"
    (key,) = (json.loads(kept)[0] for kept in memory.read_text().splitlines() if kept)
    memory.write_bytes(line.replace(b"%s", key.encode()) + b"\n")
    runs = counted(monkeypatch)
    for _ in range(2):
        comparison.compare(held, network(), per_class=(2,))
    assert runs == [(2, 0)]
