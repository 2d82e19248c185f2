"""Scores that predict listeners: PESQ for quality, STOI and ESTOI for intelligibility.

The computations are those of the packages `pesq` (ITU-T P.862.2) and `pystoi` (the authors'
algorithm), which `pip install aeolia[pesq]` and `aeolia[train]` bring, imported when first needed.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from aeolia.errors import InputError, MissingExtraError
from aeolia.metrics.checks import validate

__all__ = ["estoi", "pesq_wb", "stoi"]

#: Below this peak an estimate counts as silence: the squares of still smaller samples vanish in the
#: 32-bit floats of the package `pesq`.
_SILENT_PEAK = 1e-12

_PESQ_RATE = 16000


def pesq_wb(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """Wide-band PESQ (ITU-T P.862.2) as a mean opinion score, about 1.0 to 4.64.

    Signals at other rates are resampled to 16 kHz with soxr, so nothing above 8 kHz is judged.

    Args:
        reference: clean speech, [T], at least 0.25 s.
        estimate: signal to judge, [T].
        sample_rate: in Hz.

    Raises:
        InputError: as `validate`; also when PESQ finds no speech in the reference.
        MissingExtraError: the package `pesq` is not installed.
    """
    try:
        import pesq
    except ImportError as error:
        raise _missing("pesq_wb", "pesq", "pesq") from error
    reference, estimate = validate(reference, estimate, sample_rate, minimum_seconds=0.25)
    if sample_rate != _PESQ_RATE:
        import soxr

        reference = soxr.resample(reference, sample_rate, _PESQ_RATE, quality="VHQ")
        estimate = soxr.resample(estimate, sample_rate, _PESQ_RATE, quality="VHQ")
    try:
        # The package divides by the larger peak of the two, so levels survive to P.862's own
        # level alignment; a silent estimate would give it 0/0.
        score = pesq.pesq(_PESQ_RATE, reference, _audible(estimate), "wb")
    except pesq.PesqError as error:
        raise InputError(
            f"PESQ cannot judge this clip ({_words(error)}); it needs speech in the reference"
        ) from error
    return float(score)


def stoi(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """Short-time objective intelligibility, about 0 to 1.

    Taal, Hendriks, Heusdens, Jensen (IEEE TASLP 19(7), 2011). Judges 150 Hz to 4.3 kHz.

    Args:
        reference: clean speech, [T], at least 0.4 s of it not pauses.
        estimate: signal to judge, [T].
        sample_rate: in Hz.

    Raises:
        InputError: as `validate`; also when too little speech is left once pauses are removed.
        MissingExtraError: the package `pystoi` is not installed.
    """
    return _stoi("stoi", reference, estimate, sample_rate, extended=False)


def estoi(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """Extended STOI, about 0 to 1: also right for noise that comes and goes.

    Jensen, Taal (IEEE/ACM TASLP 24(11), 2016). Arguments and errors as `stoi`.
    """
    return _stoi("estoi", reference, estimate, sample_rate, extended=True)


def _stoi(
    name: str,
    reference: np.ndarray,
    estimate: np.ndarray,
    sample_rate: float,
    *,
    extended: bool,
) -> float:
    try:
        import pystoi
    except ImportError as error:
        raise _missing(name, "pystoi", "train") from error
    reference, estimate = validate(reference, estimate, sample_rate, minimum_seconds=0.4)
    state = np.random.get_state()
    with warnings.catch_warnings():
        # pystoi warns and returns 1e-5 when too few frames are left: an invented score.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            np.random.seed(0)  # extended STOI adds noise of 2e-16; the same score every time
            score = pystoi.stoi(reference, estimate, int(sample_rate), extended=extended)
        except RuntimeWarning as error:
            raise InputError(
                f"{name} needs at least 0.4 s of speech once pauses are removed; this clip has less"
            ) from error
        finally:
            np.random.set_state(state)
    return float(score)


def _audible(estimate: np.ndarray) -> np.ndarray:
    """The estimate, or inaudible noise instead of digital silence and what PESQ takes for it."""
    if np.max(np.abs(estimate), initial=0.0) > _SILENT_PEAK:
        return estimate
    return 1e-6 * np.random.default_rng(0).standard_normal(estimate.size)


def _words(error: Any) -> str:
    """PESQ's message, which it gives as bytes."""
    message = error.args[0] if error.args else error
    return message.decode() if isinstance(message, bytes) else str(message)


def _missing(metric: str, package: str, extra: str) -> MissingExtraError:
    return MissingExtraError(
        f"{metric} needs the package {package}, which is not installed; "
        f"run: pip install 'aeolia[{extra}]'"
    )
