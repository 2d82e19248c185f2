"""Means with 95 % intervals (Student's t), differences of two systems on the same clips, shares.

The interval treats clips as independent draws. Clips of one speaker or one noise recording are
similar, so for a new speaker or noise it is somewhat too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Interval",
    "clustered_interval",
    "mean_interval",
    "paired_difference",
    "share_interval",
    "t_quantile",
]


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval over `n` clips; NaN where there are too few clips."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        """The number behind the ±."""
        return (self.high - self.low) / 2

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is more than chance at this level."""
        return self.low > 0 or self.high < 0

    def verdict(self, *, higher_is_better: bool = True) -> str:
        """Of a difference (ours - theirs): "ahead", "behind", or "even" where zero is inside."""
        if not self.excludes_zero:
            return "even"
        return "ahead" if (self.mean > 0) == higher_is_better else "behind"

    def as_dict(self) -> dict[str, float | int | None]:
        """For JSON, which has no NaN: None stands for it."""
        numbers = {"mean": self.mean, "low": self.low, "high": self.high}
        finite = {key: x if math.isfinite(x) else None for key, x in numbers.items()}
        return {**finite, "n": self.n}


def mean_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Mean of the finite values with its 95 % interval (needs two; the mean needs one)."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if finite.size == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float(finite.mean())
    if finite.size == 1:
        return Interval(mean, math.nan, math.nan, 1)
    error = float(finite.std(ddof=1)) / math.sqrt(finite.size)
    half = t_quantile(finite.size - 1) * error
    return Interval(mean, mean - half, mean + half, int(finite.size))


def paired_difference(
    values: Sequence[float] | np.ndarray, others: Sequence[float] | np.ndarray
) -> Interval:
    """Mean of `values - others`, clip by clip, with its 95 % interval.

    Far narrower than the difference of two means: what is hard about a clip is hard for both.
    """
    return mean_interval([a - b for a, b in zip(values, others, strict=True)])


def clustered_interval(values: Sequence[float] | np.ndarray, groups: Sequence[object]) -> Interval:
    """Mean of the finite values with its 95 % interval where clips of a group are alike.

    Groups, such as speakers, are the independent draws, not clips: the variance of the mean is
    G / (G - 1) sum over groups of (sum of the deviations in the group)^2 / n^2 (Liang and Zeger,
    Biometrika 73(1), 1986), and Student's t has G - 1 degrees of freedom. Needs two groups.
    """
    pairs = [(v, g) for v, g in zip(values, groups, strict=True) if math.isfinite(v)]
    finite = np.array([value for value, _ in pairs])
    plain = mean_interval(finite)
    sums: dict[object, float] = {}
    for value, group in pairs:
        sums[group] = sums.get(group, 0.0) + value - plain.mean
    count = len(sums)
    if count < 2:
        return Interval(plain.mean, math.nan, math.nan, plain.n)
    spread = sum(one * one for one in sums.values()) * count / (count - 1)
    half = t_quantile(count - 1) * math.sqrt(spread) / plain.n
    return Interval(plain.mean, plain.mean - half, plain.mean + half, plain.n)


def share_interval(hits: float, n: int) -> Interval:
    """A share `hits / n` with its 95 % interval (E. B. Wilson, 1927): never beyond 0 and 1."""
    if not n:
        return Interval(math.nan, math.nan, math.nan, 0)
    z, share = 1.959964, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, middle - half, middle + half, n)


def t_quantile(degrees: int, confidence: float = 0.95) -> float:
    """The t that Student's distribution stays within, either side, with this probability.

    Bisection on the closed form of the distribution for whole degrees of freedom.
    """
    low, high = 0.0, 1e5
    for _ in range(100):
        middle = (low + high) / 2
        if _t_within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _t_within(t: float, degrees: int) -> float:
    """P(|T| < t): Abramowitz and Stegun 26.7.3 (odd degrees) and 26.7.4 (even)."""
    if degrees > 2000:  # normal to four digits, and the series below would be long
        return math.erf(t / math.sqrt(2))
    angle = math.atan(t / math.sqrt(degrees))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(1 + odd, degrees, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    if odd:
        return 2 / math.pi * (angle + sine * total)
    return sine * total
