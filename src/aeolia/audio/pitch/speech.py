"""Does a recording of one voice or instrument hold speech? By what a talker cannot help.

The pitch of speech never rests, while notes stay where they are; its resonances move all the time,
while those of an instrument stay; and consonants without pitch are part of it, while a vibrato that
never rests has none. All three have to be so. Song, whose pitch rests on notes, is not found.
"""

from __future__ import annotations

import numpy as np

from aeolia.audio.pitch.names import hz_to_midi
from aeolia.audio.pitch.tracker import TRACK_HOP, TRACK_RATE, track_pitch
from aeolia.audio.resample import resample

__all__ = ["is_speech"]

#: What is looked at.
_MOST_SECONDS = 20.0
#: With less voice than this nothing can be said.
_LEAST_VOICED_SECONDS = 0.5
#: From frame to frame (16 ms), pitch rests if it moves less than this. In speech it rests in fewer
#: frames than the share below: measured, in 4 to 29 %; in phrases of instruments in 58 % and more.
_RESTING_CENTS, _RESTING_SHARE = 6.0, 0.35
#: Share of the loud frames without a pitch: measured, 17 % and more in nearly all speech.
_UNVOICED_SHARE = 0.1
#: Levels of bands change by more than this (RMS over the bands, median over frames) in 48 ms:
#: measured, by 4.1 to 7 dB in speech; by 1 to 3.9 dB in phrases of instruments.
_CHANGE_DB, _CHANGE_FRAMES = 4.0, 3
_WINDOW = 1024
_BANDS, _LOW_HZ, _HIGH_HZ = 24, 100.0, 7000.0
#: Frames and bands this far below the loudest frame are not looked at.
_ACTIVE_DB, _FLOOR_DB = -40.0, -74.0


def is_speech(audio: np.ndarray, sample_rate: int) -> bool:
    """Whether the first 20 seconds of mono audio [T] sound like somebody who talks.

    Raises:
        MissingExtraError: the package swift-f0 is not installed.
    """
    start = np.asarray(audio, np.float32)[: round(_MOST_SECONDS * sample_rate)]
    signal = np.asarray(resample(start, sample_rate, TRACK_RATE))
    pitch_hz = track_pitch(signal, TRACK_RATE).pitch_hz
    if not len(pitch_hz) or not signal.any():
        return False
    padded = np.pad(signal, (_WINDOW // 2, _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::TRACK_HOP]
    power = np.abs(np.fft.rfft(windows[: len(pitch_hz)] * np.hanning(_WINDOW), axis=1)) ** 2
    energy = power.sum(axis=1)
    active = energy > energy.max() * 10 ** (_ACTIVE_DB / 10)
    voiced = (pitch_hz > 0.0) & active
    if voiced.sum() * TRACK_HOP < _LEAST_VOICED_SECONDS * TRACK_RATE:
        return False
    if voiced.sum() > (1.0 - _UNVOICED_SHARE) * active.sum():
        return False
    if _resting_share(pitch_hz, voiced) > _RESTING_SHARE:
        return False
    return _change_db(power, voiced, energy.max()) > _CHANGE_DB


def _resting_share(pitch_hz: np.ndarray, voiced: np.ndarray) -> float:
    """Share of the steps between voiced frames [N] in which the pitch rests."""
    cents = 100.0 * hz_to_midi(np.maximum(pitch_hz, 1.0))
    steps = np.abs(np.diff(cents))[voiced[1:] & voiced[:-1]]
    return float(np.mean(steps < _RESTING_CENTS)) if len(steps) else 1.0


def _change_db(power: np.ndarray, voiced: np.ndarray, loudest: float) -> float:
    """How far the spectrum's shape moves while there is voice, of powers [N, Q]."""
    levels = 10.0 * np.log10(power @ _bands().T + loudest * 10 ** (_FLOOR_DB / 10))
    change = levels[_CHANGE_FRAMES:] - levels[:-_CHANGE_FRAMES]
    change = change[voiced[_CHANGE_FRAMES:] & voiced[:-_CHANGE_FRAMES]]
    if not len(change):
        return 0.0
    # The level's own change says nothing: a note that dies away has it too.
    change = change - change.mean(axis=1, keepdims=True)
    return float(np.median(np.sqrt(np.mean(change**2, axis=1))))


def _bands() -> np.ndarray:
    """Weights [24, Q] of triangular bands, evenly spaced in mel (O'Shaughnessy's formula)."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (_LOW_HZ, _HIGH_HZ))
    edges = 700.0 * (10.0 ** (np.linspace(low, high, _BANDS + 2) / 2595.0) - 1.0)
    bins = np.arange(_WINDOW // 2 + 1) * TRACK_RATE / _WINDOW
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    return np.maximum(0.0, np.minimum(rising, falling))
