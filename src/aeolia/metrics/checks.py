"""What every metric requires of its two signals, said once and in words."""

from __future__ import annotations

import numpy as np

from aeolia.errors import InputError

__all__ = ["validate"]


def validate(
    reference: np.ndarray,
    estimate: np.ndarray,
    sample_rate: float | None = None,
    *,
    minimum_seconds: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Check a pair of signals and return both as float64 arrays [T].

    A silent estimate is allowed (a model may fail that way, and the metric must say how badly);
    a silent reference is not, because every metric here is relative to it.

    Args:
        reference: the signal that is right, [T] of floats.
        estimate: the signal to judge, [T] of floats.
        sample_rate: in Hz, for the metrics that need it.
        minimum_seconds: shortest signal that the metric can judge.

    Raises:
        InputError: arrays that are not 1-D, differ in length, are empty, integer, not finite or
            too short, a silent reference, or a sample rate that is not positive.
    """
    checked = [_check_signal(reference, "reference"), _check_signal(estimate, "estimate")]
    if checked[0].shape != checked[1].shape:
        raise InputError(
            f"reference has {checked[0].size} samples and estimate {checked[1].size}; "
            "they must be equally long and aligned in time: cut or pad one of them"
        )
    if not np.any(checked[0]):
        raise InputError(
            "reference is silent, and metrics are relative to it; leave out such clips"
        )
    if sample_rate is not None:
        _check_rate(sample_rate)
        if checked[0].size < minimum_seconds * sample_rate:
            raise InputError(
                f"signals last {checked[0].size / sample_rate:.3f} s; this metric needs at least "
                f"{minimum_seconds:g} s"
            )
    return checked[0], checked[1]


def _check_signal(signal: np.ndarray, which: str) -> np.ndarray:
    array = np.asarray(signal)
    if array.ndim != 1:
        raise InputError(
            f"{which} has shape {list(array.shape)}; metrics take one channel, shape [T]: "
            "pass the channels one by one"
        )
    if array.size == 0:
        raise InputError(f"{which} is empty; metrics need at least one sample")
    if array.dtype.kind != "f":
        raise InputError(
            f"{which} is of type {array.dtype}; metrics take floating-point samples in -1 to 1"
        )
    array = array.astype(np.float64)
    if not np.all(np.isfinite(array)):
        count = int(np.size(array) - np.count_nonzero(np.isfinite(array)))
        raise InputError(
            f"{which} holds {count} samples that are NaN or infinite; metrics need finite samples"
        )
    return array


def _check_rate(sample_rate: float) -> None:
    if not np.isfinite(sample_rate) or sample_rate <= 0:
        raise InputError(f"sample rate is {sample_rate!r} Hz; it must be a positive number")
