"""Does a recording hold one pitch at a time? Looks for tones that the tracked pitch leaves over.

In every loud frame the spectrum's peaks are compared with the multiples of the tracked pitch (and
of its half and third, because a tracker that slipped by an octave is no second voice). A strong
peak elsewhere is another tone. Noise has no narrow peaks, and reverberation only overlaps for the
moment in which notes change, so a recording counts as polyphonic by the share of such frames.
"""

from __future__ import annotations

import numpy as np

from aeolia.audio.pitch.tracker import TRACK_HOP, TRACK_RATE, PitchTrack
from aeolia.audio.resample import resample

__all__ = ["POLYPHONIC_SHARE", "polyphonic_share"]

#: A recording with a larger share of frames with foreign tones holds several voices.
POLYPHONIC_SHARE = 0.6

_WINDOW = 2048  # 128 ms at the tracker's rate: tones a semitone apart at middle C are apart
_LOW_HZ, _HIGH_HZ = 70.0, 3000.0
#: Frames this far below the loudest are not looked at.
_ACTIVE_DB = -30.0
#: A foreign tone is at most this far below the strongest peak, and this far above its surroundings.
_STRONG_DB, _NARROW_DB = -20.0, 16.0
#: Peaks nearer than this share of the pitch to one of its multiples belong to it.
_TOLERANCE = 0.05
_ABSENT_HARMONICS = 3.5
_ENOUGH_VOICED = 0.3
_FRAMES_PER_CALL = 512


def polyphonic_share(audio: np.ndarray, sample_rate: int, track: PitchTrack) -> float:
    """Share of the loud frames of audio [T], 0 to 1, in which a tone is foreign to its pitch."""
    signal = np.asarray(resample(np.asarray(audio, np.float32), sample_rate, TRACK_RATE))
    padded = np.pad(signal, (_WINDOW // 2, _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: 2 * TRACK_HOP]
    pitch = track.pitch_hz[::2]
    count = min(len(windows), len(pitch))
    if not count:
        return 0.0
    energy = np.array([float(np.square(w, dtype=np.float64).sum()) for w in windows[:count]])
    active = np.flatnonzero(energy > energy.max() * 10 ** (_ACTIVE_DB / 10))
    if energy.max() <= 0.0 or not len(active):
        return 0.0
    # The tracker gives up on chords, but also on notes beyond its range: frames without a pitch
    # are used only where there is hardly anything else.
    voiced = active[pitch[active] > 0.0]
    active = voiced if len(voiced) > _ENOUGH_VOICED * len(active) else active
    foreign = [
        _foreign(windows[part], pitch[part])
        for part in np.array_split(active, -(-len(active) // _FRAMES_PER_CALL))
    ]
    return float(np.concatenate(foreign).mean())


def _foreign(windows: np.ndarray, pitch_hz: np.ndarray) -> np.ndarray:
    """Whether each window [N, T] has a strong, narrow peak that its pitch [N] does not explain."""
    window = np.hanning(_WINDOW)
    bin_hz = TRACK_RATE / _WINDOW
    level = 20 * np.log10(np.abs(np.fft.rfft(windows * window, axis=1)) + 1e-9)
    low, high = int(_LOW_HZ / bin_hz), int(_HIGH_HZ / bin_hz)
    middle = level[:, low:high]
    peak = (middle > level[:, low - 1 : high - 1]) & (middle >= level[:, low + 1 : high + 1])
    peak &= middle > middle.max(axis=1, keepdims=True) + _STRONG_DB
    # The median over a fifth of a kilohertz is the floor that a tone stands on, not its skirt.
    reach = int(100 / bin_hz)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(level, ((0, 0), (reach, reach)), mode="reflect"), 2 * reach + 1, axis=1
    )[:, low:high]
    peak &= middle > np.median(around, axis=2) + _NARROW_DB
    frequency = np.arange(low, high) * bin_hz
    own = np.zeros_like(peak)
    for divisor in (1, 2, 3):
        base = np.maximum(pitch_hz[:, None], 1.0) / divisor
        number = np.maximum(np.round(frequency / base), 1.0)
        distance = np.abs(frequency - number * base)
        # Fractions of a low pitch would explain everything: they count for its first multiples.
        near = (number <= 8) | (divisor == 1)
        own |= (distance < np.maximum(_TOLERANCE * base * divisor, 1.5 * bin_hz)) & near
    own &= pitch_hz[:, None] > 0.0
    # A pitch whose lowest three harmonics are all absent is that of a chord, a common divisor.
    lowest = np.where(peak.any(axis=1), frequency[np.argmax(peak, axis=1)], 0.0)
    divisor_only = (pitch_hz > 0.0) & (lowest > _ABSENT_HARMONICS * pitch_hz)
    # Without a pitch, one tone alone is not yet two.
    strangers = (peak & ~own).sum(axis=1)
    return np.asarray((strangers >= np.where(pitch_hz > 0.0, 1, 2)) | divisor_only)
