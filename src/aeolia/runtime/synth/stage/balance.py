"""Levels of instruments beside each other in a score.

Models learn every instrument at one peak level, which says nothing of how loud it is heard: notes
are measured in LUFS, and brought to what all instruments are brought to. Drums are brought to what
they are beside a snare in a General MIDI soundfont.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from aeolia.audio.loudness import loudness
from aeolia.runtime.synth.general_midi import DRUM_KEYS
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.stage.manners import RINGS_ON

__all__ = ["MEASURED_VELOCITY", "drum_gain_db", "instrument_gain_db"]

#: At this velocity every instrument is as loud as the others.
MEASURED_VELOCITY = 100
#: What notes are brought to, the mean over three notes around the middle of an instrument's range,
#: where it is mostly played: about what most
#: of the released ones have by themselves.
_NOTE_LUFS = -27.0
_SHARES_OF_RANGE, _WEIGHTS = (0.375, 0.5, 0.625), (0.25, 0.5, 0.25)
_HELD_SECONDS, _SECONDS = 1.0, 1.5
#: No instrument is lowered or raised by more.
_LEAST_DB, _MOST_DB = -36.0, 18.0

#: A snare beside notes of programs at velocity 100, and drums beside the snare from key 35 to 81,
#: in LU: `python -m benchmarks balance` on FluidR3_GM, whose families of programs lie 1.6 LU above
#: its snare in the median.
_SNARE_LU = -1.6
_BESIDE_SNARE_LU = (
    "-3.1 -3.2 -3.2 0 1 -2.1 -3.5 -11 -1.3 -10.5 -6.1 -15.3 "
    "-5.1 -5.4 -1.6 -6 -11 -5.7 -12.7 -1.4 -7.5 -3.9 -2.4 1 "
    "-12.9 -3.6 -2.2 -6.3 -3.6 -2 -3.9 -2.6 -6.8 -6.7 -0.6 -3.4 "
    "0.7 6.9 -1.2 -4.2 0 -2.3 -1.9 0.8 6.1 -3.2 -4.3"
)
_DRUMS_LU = dict(zip(DRUM_KEYS, map(float, _BESIDE_SNARE_LU.split()), strict=True))

_measured: WeakKeyDictionary[OnnxSynthesiser, dict[str, float]] = WeakKeyDictionary()


def instrument_gain_db(model: OnnxSynthesiser, name: str) -> float:
    """What an instrument is changed by to be as loud as others."""
    return _bounded(_NOTE_LUFS - _loudness(model, name))


def drum_gain_db(model: OnnxSynthesiser, name: str, key: int) -> float:
    """What a drum is changed by for a General MIDI key that it plays."""
    wanted = _NOTE_LUFS + _SNARE_LU + _DRUMS_LU.get(key, 0.0)
    return _bounded(wanted - _loudness(model, name))


def _bounded(gain_db: float) -> float:
    # What is silent has no loudness to go by.
    return float(np.clip(gain_db, _LEAST_DB, _MOST_DB)) if np.isfinite(gain_db) else 0.0


def _loudness(model: OnnxSynthesiser, name: str) -> float:
    """LUFS of notes of an instrument, measured once a model."""
    known = _measured.setdefault(model, {})
    if name not in known:
        found = [_of_note(model, name, share) for share in _SHARES_OF_RANGE]
        known[name] = float(np.dot(found, _WEIGHTS))
    return known[name]


def _of_note(model: OnnxSynthesiser, name: str, share: float) -> float:
    instrument, rate = model.instrument(name), model.config.sample_rate
    low, high = model.range_of(instrument)
    pitch = float(np.mean((low, high)) if model.unpitched else round(low + share * (high - low)))
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
    return loudness(audio, rate)
