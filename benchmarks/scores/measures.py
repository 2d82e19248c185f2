"""What is compared of two renders of a score: harmony, onsets, colour, loudness, width.

No two instruments sound alike, so none of these can be perfect between two renders: what two
soundfonts have of each other is the measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.audio.loudness import loudness
from aeolia.errors import MissingExtraError
from aeolia.metrics.mel import mel_levels, power

__all__ = [
    "ONSET_SECONDS",
    "Heard",
    "chroma",
    "chroma_agreement",
    "mel_distance_db",
    "onset_agreement",
    "onset_times",
]

#: Onsets this near to each other are one: the window of MIREX, and of mir_eval.
ONSET_SECONDS = 0.05
#: What lies this far below the loudest counts as silence.
_SILENT_DB = 60.0
#: A tail is never said to be lower.
_SILENCE_DB = -120.0
_CHROMA_SIZE, _CHROMA_HZ = 8192, (55.0, 5000.0)
#: Strength of the chroma's logarithmic compression.
_COMPRESSION = 10.0
_ONSET_SIZE, _ONSET_BANDS = 1024, 80
#: Frames of half a window around an onset's peak, before and after: it is the largest within the
#: first, and above the mean of the second by so many decibels a band.
_LARGEST, _MEAN, _ABOVE_DB = (3, 3), (9, 7), 1.0


@dataclass(frozen=True)
class Heard:
    """What is kept of a render."""

    lufs: float
    #: Share of samples at full scale or beyond.
    clipped: float
    #: Level of the sides over that of the middle; -inf for what is mono.
    width_db: float
    #: Level of the last second over that of all; at least -120.
    tail_db: float
    #: [F, 12].
    chroma: np.ndarray
    #: Seconds.
    onsets: np.ndarray
    #: Mel levels [F, 80] in dB of the middle, at -23 LUFS.
    mel: np.ndarray

    @classmethod
    def of(cls, audio: np.ndarray, rate: int) -> Heard:
        """From samples [T, 2]."""
        middle = audio.mean(axis=1)
        last = middle[-rate:]
        side = 0.5 * (audio[:, 0] - audio[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            width = 10 * np.log10(np.mean(side**2) / np.mean(middle**2))
            tail = 10 * np.log10(np.mean(last**2) / np.mean(middle**2))
        lufs = loudness(audio, rate)
        equal = middle * 10 ** ((-23.0 - lufs) / 20) if np.isfinite(lufs) else middle
        return cls(
            lufs,
            float(np.mean(np.abs(audio) >= 1.0 - 2.0**-22)),
            float(width),
            float(np.maximum(np.nan_to_num(tail, nan=_SILENCE_DB), _SILENCE_DB)),
            chroma(middle, rate),
            onset_times(middle, rate),
            mel_levels(equal, rate),
        )


def chroma(audio: np.ndarray, rate: int) -> np.ndarray:
    """Power of the twelve pitch classes in frames of a sixth of a second [F, 12], compressed.

    Bins of the spectrum are summed by their nearest pitch class, and c becomes log(1 + 10 c),
    relative to the frame's largest (M. Mueller, Fundamentals of Music Processing, 2015, section
    3.1.2). Frames that are silent are zero.
    """
    bins = power(audio, _CHROMA_SIZE)
    hz = np.arange(bins.shape[1]) * rate / _CHROMA_SIZE
    chosen = (hz >= _CHROMA_HZ[0]) & (hz <= _CHROMA_HZ[1])
    classes = np.round(69 + 12 * np.log2(hz[chosen] / 440.0)).astype(int) % 12
    sums = bins[:, chosen] @ np.eye(12)[classes]
    loudest = sums.max(axis=1, keepdims=True)
    sounds = loudest > sums.max(initial=0.0) * 10 ** (-_SILENT_DB / 10)
    relative = np.divide(sums, loudest, out=np.zeros_like(sums), where=sounds)
    return np.asarray(np.log1p(_COMPRESSION * relative))


def chroma_agreement(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Mean cosine of chroma [F, 12] over the frames in which the reference sounds.

    A frame in which the estimate is silent counts 0. NaN where the reference is silent.
    """
    lengths = [np.linalg.norm(one, axis=1) for one in (reference, estimate)]
    both = np.einsum("fc,fc->f", reference, estimate)
    scale = lengths[0] * lengths[1]
    cosines = np.divide(both, scale, out=np.zeros_like(both), where=scale > 0)
    sounds = lengths[0] > 0
    return float(cosines[sounds].mean()) if sounds.any() else float("nan")


def onset_times(audio: np.ndarray, rate: int) -> np.ndarray:
    """Seconds at which something begins, by the spectral flux of mel levels.

    The flux is the mean over bands of how much each rises. An onset is where it is the largest
    around, and lies above the mean around (S. Boeck, F. Krebs and M. Schedl, Evaluating the online
    capabilities of onset detection methods, ISMIR 2012).
    """
    levels = mel_levels(audio, rate, _ONSET_BANDS, _ONSET_SIZE)
    levels = np.maximum(levels, levels.max() - _SILENT_DB)
    flux = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0.0).mean(axis=1)
    largest = _windows(flux, _LARGEST).max(axis=1)
    mean = _windows(flux, _MEAN).mean(axis=1)
    peaks = np.flatnonzero((flux == largest) & (flux > mean + _ABOVE_DB))
    return np.asarray(peaks * (_ONSET_SIZE // 2) / rate)


def _windows(values: np.ndarray, around: tuple[int, int]) -> np.ndarray:
    """For each value, those before and after it, [F, N]."""
    padded = np.pad(values, around, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, sum(around) + 1)


def onset_agreement(reference: np.ndarray, estimate: np.ndarray) -> float:
    """F-measure of onsets in seconds, each matched once within `ONSET_SECONDS`.

    Raises:
        MissingExtraError: mir_eval is not installed.
    """
    try:
        import mir_eval
    except ImportError as error:
        raise MissingExtraError(
            "onsets are matched by mir_eval, which is not installed; pip install 'aeolia[dev]'"
        ) from error
    if not len(reference):
        return float("nan")
    return float(mir_eval.onset.f_measure(reference, estimate, window=ONSET_SECONDS)[0])


def mel_distance_db(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Root mean square difference of mel levels [F, N] of two renders of equal loudness.

    What lies 60 dB below the reference's loudest band counts as that.
    """
    floor = reference.max() - _SILENT_DB
    difference = np.maximum(reference, floor) - np.maximum(estimate, floor)
    return float(np.sqrt(np.mean(difference**2)))
