"""The exact pitch of a note, frame by frame, near the pitch of its label."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import soxr

from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.audio.pitch.tracker import track_pitch

__all__ = ["fitting_label", "label_support", "refine_pitch"]

#: Pitch is sought at this rate: the first few harmonics of all but the highest notes are in it.
_RATE = 12000
#: Candidates lie this far around the labelled pitch, this densely.
_REACH_CENTS, _STEP_CENTS = 60.0, 4.0
_HARMONICS = 5
#: Frames of pitch are this far apart.
_STEP_SECONDS = 0.04
#: Contours that stray less than this from their centre count as steady.
_STEADY_CENTS = 10.0
#: Labels whose harmonics hold at least this share of the best label's are left to the tracker.
_RIVAL_SHARE = 0.5


def refine_pitch(
    audio: np.ndarray, sample_rate: int, midi: float, seconds: np.ndarray
) -> tuple[np.ndarray, float]:
    """Pitch in Hz at the times `seconds`, within 60 cents of the labelled `midi`.

    The sum of the first harmonics' magnitudes, as a function of their common pitch, is largest at
    the note's own. One pitch is found for the whole note; where the frames stray from it, as in
    vibrato, the contour follows them.

    Returns:
        The contour, and how far in cents the note's pitch lies from the label.
    """
    sound = soxr.resample(audio, sample_rate, _RATE) if sample_rate != _RATE else audio
    size = 2048 if midi < 48.0 else 1024
    step = round(_STEP_SECONDS * _RATE)
    padded = np.pad(sound, (size // 2, size // 2 + step))
    starts = np.arange(0, len(sound), step)
    frames = padded[starts[:, None] + np.arange(size)].astype(np.float32)
    cents, kernel, count = _comb(round(midi * 100.0), size)
    parts = frames @ kernel
    magnitude = np.hypot(parts[:, : parts.shape[1] // 2], parts[:, parts.shape[1] // 2 :])
    score = magnitude.reshape(len(starts), count, len(cents)).sum(1)
    centre = _peak(score.sum(0), cents)
    near = np.abs(cents - centre) <= 40.0
    own = np.array([_peak(row[near], cents[near]) for row in score])
    weight = score.max(1)
    # Where the note is weak its frames say little: their neighbours and the centre speak.
    weight = weight / max(float(weight.max()), 1e-12)
    own = centre + (own - centre) * (weight > 0.05)
    spread = float(np.sqrt(np.average((own - centre) ** 2, weights=weight + 1e-9)))
    if spread < _STEADY_CENTS or len(own) < 4:
        contour = np.full(len(seconds), centre)
    else:
        smooth = np.convolve(np.pad(own, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
        contour = np.interp(seconds, starts / _RATE, smooth)
    return midi_to_hz(midi + contour / 100.0).astype(np.float32), float(centre)


def label_support(audio: np.ndarray, sample_rate: int, midi: float) -> float:
    """How well a note's spectrum fits its label, against the other notes around it.

    Magnitudes at the first harmonics of the labelled pitch, over those of the best other pitch
    within an octave: well above 1 for most right labels, far below for wrong ones. Octaves are
    not distinguished: a note holds its octave's harmonics too.
    """
    support = _support(audio, sample_rate)
    others = max(support(midi + offset) for offset in range(-11, 12) if offset)
    return support(midi) / max(others, 1e-12)


def fitting_label(audio: np.ndarray, sample_rate: int, labels: Sequence[float]) -> float:
    """The one of several MIDI numbers that a note's sound is of.

    Most fall out because the spectrum holds little at their harmonics. Where two are left, such as
    a note and its octave, the nearest to the tracked pitch is taken, and the best supported one
    where no pitch is tracked.

    Raises:
        MissingExtraError: two are left, and no tracker is installed.
    """
    support = _support(audio, sample_rate)
    found = {midi: support(midi) for midi in labels}
    best = max(found, key=found.__getitem__)
    left = [midi for midi, value in found.items() if value >= _RIVAL_SHARE * found[best]]
    if len(left) == 1:
        return best
    track = track_pitch(audio, sample_rate)
    if not track.voiced.any():
        return best
    tracked = float(np.median(hz_to_midi(track.pitch_hz[track.voiced])))
    return min(left, key=lambda midi: abs(midi - tracked))


def _support(audio: np.ndarray, sample_rate: int) -> Callable[[float], float]:
    """MIDI number -> sum of a note's magnitudes at the first harmonics of that pitch."""
    sound = soxr.resample(audio, sample_rate, _RATE) if sample_rate != _RATE else audio
    size = 1 << (len(sound) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 2 * size))
    step = _RATE / (2 * size)

    def support(pitch: float) -> float:
        hz = midi_to_hz(pitch)
        total = 0.0
        for number in range(1, _HARMONICS + 1):
            low, high = (int(number * hz * 2.0 ** (c / 1200.0) / step) for c in (-45.0, 45.0))
            if high < len(spectrum):
                total += float(spectrum[low : high + 1].max())
        return total

    return support


def _peak(score: np.ndarray, cents: np.ndarray) -> float:
    """Place of the maximum, by a parabola through it and its neighbours."""
    i = int(np.argmax(score))
    if not 0 < i < len(score) - 1:
        return float(cents[i])
    left, middle, right = score[i - 1 : i + 2]
    bend = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return float(cents[i] + shift * _STEP_CENTS)


@functools.lru_cache(maxsize=16)
def _comb(midi_cents: int, size: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Candidates in cents, windowed cosines and sines of their harmonics, number of harmonics."""
    cents = np.arange(-_REACH_CENTS, _REACH_CENTS + 1.0, _STEP_CENTS)
    base = midi_to_hz((midi_cents + cents) / 100.0)
    count = int(min(_HARMONICS, max(1, 0.45 * _RATE // base[-1])))
    hz = np.outer(np.arange(1, count + 1), base).reshape(-1)
    time = (np.arange(size) - size / 2) / _RATE
    angle = 2.0 * np.pi * np.outer(time, hz)
    window = np.hanning(size)[:, None]
    kernel = np.concatenate([np.cos(angle) * window, np.sin(angle) * window], axis=1)
    return cents, kernel.astype(np.float32), count
