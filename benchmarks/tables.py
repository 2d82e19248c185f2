"""Means with intervals, paired differences, and Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Estimate", "estimate", "markdown", "verdict"]


@dataclass(frozen=True)
class Estimate:
    """A mean and the half-width of its 95 % interval."""

    mean: float
    half_width: float
    n: int

    def text(self, digits: int, sign: bool = False) -> str:
        mean = f"{self.mean:+.{digits}f}" if sign else f"{self.mean:.{digits}f}"
        return f"{mean} ± {self.half_width:.{digits}f}"


def estimate(values: Sequence[float] | np.ndarray) -> Estimate:
    """Mean and Student's 95 % interval over clips; a single value has an interval of 0."""
    from scipy.stats import t

    array = np.asarray(values, float)
    n = len(array)
    if n < 2:
        return Estimate(float(array.mean()), 0.0, n)
    spread = float(array.std(ddof=1) / np.sqrt(n) * t.ppf(0.975, n - 1))
    return Estimate(float(array.mean()), spread, n)


def verdict(difference: Estimate, higher_is_better: bool = True) -> str:
    """ "ahead" or "behind" where the interval of (ours - theirs) leaves zero out, else "even"."""
    if abs(difference.mean) <= difference.half_width:
        return "even"
    return "ahead" if (difference.mean > 0) == higher_is_better else "behind"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column left, the others right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
