"""How high a voice is: the median pitch of its speech."""

from __future__ import annotations

import numpy as np

__all__ = ["median_pitch_hz"]


def median_pitch_hz(audio: np.ndarray, sample_rate: int) -> float:
    """Median pitch of speech [T] between 60 and 400 Hz, by autocorrelation; 0 if none is heard.

    Frames of 50 ms count as voiced where the normalised autocorrelation reaches 0.6. Of the lags
    within 10 % of the best the shortest is taken, for a period repeats at its multiples.
    """
    frame, hop = int(0.05 * sample_rate), int(0.02 * sample_rate)
    count = (len(audio) - frame) // hop + 1
    if count < 1:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(audio, frame)[::hop][:count]
    frames = frames - frames.mean(1, keepdims=True)
    size = 1 << (2 * frame - 1).bit_length()
    spectrum = np.fft.rfft(frames * np.hanning(frame), size)
    # Nothing above 900 Hz: the pitch is sought, not the formants.
    spectrum[:, np.fft.rfftfreq(size, 1.0 / sample_rate) > 900.0] = 0.0
    correlation = np.fft.irfft(np.square(np.abs(spectrum)), size)[:, :frame]
    window = np.fft.irfft(np.square(np.abs(np.fft.rfft(np.hanning(frame), size))), size)[:frame]
    shortest, longest = int(sample_rate / 400.0), int(sample_rate / 60.0)
    energy = np.maximum(correlation[:, :1], 1e-9)
    normal = correlation[:, shortest:longest] / energy / (window[shortest:longest] / window[0])
    best = normal.max(1)
    loud = energy[:, 0] > 0.02 * np.quantile(energy, 0.95)
    voiced = (best > 0.6) & loud
    if not voiced.any():
        return 0.0
    peaks = (normal[:, 1:-1] >= normal[:, :-2]) & (normal[:, 1:-1] >= normal[:, 2:])
    near = peaks & (normal[:, 1:-1] > 0.9 * best[:, None])
    lags = shortest + 1 + np.argmax(near, axis=1)
    return float(np.median(sample_rate / lags[voiced & near.any(1)]))
