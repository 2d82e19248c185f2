"""How far a voice's contour, consonants and formants are kept: the judge, and what it counts.

The judge of pitch is Praat's autocorrelation method, which none of the compared systems has inside
(ours track by swift-f0 or Harvest, WORLD by DIO). It looks at three periods of the lowest pitch,
which moves with the interval, so that as many periods of a voice and of its shifted copy are seen.
Creak and fast slides have no pitch that is good to 20 cents: of the voice as it is, frames count
where the judge finds the same in a longer and in a shorter window.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from aeolia.errors import MissingExtraError
from aeolia.metrics.checks import validate

__all__ = [
    "JUMP_CENTS",
    "NEAR_CENTS",
    "STEP_SECONDS",
    "Sound",
    "Voice",
    "cents_apart",
    "contour_scores",
    "formants_apart_db",
    "judged_pitch",
]

#: A frame's pitch is kept when it lies so near, and has jumped when it lies so far.
NEAR_CENTS, JUMP_CENTS = 20.0, 600.0
STEP_SECONDS = 0.01
#: Of a voice before it is shifted, in Hz: windows of 60 and, as Praat has it, of 40 ms.
_LOWEST_HZ, _CHECK_HZ, _HIGHEST_HZ = 50.0, 75.0, 1000.0
#: Frames so far below the loudest are not looked at.
_ACTIVE_DB = 40.0
#: Frames without a pitch count when there is none so many frames before and after, either.
_APART_FRAMES = 3
#: Formants are looked at from the lowest harmonic to this, at so many pitches evenly spaced in mel,
#: in windows of this length.
_FORMANTS_HZ, _POINTS, _WINDOW_SECONDS = 5000.0, 32, 0.05
#: A harmonic counts as no lower than this below the frame's strongest.
_RANGE_DB = 60.0


def judged_pitch(
    audio: np.ndarray,
    rate: int,
    ratio: float = 1.0,
    lowest_hz: float = _LOWEST_HZ,
    step_seconds: float = STEP_SECONDS,
) -> np.ndarray:
    """Pitch [F] in Hz of audio [T], from 0 s on every 10 ms; 0 where there is none.

    Praat's autocorrelation method (Boersma, 1993) at its own settings but for the range.

    Args:
        ratio: by which the voice was raised.
        lowest_hz: of the voice before that.

    Raises:
        MissingExtraError: the package praat-parselmouth is not installed.
    """
    try:
        import parselmouth
    except ImportError as error:
        raise MissingExtraError(
            "the pitch of shifted voices is judged by Praat; install it with "
            "`pip install praat-parselmouth`"
        ) from error
    times = np.arange(int(len(audio) / rate / step_seconds)) * step_seconds
    track = parselmouth.Sound(np.asarray(audio, np.float64), rate).to_pitch_ac(
        time_step=step_seconds / 2,
        pitch_floor=lowest_hz * ratio,
        pitch_ceiling=_HIGHEST_HZ * ratio,
    )
    values = [track.get_value_at_time(time) for time in times]
    return np.asarray(np.nan_to_num(np.array(values)))


@dataclass(frozen=True)
class Sound:
    """A sound [T] and its judged pitch [F], 0 where there is none."""

    audio: np.ndarray
    rate: int
    pitch_hz: np.ndarray

    @classmethod
    def of(cls, audio: np.ndarray, rate: int, ratio: float = 1.0) -> Sound:
        """By the judge; `ratio` as there."""
        return cls(audio, rate, judged_pitch(audio, rate, ratio))


@dataclass(frozen=True)
class Voice(Sound):
    """A voice as it is, and where it surely has a pitch [F], or none [F]."""

    voiced: np.ndarray
    unvoiced: np.ndarray

    @classmethod
    def of(cls, audio: np.ndarray, rate: int, ratio: float = 1.0) -> Voice:
        """By the judge.

        Of the frames within 40 dB of the loudest, `voiced` are those whose pitch two windows agree
        on within 20 cents, `unvoiced` those that no frame with a pitch lies within 30 ms of.
        """
        pitch_hz = judged_pitch(audio, rate, ratio)
        check_hz = judged_pitch(audio, rate, ratio, _CHECK_HZ)
        power = (_frames(audio, rate, round(2 * STEP_SECONDS * rate), len(pitch_hz)) ** 2).mean(1)
        active = power > power.max(initial=0.0) * 10 ** (-_ACTIVE_DB / 10)
        either = (pitch_hz > 0) | (check_hz > 0)
        near_voice = np.convolve(either, np.ones(2 * _APART_FRAMES + 1), "same") > 0
        clear = cents_apart(pitch_hz, check_hz) <= NEAR_CENTS
        return cls(audio, rate, pitch_hz, active & clear, active & ~near_voice)


def contour_scores(voice: Voice, estimate_hz: np.ndarray, ratio: float = 1.0) -> dict[str, float]:
    """What is left of a voice's contour, as shares from 0 to 1; NaN where there are no such frames.

    Args:
        estimate_hz: [F], the contour of what came out, 0 where there is none.
        ratio: by which it should be higher.

    Returns:
        within: of the voice's voiced frames that have a pitch, those within 20 cents of where it
        should be; jumps: those that are 600 cents and more away; voiced: of its voiced frames,
        those that have a pitch; unvoiced: of its unvoiced frames, those that have none.
    """
    cents = cents_apart(voice.pitch_hz * ratio, estimate_hz)[voice.voiced]
    has_pitch = np.isfinite(cents)
    return {
        "within": _share(cents[has_pitch] <= NEAR_CENTS),
        "jumps": _share(cents[has_pitch] >= JUMP_CENTS),
        "voiced": _share(has_pitch),
        "unvoiced": _share(estimate_hz[voice.unvoiced] == 0),
    }


def cents_apart(a_hz: np.ndarray, b_hz: np.ndarray) -> np.ndarray:
    """How far two contours [F] are from each other; infinite where one has no pitch."""
    both = (a_hz > 0) & (b_hz > 0)
    ratio = np.where(both, b_hz, 1.0) / np.where(both, a_hz, 1.0)
    return np.asarray(np.where(both, 1200 * np.abs(np.log2(ratio)), np.inf))


def formants_apart_db(voice: Voice, estimate: Sound) -> float:
    """How far two spectral envelopes are from each other, in dB, up to 5 kHz; NaN without voice.

    An envelope is the line through the levels of a frame's harmonics, in dB over Hz, so that
    none of its valleys lies between harmonics. Root mean square over 32 pitches evenly spaced in
    mel, from the higher of the two fundamentals on, once the mean is taken out; mean over the
    voice's voiced frames that have a pitch in both.
    """
    validate(voice.audio, estimate.audio)
    both = np.flatnonzero(voice.voiced & (estimate.pitch_hz > 0))
    if not len(both):
        return float("nan")
    points = _mel_spaced(_LOWEST_HZ, _FORMANTS_HZ, _POINTS)
    levels = [_harmonic_levels(sound, both, points) for sound in (voice, estimate)]
    lowest = np.maximum(voice.pitch_hz[both], estimate.pitch_hz[both])
    difference = np.where(points >= lowest[:, None], levels[1] - levels[0], np.nan)
    with warnings.catch_warnings():  # frames without a point
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(np.nanmean(np.nanstd(difference, axis=1)))


def _harmonic_levels(sound: Sound, frames: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Levels [N, P] at `points` of the line through the harmonics' levels of some frames [N]."""
    size = round(_WINDOW_SECONDS * sound.rate)
    cut = _frames(sound.audio, sound.rate, size, len(sound.pitch_hz))[frames]
    n_fft = 1 << (4 * size - 1).bit_length()
    spectra = np.abs(np.fft.rfft(cut * np.hanning(size), n_fft, axis=1))
    levels = np.empty((len(frames), len(points)))
    for row, (spectrum, pitch) in enumerate(
        zip(spectra, sound.pitch_hz[frames].tolist(), strict=True)
    ):
        harmonics = pitch * np.arange(1, int(1.2 * _FORMANTS_HZ / pitch) + 2)
        # The strongest bin within a quarter of the spacing: the pitch moves within the window.
        low, high = ((harmonics + d * pitch) * n_fft / sound.rate for d in (-0.25, 0.25))
        peaks = [spectrum[int(a) : int(b) + 1].max() for a, b in zip(low, high, strict=True)]
        decibels = 20 * np.log10(np.maximum(peaks, 1e-12))
        floored = np.maximum(decibels, decibels.max() - _RANGE_DB)
        levels[row] = np.interp(points, harmonics, floored)
    return levels


def _frames(audio: np.ndarray, rate: int, size: int, count: int) -> np.ndarray:
    """`count` frames [F, size] around 0, 10, 20 ms ..., silence beyond the ends."""
    padded = np.pad(np.asarray(audio, np.float64), (size // 2, size))
    starts = np.round(np.arange(count) * STEP_SECONDS * rate).astype(int)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, size)[starts])


def _mel_spaced(low_hz: float, high_hz: float, count: int) -> np.ndarray:
    """Frequencies evenly spaced in mel (O'Shaughnessy's formula)."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (low_hz, high_hz))
    return np.asarray(700 * (10 ** (np.linspace(low, high, count) / 2595) - 1))


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
