"""Distances between spectrograms: what phase-blind ears would object to. Lower is better.

Both distances compare short-time spectra under periodic Hann windows, without padding at the
ends. Power is floored 100 dB below the reference's strongest bin, so that the digital silence of
one file against the dither of another does not decide the result, and so that the two signals
may be scaled together without changing it.
"""

from __future__ import annotations

import numpy as np

from aeolia.errors import InputError
from aeolia.metrics.checks import validate

__all__ = ["log_spectral_distance", "multi_resolution_spectral_distance"]

_FLOOR = 1e-10  # of the reference's strongest bin, in power: -100 dB
_FRAME_SECONDS = 0.032
_RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))  # window and hop in samples


def log_spectral_distance(
    reference: np.ndarray,
    estimate: np.ndarray,
    sample_rate: float,
    *,
    low_hz: float = 0.0,
    high_hz: float | None = None,
) -> float:
    """Root mean square over frequency of the difference of log spectra, averaged over frames; dB.

    LSD = mean over frames of sqrt(mean over bins of (10 log10 P_s - 10 log10 P_e)^2), after Gray
    and Markel (IEEE TASSP 24(5), 1976); frames of 32 ms, a quarter of a frame apart.

    Args:
        reference: clean signal, [T], at least 32 ms.
        estimate: signal to judge, [T].
        sample_rate: in Hz.
        low_hz: lowest frequency that counts; 8000 shows what became of the upper band.
        high_hz: highest frequency that counts; the Nyquist frequency if None.

    Raises:
        InputError: as `validate`, or a band that lies outside 0 to sample_rate / 2.
    """
    reference, estimate = validate(reference, estimate, sample_rate, minimum_seconds=_FRAME_SECONDS)
    win_length = min(max(4, round(_FRAME_SECONDS * sample_rate)), reference.size)
    frequencies = np.fft.rfftfreq(win_length, 1 / sample_rate)
    top_hz = sample_rate / 2 if high_hz is None else high_hz
    band = (frequencies >= low_hz) & (frequencies <= top_hz)
    if not np.any(band):
        raise InputError(
            f"no frequency lies in {low_hz:g} to {top_hz:g} Hz at a sample rate of "
            f"{sample_rate:g} Hz; choose a band below {sample_rate / 2:g} Hz"
        )
    hop = max(1, win_length // 4)
    # The floor follows the whole reference, whatever band is requested.
    clean = np.abs(_stft(reference, win_length, hop)) ** 2
    found = np.abs(_stft(estimate, win_length, hop)) ** 2
    floor = max(float(clean.max()) * _FLOOR, np.finfo(np.float64).tiny)
    difference = 10 * np.log10(
        np.maximum(clean[:, band], floor) / np.maximum(found[:, band], floor)
    )
    return float(np.mean(np.sqrt(np.mean(difference**2, axis=1))))


def multi_resolution_spectral_distance(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Spectral convergence plus log-magnitude error, mean over three resolutions; no unit.

    Yamamoto, Song, Kim: Parallel WaveGAN (ICASSP 2020), equations 4 to 6, for magnitudes A
    (reference) and B (estimate): |A - B| / |A| in the Frobenius norm, plus the mean of
    |ln A - ln B|. Windows of 512, 1024 and 2048 samples, a quarter of a window apart.

    Args:
        reference: clean signal, [T], at least 2048 samples.
        estimate: signal to judge, [T].
    """
    reference, estimate = validate(reference, estimate)
    longest = max(win_length for win_length, _ in _RESOLUTIONS)
    if reference.size < longest:
        raise InputError(
            f"signals have {reference.size} samples; this metric needs at least {longest}"
        )
    distances = []
    for win_length, hop in _RESOLUTIONS:
        clean = np.abs(_stft(reference, win_length, hop))
        found = np.abs(_stft(estimate, win_length, hop))
        floor = max(float(clean.max()) * np.sqrt(_FLOOR), np.finfo(np.float64).tiny)
        convergence = np.linalg.norm(clean - found) / max(float(np.linalg.norm(clean)), floor)
        log_ratio = np.log(np.maximum(clean, floor) / np.maximum(found, floor))
        distances.append(convergence + np.mean(np.abs(log_ratio)))
    return float(np.mean(distances))


def _stft(signal: np.ndarray, win_length: int, hop: int) -> np.ndarray:
    """Complex spectra [F, Q] of the whole frames of a signal [T]."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(win_length) / win_length)
    frames = np.lib.stride_tricks.sliding_window_view(signal, win_length)[::hop]
    return np.fft.rfft(frames * window, axis=1)
