"""What stands on both sides is counted and named, and the accuracy without it is what remains, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from making import network, set_of
from PIL import Image

from shoulders import comparison, datasets
from shoulders.datasets import both_sides
from shoulders.results import wilson


@pytest.fixture
def held(tmp_path):
    """Of five and five validation pictures, two cats are training pictures, saved again."""
    root = set_of(tmp_path / "set", 6, 5)
    for i in (1, 3):
        Image.open(root / "train" / "cats" / f"cats_{i:03}.jpg").resize((70, 52)).save(
            root / "valid" / "cats" / f"cats_{i:03}.jpg"
        )
    return datasets.load(root)


def test_a_row_without_some_pictures_by_hand():
    row = {"n_valid": 10, "accuracy": 0.6, "wrong": [0, 1, 2, 3]}
    found = both_sides.without(row, {"near_copies": {1: 5, 8: 6, 9: 6}, "shared_groups": {}})
    assert found["near_copies"] == 3 and found["n_without_near_copies"] == 7
    assert found["accuracy_without_near_copies"] == pytest.approx(4 / 7)  # of ten, six right; two of these and one wrong are gone
    assert (found["low_without_near_copies"], found["high_without_near_copies"]) == pytest.approx(wilson(4, 7))
    assert found["shared_groups"] == 0 and found["accuracy_without_shared_groups"] == pytest.approx(0.6)
    assert "wrong" not in found and row["wrong"] == [0, 1, 2, 3]
    nothing = both_sides.without(row, {"near_copies": dict.fromkeys(range(10), 0)})
    assert nothing["n_without_near_copies"] == 0 and nothing["accuracy_without_near_copies"] is None


def test_near_copies_are_named_and_every_row_tells_what_is_left(held):
    aside = both_sides.aside(held)
    assert aside == {"near_copies": {1: 1, 3: 3}} or aside == {"near_copies": {3: 3, 1: 1}}
    assert sorted(both_sides.listed(held, aside)) == [f"near copies: cats/cats_{i:03}.jpg ~ cats/cats_{i:03}.jpg" for i in (1, 3)]
    first = comparison.rows(held, network(), per_class=(2, None), aside=aside)
    again = comparison.rows(held, network(), per_class=(2, None), aside=aside)
    plain = comparison.rows(held, network(), per_class=(2, None))
    names = [f"{name}_without_near_copies" for name in ("accuracy", "low", "high", "n")]
    assert [[row[name] for name in names] for row in again] == [[row[name] for name in names] for row in first]
    assert all(row["cached"] for row in again) and not any(names[0] in row or "wrong" in row for row in plain)
    row = first[1]
    right = round(row["accuracy"] * 10)
    assert row["n_without_near_copies"] == 8 and right - 2 <= round(row[names[0]] * 8) <= right
    (said,) = both_sides.sentences(held, aside, first)
    assert said.startswith("2 of 10 validation pictures have a near copy in training (first: cats/cats_00")
    assert said.endswith(
        f"without them squeezenet1_1 reaches {100 * row[names[0]]:.1f} % of 8 (95 % interval {100 * row[names[1]]:.1f} to {100 * row[names[2]]:.1f} %)."
    )


def test_the_first_few_are_named_and_the_rest_counted(held):
    aside = {"near_copies": dict.fromkeys(range(8), 0)}
    listed = both_sides.listed(held, aside)
    assert len(listed) == both_sides.NAMED + 1 and listed[-1] == "… and 3 more near copies."
    row = both_sides.without({"n_valid": 8, "wrong": [], "backbone": "a", "regime": "b", "n_train": 3}, aside)
    (said,) = both_sides.sentences(held, aside, [row])
    assert said.endswith(": nothing else is left to measure on.")


def test_several_networks_and_regimes_each_have_their_word(held):
    def row(backbone, regime, n_train, wrong):
        held = {"backbone": backbone, "regime": regime, "n_train": n_train, "n_valid": 10, "wrong": wrong}
        return both_sides.without(held, {"near_copies": {1: 1, 3: 3}})

    rows = [row("a", "x", 2, [0, 1]), row("a", "x", 12, [0]), row("a", "x", 12, [0, 2]), row("b", "y", 12, [])]
    (said,) = both_sides.sentences(held, {"near_copies": {1: 1, 3: 3}}, rows)
    assert "a by x reaches 87.5 % of 8" in said and ", b by y reaches 100.0 % of 8" in said


def test_groups_on_both_sides_and_their_number_are_told(held):
    part = replace(held.valid, together=tuple("aabbbccddd"))
    grouped = replace(held, train=replace(held.train, together=tuple("axxxxxxxxxxc")), valid=part, groups="table.csv")
    aside = both_sides.aside(grouped)
    assert aside["shared_groups"] == {0: 0, 1: 0, 5: 11, 6: 11}
    row = both_sides.without({"n_valid": 10, "wrong": [0, 9], "backbone": "n", "regime": "r", "n_train": 12}, aside)
    assert row["accuracy_without_shared_groups"] == pytest.approx(5 / 6)
    _, shared, count = both_sides.sentences(grouped, aside, [row])
    assert shared.startswith(
        "4 of 10 validation pictures are of a group that is in training, too (first: cats/cats_000.jpg ~ cats/"
    )
    assert "without them n reaches 83.3 % of 6 (95 % interval" in shared
    assert count.startswith("The 10 validation pictures are of 4 groups: where those of a group are alike")
    assert np.isin(list(aside["near_copies"]), [1, 3]).all()
