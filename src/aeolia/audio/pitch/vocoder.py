"""Another pitch for speech and song whose words stay: the vocoder WORLD, outside every model.

    pitch by Harvest and StoneMask -> envelope by CheapTrick, aperiodicity by D4C -> the same at
    another pitch

The synthesisers know timbres, not words: what they sound again of a voice says nothing any more.
WORLD (Morise, Yokomori and Ozawa, 2016) keeps the envelope of every 5 ms. It is in the package
pyworld-prebuilt, an extra.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from aeolia.errors import InputError, MissingExtraError

__all__ = ["MOST_VOICE_SECONDS", "shifted_voice", "world"]

#: Envelopes of every 5 ms are kept at once: two gigabytes at 48 kHz.
MOST_VOICE_SECONDS = 300.0

#: The highest pitch that is looked for: above what sopranos sing. Harvest's own limit is 800 Hz;
#: what is sung above that would become noise at its old pitch.
_HIGHEST_HZ = 1600.0


def shifted_voice(
    audio: np.ndarray, sample_rate: int, semitones: float, *, move_formants: bool = False
) -> np.ndarray:
    """Mono audio [T] with its pitch moved by `semitones`, [T] float32.

    Args:
        move_formants: take the resonances along, as a tape that runs faster does.

    Raises:
        InputError: longer than five minutes.
        MissingExtraError: the package pyworld is not installed.
    """
    pyworld = world()
    if len(audio) > MOST_VOICE_SECONDS * sample_rate:
        raise InputError(
            f"a voice of {len(audio) / sample_rate / 60:.1f} minutes came; at most "
            f"{MOST_VOICE_SECONDS / 60:.0f} are possible: cut it into parts"
        )
    signal = np.ascontiguousarray(audio, np.float64)
    if not signal.any():
        return np.zeros(len(signal), np.float32)
    smooth, times = pyworld.harvest(signal, sample_rate, f0_ceil=_HIGHEST_HZ)
    # Harvest smooths what wavers fast; the instantaneous frequency of the harmonics does not.
    pitch = pyworld.stonemask(signal, smooth, times, sample_rate)
    envelope = pyworld.cheaptrick(signal, pitch, times, sample_rate)
    aperiodicity = pyworld.d4c(signal, pitch, times, sample_rate)
    ratio = 2.0 ** (semitones / 12.0)
    if move_formants:
        envelope = _stretched(envelope, ratio)
    sound = pyworld.synthesize(pitch * ratio, envelope, aperiodicity, sample_rate)[: len(signal)]
    return np.pad(sound, (0, len(signal) - len(sound))).astype(np.float32)


def _stretched(envelope: np.ndarray, ratio: float) -> np.ndarray:
    """Envelopes [F, Q] whose resonances lie `ratio` times as high."""
    bins = np.arange(envelope.shape[1])
    log = np.log(envelope)
    moved = np.stack([np.interp(bins / ratio, bins, frame) for frame in log])
    return np.ascontiguousarray(np.exp(moved))


def world(needed_by: str = "a voice whose words stay") -> Any:
    """The package pyworld; `needed_by` begins the message where it is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        with warnings.catch_warnings():  # it looks for its own version in an old way
            warnings.simplefilter("ignore")
            import pyworld
    except ImportError as error:
        raise MissingExtraError(
            f"{needed_by} needs the vocoder WORLD; install it with `pip install 'aeolia[voice]'`"
        ) from error
    return pyworld
