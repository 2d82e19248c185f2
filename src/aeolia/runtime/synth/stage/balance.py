"""Levels of instruments beside each other in a score.

Models learn every instrument at one peak level, which says nothing of how loud it is heard: notes
are measured in LUFS, at their loudest moment, and brought to what they are beside a snare in
General MIDI soundfonts, which is what scores are written for.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from aeolia.audio.loudness import loudest_moment
from aeolia.runtime.synth.general_midi import KIT_KEYS
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.program_names import ALIASES, PROGRAM_NAMES, instrument_name
from aeolia.runtime.synth.stage.manners import RINGS_ON

__all__ = ["MEASURED_VELOCITY", "drum_gain_db", "instrument_gain_db", "measured_pitches"]

#: At this velocity levels are compared.
MEASURED_VELOCITY = 100
#: What notes are brought to that are `_NOTE_LU` beside a snare, and those of which no soundfont has
#: any: about what most of the released ones have by themselves.
_NOTE_LUFS = -24.0
#: Around the middle of an instrument's range, where it is mostly played.
_SHARES_OF_RANGE, _WEIGHTS = (0.375, 0.5, 0.625), (0.25, 0.5, 0.25)
_HELD_SECONDS, _SECONDS = 1.0, 1.5
#: No instrument is lowered or raised by more.
_LEAST_DB, _MOST_DB = -36.0, 18.0

#: The median program, all programs from 0 on, and drums from key 27 on: beside a snare, in LU at
#: `MEASURED_VELOCITY`. `python -m benchmarks balance` on FluidR3_GM and MuseScore_General.
_NOTE_LU = 5.2
_BESIDE_SNARE_LU = (
    "-0.7 -1.1 3.7 -1.1 7.1 2.9 2.5 3.2 3.2 4.7 0.1 1.6 3.5 -3.4 6.2 -2.4 "
    "3.5 8.7 7.1 6.6 5.3 2.7 3.7 3.5 3.6 1.7 5.4 6 -2.5 8.8 10.2 9.4 "
    "5.3 7.2 6.6 7.9 1 3.2 4.9 5.8 6.1 5.8 7.1 3.3 3.7 -0.8 2.2 -4.8 "
    "4.4 4.6 3.6 3.7 2.4 5.7 4.7 4 5.6 12.2 12.8 6.3 8.4 7.2 4.3 4.1 "
    "6.7 7.8 7.8 6.9 8.7 3.4 3.9 7.6 7.9 7 7 7.5 8.7 9.8 11.9 10.9 "
    "7.1 6.6 2.5 6.4 6.4 9.2 2 6.6 3.8 0.7 4.7 6 5.4 6.5 5.4 5.3 "
    "4.2 5.9 1.3 5.6 3.3 7.1 2.2 6.2 1.1 4.1 -2.4 2.9 -3.6 8.8 4.5 7 "
    "3.2 -3.4 3 -6.5 2.7 0.4 8.6 5.1 6.1 6.4 2.9 10.7 10.4 -7.8 10.3 8.6"
)
_DRUMS_BESIDE_SNARE_LU = (
    "-5.4 4.2 -5.9 -4.9 -2.2 -12 -12.2 4.1 0.9 0.8 -3.4 0 0.9 -2.1 0.4 -8.2 "
    "2.1 -7.6 -1 -5.9 -0.4 -0.5 3.3 -1.9 -5.4 0 -5 1.3 -1.3 -4.6 2.2 6.3 "
    "-6.2 -3.6 -2.2 -6.3 -0.9 0.8 1.4 1.7 -4.2 -4.1 -0.6 -3.5 3.8 10.8 -1.1 -0.7 "
    "0 -2.3 -1.9 4.7 9.7 -1.7 2.2 -2.8 5.6 7.6 -6.2 0.7 7.5"
)
_PROGRAMS_LU = dict(
    zip(map(instrument_name, PROGRAM_NAMES), map(float, _BESIDE_SNARE_LU.split()), strict=True)
)
_DRUMS_LU = dict(zip(KIT_KEYS, map(float, _DRUMS_BESIDE_SNARE_LU.split()), strict=True))

_measured: WeakKeyDictionary[OnnxSynthesiser, dict[str, float]] = WeakKeyDictionary()


def instrument_gain_db(model: OnnxSynthesiser, name: str) -> float:
    """What an instrument is changed by to be as loud as its General MIDI program is beside others.

    One that is no program is as loud as most.
    """
    beside_snare = _PROGRAMS_LU.get(ALIASES.get(name, name), _NOTE_LU)
    return _bounded(_NOTE_LUFS + beside_snare - _NOTE_LU - _loudness(model, name))


def drum_gain_db(model: OnnxSynthesiser, name: str, key: int) -> float:
    """What a drum is changed by for a General MIDI key that it plays."""
    wanted = _NOTE_LUFS + _DRUMS_LU.get(key, 0.0) - _NOTE_LU
    return _bounded(wanted - _loudness(model, name))


def measured_pitches(
    model: OnnxSynthesiser, name: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """MIDI numbers at which an instrument's loudness is measured, and their weights."""
    low, high = model.range_of(model.instrument(name))
    if model.unpitched:
        return ((low + high) / 2,), (1.0,)
    return tuple(float(round(low + share * (high - low))) for share in _SHARES_OF_RANGE), _WEIGHTS


def _bounded(gain_db: float) -> float:
    # What is silent has no loudness to go by.
    return float(np.clip(gain_db, _LEAST_DB, _MOST_DB)) if np.isfinite(gain_db) else 0.0


def _loudness(model: OnnxSynthesiser, name: str) -> float:
    """LUFS of notes of an instrument, measured once a model."""
    known = _measured.setdefault(model, {})
    if name not in known:
        pitches, weights = measured_pitches(model, name)
        found = [_of_note(model, name, pitch) for pitch in pitches]
        known[name] = float(np.dot(found, weights))
    return known[name]


def _of_note(model: OnnxSynthesiser, name: str, pitch: float) -> float:
    instrument, rate = model.instrument(name), model.config.sample_rate
    push = touch(MEASURED_VELOCITY, model.config.velocity_range_db)
    given = instrument[None], np.array([pitch], np.float32), np.array([push], np.float32)
    latent = model.prior(*given).mean[0]
    note = PlayedNote(
        model,
        0.0,
        _HELD_SECONDS,
        instrument,
        latent,
        pitch,
        push,
        unpitched=model.unpitched,
        fall_seconds=RINGS_ON if model.unpitched else None,
    )
    audio = Performance([note]).render()[: round(_SECONDS * rate)]
    return loudest_moment(audio, rate)
