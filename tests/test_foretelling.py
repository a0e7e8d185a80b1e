"""What was promised beside what came out: orders, losses and savings counted by hand, and the table that ships."""

import numpy as np
import pandas as pd
import pytest
from making import COURSE, network, set_of
from scipy.stats import kendalltau

from shoulders import backbones, comparison, datasets, features, heads, plots, transferability
from shoulders.transferability import agreement, choices, foretell, losses, taus, waiting
from studio import foretelling

NAMES = {"good": "good", "flat": "flat", "bad": "bad"}


@pytest.fixture
def table():
    """Three giants at two questions, two draws: one score that is right, one that says nothing, one that is reversed."""
    rows = []
    for question, accuracies in {"one": (0.5, 0.7, 0.9), "two": (0.8, 0.6, 0.7)}.items():
        for seed in range(2):
            for giant, accuracy, gmacs in zip("abc", accuracies, (1.0, 2.0, 3.0)):
                scores = {"good": accuracy - 1, "flat": 1 + seed + 1e-13 * gmacs, "bad": -accuracy if seed else accuracy}
                about = {"gmacs": gmacs, "classes": 2, "n_train": 60, "n_valid": 40, "accuracy_all": accuracy}
                rows.append({"question": question, "giant": giant, "seed": seed} | scores | about)
    return pd.DataFrame(rows)


def test_an_order_that_is_right_is_one_and_a_score_that_says_nothing_is_none(table):
    assert taus(table, "good").tolist() == pytest.approx([1, 1])
    assert taus(table, "flat").tolist() == [0, 0], "a difference in the last digits is no order"
    assert taus(table, "bad").tolist() == pytest.approx([0, 0]), "one draw right, one reversed"
    assert taus(table, "gmacs").to_dict() == pytest.approx({"one": 1, "two": -1 / 3})


def test_a_question_that_all_answered_alike_is_left_out(table):
    alike = table.assign(accuracy_all=np.where(table.question == "two", 1.0, table.accuracy_all))
    assert taus(alike, "good").index.tolist() == ["one"]
    found = agreement(alike, scores=["good"]).loc["good"]
    assert (found.questions, found.pairs) == (1, 3) and np.isnan(found.low)


def test_the_interval_is_that_of_resampled_questions():
    rng = np.random.default_rng(3)
    mean, low, high = transferability.over_questions(values := rng.normal(0.4, 0.2, 12))
    again = [rng.choice(values, 12).mean() for _ in range(20_000)]
    assert mean == pytest.approx(values.mean()) and (low, high) == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.01)


def test_what_a_choice_loses_is_counted_by_hand(table):
    found = choices(table, scores=["good", "flat", "bad"], always=["c"])
    assert found.loc["good", ["lost", "worst", "best"]].tolist() == pytest.approx([0, 0, 1])
    assert found.loc["flat", "lost"] == found.loc["any", "lost"] == pytest.approx((0.2 + 0.1) / 2)
    assert found.loc["bad", ["lost", "worst", "best"]].tolist() == pytest.approx([(0.2 + 0.1) / 2, 0.2, 0.5])
    assert found.loc["always c", ["lost", "worst", "best"]].tolist() == pytest.approx([0.05, 0.1, 0.5])
    assert losses(table, "always a").to_dict() == pytest.approx({("one", 0): 0.4, ("one", 1): 0.4, ("two", 0): 0, ("two", 1): 0})


def test_what_a_choice_saves_is_counted_by_hand(table):
    """All look at 20 of 100 pictures, 6 × 20; then c alone at the other 80, 3 × 80, or a, 1 × 80; and all at all are 600."""
    saved = waiting(table, "good")
    assert saved.to_dict() == pytest.approx({"one": 1 - (120 + 240) / 600, "two": 1 - (120 + 80) / 600})


def test_foretelling_looks_at_what_was_drawn_alone(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 6, 2))
    giants = {"learnt": network("squeezenet1_1"), "other": network("squeezenet1_1", seed=1)}
    found = foretell(giants, held.train, per_class=4, seed=2)
    assert found.index.tolist() == ["learnt", "other"] and found.columns.tolist() == [*transferability.CHOICES, "seconds"]
    drawn = held.train.take(held.train.sample(4, 2))
    seen = features.extract(giants["other"], drawn, ["hidden", "classes"])
    row = found.loc["other"]
    for name, score in transferability.SCORES.items():
        assert row[name] == pytest.approx(score(seen["hidden"], drawn.labels), abs=1e-6), name
    probabilities = heads.softmax(seen["classes"].astype(float))
    assert row.leep == pytest.approx(transferability.leep(probabilities, drawn.labels), abs=1e-6)


def test_figures_say_what_is_in_the_numbers(table):
    one = table[(table.question == "one") & (table.seed == 0)].set_index("giant")
    drawing = plots.promised(one, NAMES, "accuracy_all", "A question")
    assert drawing.words == "c came out best. It was put first by good, bad."
    ax = drawing.figure.axes[0]
    assert [line.get_xydata()[0].tolist() for line in ax.lines] == [pytest.approx([a - 1, a]) for a in (0.5, 0.7, 0.9)]
    found = agreement(table, scores=list(NAMES))
    single = {name: taus(table, name) for name in NAMES}
    drawing = plots.foretold(found, single, NAMES, "Orders")
    assert drawing.words == "Over 2 questions: good +1.00, flat +0.00, bad +0.00."
    assert [text.get_text() for text in drawing.figure.axes[0].get_yticklabels()] == list(NAMES)


def test_the_studys_questions_share_no_picture_of_the_shelf():
    shelf = [question.how["classes"] for question in foretelling.questions() if question.how.get("classes")]
    assert len(shelf) == 4 and len(set(sum(shelf, []))) == len(sum(shelf, [])) == 21
    assert all(question.kind == "felt" for question in foretelling.questions())


def test_the_studys_rows_are_promises_and_what_came_out(tmp_path):
    held = datasets.load(set_of(tmp_path / "set", 24, 4))
    question = foretelling.Question("painted", "felt", tmp_path, {})
    rows = foretelling.rows(question, held, giants := {"small": network("squeezenet1_1")})
    assert rows.columns.tolist() == list(foretelling.COLUMNS) and rows.seed.tolist() == list(range(foretelling.DRAWS))
    for seed, row in enumerate(rows.itertuples()):
        told = foretell(giants, held.train, foretelling.FEW, seed).loc["small"]
        assert [row.logme, row.leep, row.probe] == pytest.approx([told.logme, told.leep, told.probe], abs=1e-4)
    few = comparison.compare(held, giants["small"], per_class=(5,), seeds=foretelling.DRAWS)
    assert rows.accuracy_5.tolist() == few.accuracy.tolist()


SHIPPED = COURSE / "data" / foretelling.PATH


@pytest.fixture(scope="module")
def study():
    return comparison.read(SHIPPED)


def test_the_study_that_ships_is_what_its_card_says(study):
    table, card = study.table, study.card
    assert table.columns.tolist() == list(foretelling.COLUMNS) == list(card["columns"])
    wanted = {(q["name"], g["name"], seed) for q in card["questions"] for g in card["giants"] for seed in range(card["draws"])}
    assert set(zip(table.question, table.giant, table.seed)) == wanted and len(table) == len(wanted)
    assert len(card["questions"]) * len(card["giants"]) >= 20 and "/" not in str(card["giants"])
    assert card["command"].startswith("python -m studio.foretelling") and "/" not in card["command"]
    right = table.accuracy_all * table.n_valid
    assert np.allclose(right, right.round(), atol=0.01), "accuracies are shares of the validation pictures"


def test_the_study_was_made_with_what_ships(study):
    known = {one["name"]: one["digest"] for one in study.card["giants"]}
    for name in ("vgg16_tiny", "vgg16_mammals", "vgg16_things"):
        assert known[name] == backbones.load(name).digest
    asked = {one["name"]: one["digest"] for one in study.card["questions"]}
    for question in (one for one in foretelling.questions() if one.name in asked):
        assert asked[question.name] == comparison.pictures_digest(datasets.load(question.source, **question.how)), question.name


def test_taus_of_the_study_are_scipys(study):
    table = study.table[study.table.question == "cats or dogs"]
    for score in ("logme", "leep"):
        by_hand = [kendalltau(draw[score], draw.accuracy_all).statistic for _, draw in table.groupby("seed")]
        assert taus(study.table, score)["cats or dogs"] == pytest.approx(np.mean(by_hand), abs=1e-6)
