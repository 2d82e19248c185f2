"""Loudness contours: the level of a recording, frame by frame, as synthesis models take it.

Frame f covers samples f * hop .. (f + 1) * hop; its loudness is the RMS level in dBFS of the 2048
samples centred on the frame's centre, floored at -90. Beyond the ends of the audio is silence.
"""

from __future__ import annotations

import numpy as np

__all__ = ["LOUDNESS_FLOOR_DB", "LOUDNESS_WINDOW", "loudness_contour", "loudness_inside"]

#: What silence counts as, in dBFS.
LOUDNESS_FLOOR_DB = -90.0

#: Samples that one value of the contour looks at, half of them before the frame's centre.
LOUDNESS_WINDOW = 2048


def loudness_contour(audio: np.ndarray, hop_length: int, n_frames: int | None = None) -> np.ndarray:
    """Loudness of audio [..., T] as float32 [..., F] in dBFS.

    F is the number of frames that cover the audio, ceil(T / hop_length), unless given.
    """
    length = audio.shape[-1]
    n_frames = -(-length // hop_length) if n_frames is None else n_frames
    energy = np.zeros((*audio.shape[:-1], length + 1))
    np.cumsum(np.square(audio, dtype=np.float64), axis=-1, out=energy[..., 1:])
    start = np.arange(n_frames) * hop_length + hop_length // 2 - LOUDNESS_WINDOW // 2
    stop = np.clip(start + LOUDNESS_WINDOW, 0, length)
    power = (energy[..., stop] - energy[..., np.clip(start, 0, length)]) / LOUDNESS_WINDOW
    return _decibels(power)


def loudness_inside(audio: np.ndarray, hop_length: int, n_frames: int) -> np.ndarray:
    """Loudness [F] of frames of audio [T] whose first begins half a window after its start.

    For streams, which keep what lies around: T is at least what the last frame's window reaches.
    """
    windows = np.lib.stride_tricks.sliding_window_view(audio, LOUDNESS_WINDOW)
    around = windows[np.arange(n_frames) * hop_length + hop_length // 2]
    power = np.mean(np.square(around, dtype=np.float64), axis=1)
    return _decibels(power)


def _decibels(power: np.ndarray) -> np.ndarray:
    floor = 10.0 ** (LOUDNESS_FLOOR_DB / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)), np.float32)
