"""Low notes that are held: what a bass plays and a drum does not.

sound -> 4 kHz -> strongest tone between 35 and 250 Hz of every 16 ms -> stretches of 0.2 s and
more in which it stays at one pitch and does not die away

A kick falls in pitch and dies; whoever holds several pitches down there is a bass, whatever the
file is called.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.audio.resample import resample

__all__ = ["LowNotes", "low_notes"]

_RATE, _WINDOW, _HOP = 4000, 512, 64
_LOWEST_HZ, _HIGHEST_HZ = 35.0, 250.0
#: A tone has this share of the power around it, which is within so much of the whole's loud frames.
_TONAL_SHARE, _HEARD_DB = 0.5, 24.0
#: A note is held for so many frames; from one to the next it moves less than this in semitones.
_HELD_FRAMES, _STEADY_SEMITONES = 12, 0.3
#: And it loses no more than this in level over them, or it is the end of a stroke.
_FALL_DB = 6.0
#: Lows are looked at at this rate, so below half of it, in blocks of 24 ms; what is near them.
_LOWS_RATE, _LOWS_BLOCK, _NEAR_DB = 250, 6, 6.0
#: A pitch counts when it has this share of the held time.
_PITCH_SHARE = 0.05


@dataclass(frozen=True)
class LowNotes:
    """Held notes: how many a minute, the share of the sounding time, and different pitches.

    `duty` is the share of the sounding time in which the lows are near their loudest: a kick is
    over in a moment, whatever its pitch does.
    """

    per_minute: float
    share: float
    pitches: int
    duty: float


def low_notes(sound: np.ndarray, sample_rate: int) -> LowNotes:
    """The low notes of a mono sound [T]."""
    low = resample(np.asarray(sound, np.float32), sample_rate, _RATE)
    if len(low) < _WINDOW:
        return LowNotes(0.0, 0.0, 0, 0.0)
    keys, heard, sounding, level = _tones(low, sound, sample_rate)
    notes = _held(keys, heard, level)
    count = max(1, int(np.count_nonzero(sounding)))
    held = sum(end - start for start, end in notes)
    times: dict[int, int] = {}
    for start, end in notes:
        key = round(float(np.median(keys[start:end])))
        times[key] = times.get(key, 0) + end - start
    pitches = sum(1 for frames in times.values() if frames >= _PITCH_SHARE * held)
    minutes = len(low) / _RATE / 60.0
    # As many of all frames as lie near, against those that sound.
    duty = min(1.0, _near(sound, sample_rate) * len(sounding) / count)
    return LowNotes(len(notes) / minutes, min(1.0, held / count), pitches, duty)


def _near(sound: np.ndarray, sample_rate: int) -> float:
    """Share of the time in which the lows are near their loudest."""
    lows = resample(np.asarray(sound, np.float32), sample_rate, _LOWS_RATE)
    count = len(lows) // _LOWS_BLOCK
    power = np.square(lows[: count * _LOWS_BLOCK]).reshape(count, _LOWS_BLOCK).mean(1)
    if not count or not power.any():
        return 0.0
    return float(np.mean(power > np.quantile(power, 0.98) * 10.0 ** (-_NEAR_DB / 10.0)))


def _tones(
    low: np.ndarray, sound: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Key (MIDI, in fractions), whether a tone is heard, whether anything is, level in dB; [F]."""
    count = 1 + (len(low) - _WINDOW) // _HOP
    frames = np.lib.stride_tricks.sliding_window_view(low, _WINDOW)[::_HOP][:count]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32))))
    first, last = (round(hz * _WINDOW / _RATE) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    band = power[:, first : last + 1]
    highest = band.argmax(1)
    # At an edge it is the foot of a tone beyond.
    inside = (highest > 0) & (highest < band.shape[1] - 1)
    peak = highest.clip(1, band.shape[1] - 2)
    rows = np.arange(count)
    left, middle, right = (np.log(band[rows, peak + k] + 1e-12) for k in (-1, 0, 1))
    curve = left - 2.0 * middle + right
    offset = np.where(np.abs(curve) > 1e-9, 0.5 * (left - right) / np.minimum(curve, -1e-9), 0.0)
    hz = (first + peak + offset.clip(-0.5, 0.5)) * _RATE / _WINDOW
    around = band[rows, peak - 1] + band[rows, peak] + band[rows, peak + 1]
    level = 10.0 * np.log10(around / (_WINDOW / 4.0) ** 2 + 1e-12)
    whole = _whole_db(sound, sample_rate, count)
    loud = float(np.quantile(whole, 0.95))
    sounding = whole > loud - _HEARD_DB
    tonal = inside & (around > _TONAL_SHARE * band.sum(1))
    return 69.0 + 12.0 * np.log2(hz / 440.0), tonal & (level > loud - _HEARD_DB), sounding, level


def _whole_db(sound: np.ndarray, sample_rate: int, count: int) -> np.ndarray:
    """Level of the whole sound around each frame [F], on the scale of a tone's level."""
    total = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    scale = sample_rate / _RATE
    starts = (np.arange(count) * _HOP * scale).astype(int)
    ends = np.minimum(starts + int(_WINDOW * scale), len(sound))
    power = (total[ends] - total[starts]) / np.maximum(1, ends - starts)
    return np.asarray(10.0 * np.log10(2.0 * power + 1e-12))


def _held(keys: np.ndarray, heard: np.ndarray, level: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of frames at one pitch and one level: (first, after the last)."""
    steady = heard[1:] & heard[:-1] & (np.abs(np.diff(keys)) < _STEADY_SEMITONES)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(int)))
    notes = []
    for start, end in zip(edges[::2].tolist(), (edges[1::2] + 1).tolist(), strict=True):
        if end - start < _HELD_FRAMES:
            continue
        quarter = (end - start) // 4
        begins, ends = level[start : start + quarter].mean(), level[end - quarter : end].mean()
        # Over a quarter second; long notes may fade.
        if begins - ends <= _FALL_DB * max(1.0, (end - start) / (2 * _HELD_FRAMES)):
            notes.append((start, end))
    return notes
