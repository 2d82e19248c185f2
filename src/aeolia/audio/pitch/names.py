"""Pitches as people write them: "A4", "C#3", "Bb2", a MIDI number, or a frequency."""

from __future__ import annotations

import re

import numpy as np

from aeolia.errors import InputError

__all__ = ["hz_to_midi", "midi_to_hz", "note_name", "parse_pitch"]

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NAME = re.compile(r"([A-Ga-g])([#♯b♭]{0,2})(-?\d{1,2})")
_HERTZ = re.compile(r"(\d+(?:\.\d*)?)\s*hz", re.IGNORECASE)
#: 8 Hz to 12.5 kHz: MIDI's range.
_LOWEST, _HIGHEST = 0.0, 127.0


def midi_to_hz(pitch_midi: np.ndarray | float) -> np.ndarray:
    """Frequency of MIDI numbers, fractions included: 69 is 440 Hz."""
    return np.asarray(440.0 * 2.0 ** ((np.asarray(pitch_midi, np.float64) - 69.0) / 12.0))


def hz_to_midi(pitch_hz: np.ndarray | float) -> np.ndarray:
    """MIDI numbers, with fractions, of frequencies above 0."""
    return np.asarray(69.0 + 12.0 * np.log2(np.asarray(pitch_hz, np.float64) / 440.0))


def parse_pitch(text: str | float) -> float:
    """The MIDI number, possibly with a fraction, of "A4", "C#3", "69", "69.5", "440Hz" or 69.

    C4 is the middle C, number 60.

    Raises:
        InputError: none of these, or beyond MIDI's range 0 to 127.
    """
    written = str(text).strip()
    if match := _NAME.fullmatch(written):
        letter, accidentals, octave = match.groups()
        shift = sum(1 if sign in "#♯" else -1 for sign in accidentals)
        number = 12.0 * (int(octave) + 1) + _SEMITONES[letter.upper()] + shift
    elif match := _HERTZ.fullmatch(written):
        frequency = float(match.group(1))
        number = float(hz_to_midi(frequency)) if frequency > 0.0 else -1.0
    else:
        try:
            number = float(written)
        except ValueError:
            raise InputError(
                f"the pitch {written!r} is none; write a name such as A4 or Bb2, a MIDI number "
                f"such as 69, or a frequency such as 440Hz"
            ) from None
    if not _LOWEST <= number <= _HIGHEST:
        raise InputError(
            f"the pitch {written} is beyond what can be played; 0 to 127 (8.2 Hz to 12.5 kHz) is "
            f"possible"
        )
    return number


def note_name(pitch_midi: float) -> str:
    """The nearest note's name: 60 is C4."""
    number = round(pitch_midi)
    return f"{_NAMES[number % 12]}{number // 12 - 1}"
