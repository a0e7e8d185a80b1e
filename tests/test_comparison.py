"""Comparisons: every regime sees the same nested draws, and an interrupted one goes on to the same table."""

import pytest
from making import network, set_of
from pandas.testing import assert_frame_equal

from shoulders import comparison, datasets, places, training
from shoulders.comparison import ComparisonError
from shoulders.datasets import Pictures

ONCE = ["cached", "seconds_total", "seconds_features", "seconds_train"]
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
    drawn, sample = [], Pictures.sample

    def telling(self, per_class, seed=0):
        chosen = sample(self, per_class, seed)
        drawn.append((per_class, seed, tuple(self.digests[i] for i in chosen)))
        return chosen

    monkeypatch.setattr(Pictures, "sample", telling)
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
    assert_frame_equal(first.drop(columns=ONCE), again.drop(columns=ONCE), check_exact=True)
    more = comparison.compare(held, network(), per_class=(2, 3, None), seeds=2)
    assert runs == [(3, 0), (3, 1)]
    assert more.per_class.tolist() == [2, 2, 3, 3, "all", "all"]


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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"regimes": ("guessing",)},
            "No regime is called 'guessing': choose among feature_extraction, fine_tuning, from_scratch",
        ),
        ({"per_class": (0,)}, r"per_class \[0\] and seeds 1 must be 1 or more"),
        ({"seeds": 0}, r"per_class \[None\] and seeds 0 must be 1 or more"),
    ],
)
def test_errors_come_before_any_run(held, monkeypatch, options, said):
    runs = counted(monkeypatch)
    with pytest.raises(ComparisonError, match=said):
        comparison.rows(held, network(), **options)
    assert runs == []
