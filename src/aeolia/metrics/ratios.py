"""Energy ratios in decibels: the reference's share of an estimate against everything else.

    metric            what counts as right in the estimate
    snr               the reference itself
    segmental_snr     the same, frame by frame, so that quiet passages count as much as loud ones
    si_sdr            the reference at any level
    sdr               the reference through any filter of 512 taps (BSSEval)

All ratios are limited to -100 to 100 dB: a perfect or a silent estimate would otherwise give an
infinity, and one such clip would swallow the mean of a whole set. Float32 audio reaches neither.
"""

from __future__ import annotations

import numpy as np

from aeolia.errors import InputError
from aeolia.metrics.checks import validate

__all__ = ["LIMIT_DB", "sdr", "segmental_snr", "si_sdr", "snr"]

#: Ratios are limited to this many decibels either side of zero.
LIMIT_DB = 100.0


def snr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Signal-to-noise ratio in dB: 10 log10(sum s^2 / sum (s - e)^2).

    Sensitive to level: an estimate at half the reference's level scores 6 dB however clean it is.

    Args:
        reference: clean signal s, [T].
        estimate: signal to judge e, [T].
    """
    reference, estimate = validate(reference, estimate)
    return _ratio_db(_energy(reference), _energy(reference - estimate))


def segmental_snr(reference: np.ndarray, estimate: np.ndarray, sample_rate: float) -> float:
    """Mean over frames of the SNR of each frame, in dB, each limited to -10 to 35 dB.

    Frames of 30 ms under a Hann window, a quarter of a frame apart, after Hansen and Pellom
    (ICSLP 1998) and Loizou, Speech Enhancement (2007), chapter 10. The limits keep pauses, where
    the reference has no energy, from deciding the mean; pauses still count (at -10 dB when
    noise is left in them).

    Args:
        reference: clean signal, [T], at least 30 ms.
        estimate: signal to judge, [T].
        sample_rate: in Hz.
    """
    frame_seconds, overlap = 0.030, 4
    reference, estimate = validate(reference, estimate, sample_rate, minimum_seconds=frame_seconds)
    length = max(overlap, round(frame_seconds * sample_rate))
    if reference.size < length:  # the minimum above rounds down, the frame may round up
        length = reference.size
    window = np.hanning(length + 2)[1:-1]
    signal = _frames(reference, length, length // overlap) * window
    noise = _frames(reference - estimate, length, length // overlap) * window
    tiny = np.finfo(np.float64).eps  # as in Loizou: a frame of silence in both counts as 0 dB
    ratios = 10 * np.log10((np.sum(signal**2, axis=1) + tiny) / (np.sum(noise**2, axis=1) + tiny))
    return float(np.mean(np.clip(ratios, -10, 35)))


def si_sdr(reference: np.ndarray, estimate: np.ndarray, *, zero_mean: bool = False) -> float:
    """Scale-invariant signal-to-distortion ratio in dB.

    Le Roux, Wisdom, Erdogan, Hershey: SDR - half-baked or well done? (ICASSP 2019), equation 3:
    with the optimal scale a = <e, s> / <s, s>, the ratio is |a s|^2 / |a s - e|^2. As in that
    formula (and in torchmetrics and fast_bss_eval) the mean is left in, so a constant offset in
    the estimate counts as distortion; `zero_mean=True` removes it from both signals first, as the
    SI-SNR of the Conv-TasNet line does. For audio without offset the two agree.

    Args:
        reference: clean signal s, [T].
        estimate: signal to judge e, [T]; its level and sign do not matter.
        zero_mean: subtract each signal's mean first.

    Raises:
        InputError: as `validate`; also a constant reference with `zero_mean`.
    """
    reference, estimate = validate(reference, estimate)
    if zero_mean:
        reference = reference - reference.mean()
        estimate = estimate - estimate.mean()
        if not np.any(reference):
            raise InputError("reference is constant: silent once its mean is removed")
    if not np.any(estimate):
        return -LIMIT_DB
    target = np.dot(estimate, reference) / _energy(reference) * reference
    return _ratio_db(_energy(target), _energy(target - estimate))


def sdr(reference: np.ndarray, estimate: np.ndarray, *, n_taps: int = 512) -> float:
    """Signal-to-distortion ratio of BSSEval (one source), in dB.

    Vincent, Gribonval, Févotte (IEEE TASLP 14(4), 2006) as implemented in BSSEval version 3: what
    any causal filter of `n_taps` taps can make of the reference counts as right. The filter h
    solves the normal equations R h = c, with R the Toeplitz matrix of the reference's
    autocorrelation and c its correlation with the estimate. The share of the estimate's energy
    that the filtered reference explains is then <c, h> / |e|^2 = p, and SDR = p / (1 - p).

    Args:
        reference: clean signal, [T].
        estimate: signal to judge e, [T].
        n_taps: length of the permitted filter in samples; 512 in BSSEval.
    """
    reference, estimate = validate(reference, estimate)
    if not np.any(estimate):
        return -LIMIT_DB
    reference = reference / np.sqrt(_energy(reference))
    estimate = estimate / np.sqrt(_energy(estimate))
    # Long enough that the circular correlations of the padded signals equal the linear ones.
    n_fft = 1 << (reference.size + n_taps - 1).bit_length()
    spectrum = np.fft.rfft(reference, n_fft)
    autocorrelation = np.fft.irfft(np.abs(spectrum) ** 2, n_fft)[:n_taps]
    correlation = np.fft.irfft(np.conj(spectrum) * np.fft.rfft(estimate, n_fft), n_fft)[:n_taps]
    lags = np.abs(np.subtract.outer(np.arange(n_taps), np.arange(n_taps)))
    toeplitz = autocorrelation[lags]
    try:
        taps = np.linalg.solve(toeplitz, correlation)
    except np.linalg.LinAlgError:  # a reference of few frequencies: any solution will do
        taps = np.linalg.lstsq(toeplitz, correlation, rcond=None)[0]
    explained = float(np.dot(correlation, taps))
    return _ratio_db(max(explained, 0.0), max(1.0 - explained, 0.0))


def _energy(signal: np.ndarray) -> float:
    return float(np.dot(signal, signal))


def _ratio_db(signal: float, noise: float) -> float:
    """10 log10(signal / noise), limited to plus and minus LIMIT_DB."""
    if signal <= 0.0:
        return -LIMIT_DB
    if noise <= 0.0:
        return LIMIT_DB
    return float(np.clip(10 * (np.log10(signal) - np.log10(noise)), -LIMIT_DB, LIMIT_DB))


def _frames(signal: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Whole frames [F, length] of a signal [T], `hop` samples apart."""
    return np.lib.stride_tricks.sliding_window_view(signal, length)[::hop]
