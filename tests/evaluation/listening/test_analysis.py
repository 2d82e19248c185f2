"""Figures of listening tests against scipy and by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from aeolia.errors import DataError
from aeolia.evaluation.listening.analysis import analyse_ratings
from aeolia.evaluation.listening.ratings import Rating, Ratings

#: System -> role and what listeners think of it.
TRUTH = {
    "clean": ("reference", 100),
    "ours": ("system", 70),
    "noisy": ("system", 40),
    "anchor 3.5 kHz": ("anchor", 20),
}


def made_test(raters: int = 6, items: int = 8, seed: int = 0) -> Ratings:
    """Listeners with a scale of their own, clips that are hard for all, and noise."""
    rng = np.random.default_rng(seed)
    bias, hardness = rng.normal(0, 8, raters), rng.normal(0, 8, items)
    rows = []
    for rater in range(raters):
        for item in range(items):
            for position, (system, (role, truth)) in zip("ABCD", TRUTH.items(), strict=True):
                rating = truth + rng.normal(0, 3)
                if role != "reference":
                    rating += bias[rater] + hardness[item]
                rating = 100.0 if role == "reference" else float(np.clip(rating, 0, 100))
                names = f"r{rater}", item, f"clip{item}"
                rows.append(Rating(*names, position, system, role, rating))
    return Ratings("mushra", tuple(rows))


def test_means_and_intervals_equal_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    ratings = made_test()
    analysis = analyse_ratings(ratings)
    ours = np.array([row.rating for row in ratings.rows if row.system == "ours"])
    interval = analysis.mean("ours")
    low, high = stats.t.interval(0.95, len(ours) - 1, ours.mean(), stats.sem(ours))
    assert (interval.mean, interval.low, interval.high) == pytest.approx((ours.mean(), low, high))
    means = ours.reshape(6, 8).mean(axis=1)
    low, high = stats.t.interval(0.95, 5, means.mean(), stats.sem(means))
    of_raters = analysis.mean_of_raters("ours")
    assert (of_raters.low, of_raters.high, of_raters.n) == pytest.approx((low, high, 6))
    assert of_raters.half_width > interval.half_width  # listeners differ more than chance
    clip = analysis.mean("ours", "clip3")
    assert clip.mean == pytest.approx(ours.reshape(6, 8)[:, 3].mean()) and clip.n == 6


def test_differences_pair_listener_and_clip() -> None:
    stats = pytest.importorskip("scipy.stats")
    ratings = made_test()
    difference = analyse_ratings(ratings).difference("ours", "noisy")
    found = {name: [row.rating for row in ratings.rows if row.system == name] for name in TRUTH}
    test = stats.ttest_rel(found["ours"], found["noisy"]).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((test.low, test.high))
    assert difference.low < 30 < difference.high


def test_a_careless_listener_changes_nothing() -> None:
    good = made_test()
    bad = tuple(
        Rating("zoe", row.trial, row.item, row.position, row.system, row.role, 100 - row.rating)
        for row in good.of("r0")
    )
    analysis = analyse_ratings(Ratings("mushra", good.rows + bad))
    assert list(analysis.excluded) == ["zoe"]
    assert analysis.mean("ours") == analyse_ratings(good).mean("ours")
    reason = "rated the hidden reference below 90 in 8 of 8 trials"
    assert analysis.words() == [f"zoe is left out: {reason}"]
    with pytest.raises(DataError, match="all 1 listener.s. are left out, such as zoe"):
        analyse_ratings(Ratings("mushra", bad))


def test_tables_and_json_say_the_same() -> None:
    analysis = analyse_ratings(made_test())
    quality, differences, clips = analysis.tables()
    assert [row[0] for row in quality.rows] == [
        "clean (hidden reference)",
        "ours",
        "noisy",
        "anchor 3.5 kHz",
    ]
    assert [row[0] for row in differences.rows] == ["ours − noisy"] and differences.bold
    assert len(clips.rows) == 8 and len(clips.columns) == 5
    found = json.loads(analysis.as_json())
    assert list(found["systems"]) == ["clean", "ours", "noisy", "anchor 3.5 kHz"]
    ours = found["systems"]["ours"]
    assert quality.rows[1][1].split(" ")[0] == f"{ours['rating']['mean']:.1f}"
    assert ours["rating"]["n"] == 48 and ours["over_raters"]["n"] == 6
    assert ours["items"]["clip3"]["n"] == 6
    assert found["differences"][0]["system"] == "ours" and found["differences"][0]["n"] == 48


def test_one_listener_and_one_clip_still_give_means() -> None:
    rows = tuple(Rating("a", 1, "c", "A", name, TRUTH[name][0], 95.0) for name in ("clean", "ours"))
    analysis = analyse_ratings(Ratings("mushra", rows))
    assert analysis.tables()[0].rows[0][1] == "95.0"
    assert json.loads(analysis.as_json())["systems"]["ours"]["rating"]["low"] is None


def ab_test(wins: int, even: int, losses: int) -> Ratings:
    rows = []
    for trial, rating in enumerate([1.0] * wins + [0.5] * even + [0.0] * losses):
        sides = "AB" if trial % 2 else "BA"
        rows.append(Rating("a", trial, f"c{trial}", sides[0], "new", "system", rating))
        rows.append(Rating("a", trial, f"c{trial}", sides[1], "old", "system", 1 - rating))
    return Ratings("ab", tuple(rows))


def test_preferences() -> None:
    analysis = analyse_ratings(ab_test(14, 2, 4))
    (table,) = analysis.tables()
    assert table.rows[0][0] == "new over old" and table.rows[0][2:] == ("14", "2", "4", "20")
    (found,) = json.loads(analysis.as_json())["preferences"]
    assert found["mean"] == pytest.approx(0.75) and found["low"] > 0.5
    assert table.bold == {(0, 1)}
    assert analyse_ratings(ab_test(5, 2, 4)).tables()[0].bold == frozenset()
    (table,) = analyse_ratings(ab_test(4, 0, 9)).tables()
    assert [row[0] for row in table.rows] == ["old over new"]


def test_pairs_of_three_systems_do_not_mix() -> None:
    rows = ab_test(3, 0, 1).rows + tuple(
        Rating("b", 1, "c1", side, name, "system", rating)
        for side, name, rating in (("A", "new", 1.0), ("B", "third", 0.0))
    )
    analysis = analyse_ratings(Ratings("ab", rows))
    assert analysis.preferences("new", "old") == (3, 0, 1)
    assert analysis.preferences("new", "third") == (1, 0, 0)
    assert analysis.preferences("old", "third") == (0, 0, 0)
    assert len(analysis.tables()[0].rows) == 3
