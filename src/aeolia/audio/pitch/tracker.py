"""Pitch contours of monophonic audio, by swift-f0 (MIT, an ONNX model; the extra `pitch`).

The tracker answers every 16 ms with a pitch, good to some cents, and a confidence. Here its answers
are refined (by the phases of the harmonics), mended (short leaps by octaves, single frames without
voice) and read off at any times. Mending looks at most `MEND_FRAMES` frames ahead and back, so a
stream mends as a file does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from aeolia.audio.resample import resample
from aeolia.errors import MissingExtraError

__all__ = [
    "LOOKAHEAD_FRAMES",
    "MEND_FRAMES",
    "TRACK_HOP",
    "TRACK_RATE",
    "PitchTrack",
    "mend",
    "track_pitch",
    "track_window",
]

#: The tracker's sample rate, and samples between two of its answers.
TRACK_RATE, TRACK_HOP = 16000, 256

#: Frames around a frame, each way, that its tracked pitch depends on: the tracker's receptive
#: field, 2815 samples.
LOOKAHEAD_FRAMES = 11

#: Frames each way that `mend` looks at.
MEND_FRAMES = 5

_VOICED = 0.5  # the tracker's confidence is calibrated so that this means voiced
_VOTE_FRAMES = 2  # each way, in the vote on voicing
_FRAMES_PER_CALL = 1875  # half a minute

#: Refinement looks at windows of 64 ms, 2 ms apart, and believes what lies within 40 cents of the
#: tracked pitch. Below 90 Hz harmonics are too close to each other for such windows.
_REFINE_WINDOW, _REFINE_STEP, _REFINE_SHARE, _REFINE_LOWEST_HZ = 1024, 32, 40 / 1200, 90.0
_HARMONICS = 6
#: Harmonics that are compared with what lies halfway between them; less than 20 dB below the
#: strongest counts as a partial.
_OCTAVE_PARTIALS, _AUDIBLE = 3, 0.01


#: Levels of the loudest tenth of a recording's frames, in dBFS: between the first two it stays as
#: it is, otherwise it is brought to the third.
_SOFT_DB, _LOUD_DB, _USUAL_DB = -30.0, 10.0, -20.0
_MOST_GAIN_DB = 80.0


@dataclass(frozen=True)
class PitchTrack:
    """A pitch every `TRACK_HOP` samples of `TRACK_RATE`: frame n stands for n * 16 ms."""

    #: [N] in Hz, 0 where there is none.
    pitch_hz: np.ndarray
    #: [N], 0 to 1: how sure the tracker was, before mending.
    confidence: np.ndarray

    @property
    def voiced(self) -> np.ndarray:
        """[N], where there is a pitch."""
        return self.pitch_hz > 0.0

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """Pitch in Hz at these times: log-interpolated between voiced frames, else the nearer."""
        if not len(self.pitch_hz):
            return np.zeros(len(seconds), np.float32)
        position = np.clip(np.asarray(seconds) * TRACK_RATE / TRACK_HOP, 0, len(self.pitch_hz) - 1)
        left = np.floor(position).astype(int)
        right = np.minimum(left + 1, len(self.pitch_hz) - 1)
        share = position - left
        a, b = self.pitch_hz[left], self.pitch_hz[right]
        both = (a > 0.0) & (b > 0.0)
        between = np.exp2(
            (1 - share) * np.log2(np.where(both, a, 1.0)) + share * np.log2(np.where(both, b, 1.0))
        )
        return np.asarray(np.where(both, between, np.where(share < 0.5, a, b)), np.float32)


def track_pitch(audio: np.ndarray, sample_rate: int) -> PitchTrack:
    """The mended pitch of audio [T] as a whole.

    Raises:
        MissingExtraError: the package swift-f0 is not installed.
    """
    signal = np.asarray(resample(np.asarray(audio, np.float32), sample_rate, TRACK_RATE))
    signal = _at_usual_level(signal)
    n_frames = -(-len(signal) // TRACK_HOP)
    pitch, confidence = [], []
    for start in range(0, n_frames, _FRAMES_PER_CALL):
        count = min(_FRAMES_PER_CALL, n_frames - start)
        low = (start - LOOKAHEAD_FRAMES) * TRACK_HOP
        high = (start + count + LOOKAHEAD_FRAMES) * TRACK_HOP
        part = np.pad(signal[max(low, 0) : high], (max(-low, 0), max(high - len(signal), 0)))
        some_pitch, some_confidence = track_window(part)
        pitch.append(some_pitch)
        confidence.append(some_confidence)
    if not pitch:
        return PitchTrack(np.zeros(0), np.zeros(0))
    tracked, sure = np.concatenate(pitch), np.concatenate(confidence)
    return PitchTrack(mend(tracked, sure), sure)


def _at_usual_level(signal: np.ndarray) -> np.ndarray:
    """A signal [T] that is much softer or louder than usual, brought there; others as they are.

    The tracker finds no pitch in soft sound.
    """
    frames = signal[: len(signal) // TRACK_HOP * TRACK_HOP].reshape(-1, TRACK_HOP)
    power = np.sort(np.mean(np.square(frames, dtype=np.float64), axis=1))
    loud = float(power[-(-9 * len(power) // 10) - 1 :].mean()) if len(power) else 0.0
    level_db = 10.0 * np.log10(loud) if loud > 0.0 else _USUAL_DB
    if _SOFT_DB <= level_db <= _LOUD_DB:
        return signal
    gain_db = min(_USUAL_DB - level_db, _MOST_GAIN_DB)
    return np.asarray(signal * np.float32(10.0 ** (gain_db / 20.0)))


def track_window(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch in Hz, refined, and confidence of the frames inside a signal at `TRACK_RATE`.

    The signal has `LOOKAHEAD_FRAMES` more on each side than are answered for.
    """
    result = _tracker().detect(np.ascontiguousarray(signal, np.float32), TRACK_RATE)
    inside = slice(LOOKAHEAD_FRAMES, len(signal) // TRACK_HOP - LOOKAHEAD_FRAMES)
    pitch, confidence = result.pitch_hz[inside], result.confidence[inside]
    centres = (LOOKAHEAD_FRAMES + np.arange(len(pitch))) * TRACK_HOP
    parts = [
        _refined(signal, pitch[at : at + 256], centres[at : at + 256])
        for at in range(0, len(pitch), 256)
    ]
    return np.concatenate([np.zeros(0), *parts]), confidence


def _refined(signal: np.ndarray, pitch_hz: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Pitch [N] of frames around `centres` [N], from how fast its harmonics' phases turn.

    A partial of frequency f turns by 2 pi f d in d seconds (Flanagan and Golden's phase vocoder,
    1966). Those of harmonics 1 to 6 are averaged, the strong and the high ones counting most.
    """
    window, step = np.hanning(_REFINE_WINDOW), _REFINE_STEP
    starts = centres - (_REFINE_WINDOW + step) // 2
    indices = starts[:, None] + np.arange(_REFINE_WINDOW)
    early, late = (np.fft.rfft(signal[indices + d] * window, axis=1) for d in (0, step))
    pitch_hz = _without_missed_octaves(np.abs(early), pitch_hz)
    numbers = np.arange(1, _HARMONICS + 1)
    bins = np.round(pitch_hz[:, None] * numbers * _REFINE_WINDOW / TRACK_RATE).astype(int)
    fits = (bins < early.shape[1]) & (pitch_hz[:, None] > _REFINE_LOWEST_HZ)
    bins = np.minimum(bins, early.shape[1] - 1)
    rows = np.arange(len(pitch_hz))[:, None]
    expected = 2 * np.pi * bins * step / _REFINE_WINDOW
    turned = np.angle(late[rows, bins] * np.conj(early[rows, bins])) - expected
    turned = (turned + np.pi) % (2 * np.pi) - np.pi
    hz = (expected + turned) / step * TRACK_RATE / (2 * np.pi) / numbers
    near = np.abs(np.log2(np.maximum(hz, 1.0) / pitch_hz[:, None])) < _REFINE_SHARE
    weight = np.abs(early[rows, bins]) ** 2 * numbers**2 * (fits & near)
    total = weight.sum(axis=1)
    return np.where(total > 0, (weight * hz).sum(axis=1) / np.maximum(total, 1e-30), pitch_hz)


def _without_missed_octaves(magnitudes: np.ndarray, pitch_hz: np.ndarray) -> np.ndarray:
    """Pitch [N], halved where the spectra [N, Q] hold more between its harmonics than at them.

    A reed's third and fifth partials can stand so far above the first that the tracker takes the
    octave. Were it right, nothing would lie halfway between the harmonics that it names.
    """
    powers = np.square(
        np.maximum.reduce(
            [np.pad(magnitudes, ((0, 0), (1, 1)))[:, d : d + magnitudes.shape[1]] for d in range(3)]
        )
    )
    numbers = np.arange(1, 2 * _OCTAVE_PARTIALS + 1)
    bins = np.round(0.5 * pitch_hz[:, None] * numbers * _REFINE_WINDOW / TRACK_RATE).astype(int)
    inside = bins < magnitudes.shape[1]
    rows = np.arange(len(pitch_hz))[:, None]
    found = powers[rows, np.minimum(bins, magnitudes.shape[1] - 1)] * inside
    between, at = found[:, 0::2], found[:, 1::2]
    several = (between > _AUDIBLE * found.max(axis=1, keepdims=True)).sum(axis=1) >= 2
    missed = several & (between.sum(axis=1) > at.sum(axis=1))
    return np.where(missed & (pitch_hz > 2 * _REFINE_LOWEST_HZ), 0.5 * pitch_hz, pitch_hz)


@lru_cache(maxsize=1)
def _tracker() -> Any:
    try:
        from swift_f0 import SwiftF0
    except ImportError as error:
        raise MissingExtraError(
            "tracking pitch needs the package swift-f0; install it with "
            "`pip install 'aeolia[pitch]'`"
        ) from error
    return SwiftF0(threads=1, spin=False)


def mend(pitch_hz: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Tracked pitch [N] with leaps by octaves and stray frames mended; 0 where unvoiced.

    A frame is voiced if most of the five around it are. A frame whose pitch lies an octave (or a
    twelfth, or two octaves) from the median of the voiced ones around it is moved by that
    interval: trackers slip so for some frames, while a true leap has its own median at once. A
    voiced frame that the tracker was not sure of takes its pitch from the sure ones around it.
    """
    count = len(pitch_hz)
    if not count:
        return np.zeros(0)
    sure = confidence >= _VOICED
    votes = _around(sure, _VOTE_FRAMES, False).mean(axis=1)
    pitch = np.log2(np.maximum(pitch_hz, 1.0))
    near = np.where(_around(sure, MEND_FRAMES, False), _around(pitch, MEND_FRAMES, 0.0), np.nan)
    median = _nan_median(near)
    voiced = (votes > 0.5) & np.isfinite(median)
    offset = np.where(np.isfinite(median), pitch - median, 0.0)
    mended = pitch.copy()
    for interval in (1.0, np.log2(3.0), 2.0):
        for leap in (interval, -interval):
            slipped = np.abs(offset - leap) < 0.75 / 12
            mended[slipped] -= leap
    mended = np.where(sure, mended, median)
    return np.where(voiced, np.exp2(np.where(voiced, mended, 0.0)), 0.0)


def _around(values: np.ndarray, reach: int, edge: Any) -> np.ndarray:
    """[N] to [N, 2 * reach + 1]: each value with its neighbours."""
    padded = np.pad(values, reach, constant_values=edge)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


def _nan_median(rows: np.ndarray) -> np.ndarray:
    """Median of what is finite in each row (the lower of two middles); nan where nothing is."""
    ordered = np.sort(rows, axis=1)  # nan sorts last
    count = np.isfinite(rows).sum(axis=1)
    middle = np.maximum(count - 1, 0) // 2
    return np.where(count > 0, ordered[np.arange(len(rows)), middle], np.nan)
