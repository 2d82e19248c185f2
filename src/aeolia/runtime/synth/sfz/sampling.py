"""Notes of a patch as a sampler needs them: recorded once, looped where they sustain.

A note sustains if, held for as long as the models learned notes, it is still nearly as loud as it
was and falls slowly; its level is then held where the loop begins. Other notes are recorded until
they have died away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aeolia.runtime.synth.patch import Patch
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.sfz.looping import Loop, with_loop
from aeolia.runtime.synth.stage.manners import release_of

__all__ = ["Sample", "Zone", "level_db", "record", "release_seconds", "zones_of"]

#: Keys that share a sample: a semitone down, its own, a semitone up.
_KEYS_A_SAMPLE = 3
#: From here on the sound is repeated: notes were learned this long, and are steady behind.
_LOOP_SECONDS, _LOOPED_SECONDS = 3.0, 1.5
#: What sustains has lost less than this since its loudest, and falls by less in a second.
_FADED_DB, _FALL_DB = 24.0, 3.0
#: A sound that dies away is recorded until it is this far below its loudest, or so long.
_INAUDIBLE_DB, _LONGEST_SECONDS = 60.0, 10.0
#: A sound cut at its longest is faded out over this.
_FADE_SECONDS = 1.0


@dataclass(frozen=True)
class Zone:
    """Keys that share a sample, as whole MIDI numbers, the outermost included."""

    low: int
    #: The one that was recorded.
    centre: int
    high: int


@dataclass(frozen=True)
class Sample:
    """A recorded note."""

    #: float32 [T].
    audio: np.ndarray
    #: None where it dies away.
    loop: Loop | None


def zones_of(low: int, high: int) -> tuple[Zone, ...]:
    """A sample every three semitones, from the lowest key to the highest."""
    lows = range(low, high + 1, _KEYS_A_SAMPLE)
    highs = [min(one + _KEYS_A_SAMPLE - 1, high) for one in lows]
    return tuple(Zone(a, (a + b) // 2, b) for a, b in zip(lows, highs, strict=True))


def record(patch: Patch, key: int, velocity: int) -> Sample:
    """One note of a patch, its key held.

    Args:
        key: MIDI number.
        velocity: 1 to 127.
    """
    config = patch.model.config
    rate = config.sample_rate
    note, seed = _note(patch, key, velocity), 128 * key + velocity
    levels = _held_levels(note)
    frame_rate = config.sample_rate / config.hop_length
    at = round(_LOOP_SECONDS * frame_rate)
    fall = float(levels[at - round(frame_rate)] - levels[at])
    sustains = levels.max() - levels[at] < _FADED_DB and fall < _FALL_DB
    if sustains and not patch.model.unpitched:
        audio = _played(note, _LOOP_SECONDS + _LOOPED_SECONDS, seed)
        start = round(_LOOP_SECONDS * rate)
        if len(audio) == round((_LOOP_SECONDS + _LOOPED_SECONDS) * rate):
            slope = np.interp(np.arange(len(audio)), *_curve(levels, config.hop_length))
            audio[start:] *= 10.0 ** ((slope[start] - slope[start:]) / 20.0)
            return Sample(*with_loop(audio, start, rate))
    over = np.flatnonzero(levels < levels.max() - _INAUDIBLE_DB)
    seconds = float(over[0] + 1) / frame_rate if len(over) else _LONGEST_SECONDS
    audio = _played(note, seconds, seed)
    n_fade = min(len(audio), round((_FADE_SECONDS if not len(over) else 0.01) * rate))
    audio[len(audio) - n_fade :] *= np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
    return Sample(audio, None)


def level_db(patch: Patch, key: int, velocities: range) -> np.ndarray:
    """Loudest level of a note at each velocity, [V] in dBFS."""
    return np.array([_held_levels(_note(patch, key, one)).max() for one in velocities])


def release_seconds(patch: Patch) -> float:
    """Time in which a released note falls by 60 dB, as in a score."""
    if patch.model.unpitched:
        return _LONGEST_SECONDS
    words = set(patch.model.words_of(int(patch.instrument.argmax())))
    known = release_of(words)
    return patch.model.config.release_seconds if known is None else min(known, _LONGEST_SECONDS)


def _note(patch: Patch, key: int, velocity: int) -> PlayedNote:
    push = touch(velocity, patch.model.config.velocity_range_db)
    latent = patch.latents(np.array([key], np.float32), np.array([push], np.float32))[0]
    return PlayedNote(
        patch.model,
        0.0,
        2 * _LONGEST_SECONDS,
        patch.instrument,
        latent,
        float(key),
        push,
        unpitched=patch.model.unpitched,
    )


def _held_levels(note: PlayedNote) -> np.ndarray:
    """The note's envelope while its key is held, [F] in dBFS, for the longest recording."""
    config = note.model.config
    n_frames = round(_LONGEST_SECONDS * config.sample_rate / config.hop_length)
    since = ((np.arange(n_frames) + 0.5) * config.hop_length / config.sample_rate)[None]
    (levels,) = note.model.envelope(
        note.latent[None],
        note.instrument[None],
        np.array([note.pitch_midi]),
        np.array([note.velocity]),
        since,
        np.full_like(since, -1.0),
    )
    return np.asarray(levels)


def _curve(levels: np.ndarray, hop_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples at which the frames' levels hold, and the levels."""
    return (np.arange(len(levels)) + 0.5) * hop_length, levels


def _played(note: PlayedNote, seconds: float, seed: int) -> np.ndarray:
    """The first seconds of a note, [T]; shorter where it ends before."""
    length, parts, n_done = round(seconds * note.model.config.sample_rate), [], 0
    for block in Performance([note], seed=seed).blocks():
        parts.append(block)
        n_done += len(block)
        if n_done >= length:
            break
    return np.concatenate(parts)[:length]
