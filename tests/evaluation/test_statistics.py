"""Intervals against scipy, and by counting how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aeolia.evaluation.statistics import (
    Interval,
    clustered_interval,
    mean_interval,
    paired_difference,
    share_interval,
    t_quantile,
)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 29, 100, 823, 1999])
def test_t_quantile_equals_scipy(degrees: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    for confidence in (0.9, 0.95, 0.99):
        expected = stats.t.ppf((1 + confidence) / 2, degrees)
        assert t_quantile(degrees, confidence) == pytest.approx(expected, rel=1e-6)


def test_t_quantile_becomes_the_normal_one() -> None:
    assert t_quantile(10**6) == pytest.approx(1.959964, abs=1e-5)


def test_interval_equals_scipy_and_leaves_out_what_is_not_finite() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = [1.0, 2.5, 3.0, 7.0]
    interval = mean_interval([*values, math.nan, math.inf])
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (interval.mean, interval.n) == (pytest.approx(np.mean(values)), 4)
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))


def test_interval_holds_the_truth_in_95_of_100_sets() -> None:
    rng = np.random.default_rng(0)
    held = [
        interval.low < 5 < interval.high
        for interval in (mean_interval(list(rng.normal(5, 2, 6))) for _ in range(1000))
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_too_few_values() -> None:
    assert mean_interval([]).n == 0
    assert math.isnan(mean_interval([math.nan]).mean)
    one = mean_interval([3.0])
    assert one.mean == 3.0 and math.isnan(one.half_width) and not one.excludes_zero


def test_pairing_shows_a_small_difference_between_very_different_clips() -> None:
    rng = np.random.default_rng(1)
    clips = rng.normal(0, 10, 30)
    better = clips + 0.3 + rng.normal(0, 0.2, 30)
    difference = paired_difference(list(better), list(clips))
    assert difference.excludes_zero and difference.low < 0.3 < difference.high
    assert mean_interval(list(better)).low < mean_interval(list(clips)).high


def test_verdicts() -> None:
    # Student's quantile for 4 degrees of freedom is 2.776.
    found = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.half_width == pytest.approx(2.776 * np.sqrt(2.5 / 5), rel=1e-3)
    assert found.verdict() == "ahead"
    assert found.verdict(higher_is_better=False) == "behind"
    assert mean_interval([-1.0, 1.0, 0.5]).verdict() == "even"
    assert mean_interval([3.0]).verdict() == "even"  # one clip proves nothing


def test_json_has_no_nan() -> None:
    assert mean_interval([]).as_dict() == {"mean": None, "low": None, "high": None, "n": 0}
    assert Interval(1.0, 0.5, 1.5, 4).as_dict() == {"mean": 1.0, "low": 0.5, "high": 1.5, "n": 4}


@pytest.mark.parametrize(("wins", "n"), [(0, 10), (3, 10), (10, 10), (61, 100)])
def test_share_interval_equals_scipy(wins: int, n: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(wins, n).proportion_ci(0.95, method="wilson")
    found = share_interval(wins, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_clips_of_a_group_are_not_independent() -> None:
    """Groups of equal size: the interval of their means; groups of one clip: the plain one."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal(12)
    groups = np.repeat(["a", "b", "c", "d"], 3)
    means = mean_interval(values.reshape(4, 3).mean(1))
    found = clustered_interval(values, groups)
    assert (found.mean, found.half_width) == pytest.approx((means.mean, means.half_width))
    assert found.n == 12
    alone = clustered_interval([*values, np.nan], range(13))
    plain = mean_interval(values)
    assert (alone.low, alone.high) == pytest.approx((plain.low, plain.high))
    assert np.isnan(clustered_interval(values, ["a"] * 12).half_width)
