"""One note, played for so long, in one timbre or in several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.audio.pitch.names import note_name, parse_pitch
from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.performance import Performance, PlayedNote, touch
from aeolia.runtime.synth.tags import Wish, read_tags

__all__ = ["MOST_SAMPLES", "MOST_SECONDS", "NoteRequest", "play_note", "plan_notes"]

#: Notes more than this outside an instrument's range, in semitones, are warned about.
_NEAR_SEMITONES = 2.0
#: Length of a note, and timbres drawn at a time, at most.
MOST_SECONDS = 600.0
MOST_SAMPLES = 1000
_LAST_FADE_SECONDS = 0.005


@dataclass(frozen=True)
class NoteRequest:
    """A note to play, all chosen: what `plan_notes` returns."""

    instrument: str
    pitch_midi: float
    #: 1 to 127.
    velocity: int
    #: [D]
    latent: np.ndarray
    #: Empty, or a sentence: the pitch is far outside the instrument's range.
    warning: str = ""


def plan_notes(
    model: OnnxSynthesiser,
    instrument: str | None = None,
    pitch: str | float | None = None,
    velocity: int | None = None,
    *,
    text: str | None = None,
    samples: int = 0,
    seed: int = 0,
) -> list[NoteRequest]:
    """The notes to play for a request.

    Args:
        instrument, pitch, velocity: where None, the text decides; else the model's first
            instrument, the middle of its range, 90.
        text: words, see `runtime.synth.tags`.
        samples: timbres to draw from the prior; 0 for its most usual one.
        seed: decides the draws.

    Raises:
        InputError: an unknown instrument or word, a pitch or number that cannot be.
    """
    if not 0 <= samples <= MOST_SAMPLES:
        raise InputError(f"{samples} samples were requested; 1 to {MOST_SAMPLES} are possible")
    if velocity is not None and not 1 <= velocity <= 127:
        raise InputError(f"velocity is {velocity}; 1 (soft) to 127 (loud) is possible")
    wish = read_tags(text, model) if text is not None else Wish((), np.zeros(1, np.float32))
    names = [instrument] if instrument else list(wish.instruments or model.config.instruments[:1])
    velocity = velocity if velocity is not None else (wish.velocity or 90)
    number = None if pitch is None else parse_pitch(pitch)
    # Where several instruments fit the text, each draw takes another one.
    return [
        _request(model, names[index % len(names)], number, velocity, wish, samples, seed + index)
        for index in range(max(samples, 1))
    ]


def _request(
    model: OnnxSynthesiser,
    name: str,
    number: float | None,
    velocity: int,
    wish: Wish,
    samples: int,
    seed: int,
) -> NoteRequest:
    condition = model.instrument(name)
    low, high = model.range_of(condition)
    if number is None:
        share = 0.5 if wish.range_share is None else wish.range_share
        number = float(round(low + share * (high - low)))
    push = touch(velocity, model.config.velocity_range_db)
    given = condition[None], np.array([number]), np.array([push])
    latent = model.sample_prior(*given, seed) if samples else model.prior(*given).mean
    warning = ""
    if not model.unpitched and not low - _NEAR_SEMITONES <= number <= high + _NEAR_SEMITONES:
        warning = (
            f"{note_name(number)} is far outside what {name} was learned from "
            f"({note_name(low)} to {note_name(high)}); it may not sound like one"
        )
    return NoteRequest(name, number, velocity, (latent[0] + wish.step).astype(np.float32), warning)


def play_note(
    model: OnnxSynthesiser, requests: Sequence[NoteRequest], seconds: float, *, seed: int = 0
) -> list[np.ndarray]:
    """The notes, each [T] and exactly so long; the key goes up shortly before the end.

    Raises:
        InputError: an impossible length.
    """
    if not 0.0 < seconds <= MOST_SECONDS:
        raise InputError(
            f"seconds is {seconds:g}; more than 0 and at most {MOST_SECONDS:g} is possible"
        )
    config = model.config
    release = max(0.6 * seconds, seconds - config.release_seconds)
    length = round(seconds * config.sample_rate)
    notes = [
        PlayedNote(
            model,
            0.0,
            release,
            model.instrument(request.instrument),
            request.latent,
            request.pitch_midi,
            touch(request.velocity, config.velocity_range_db),
            unpitched=model.unpitched,
        )
        for request in requests
    ]
    n_fade = min(length, round(_LAST_FADE_SECONDS * config.sample_rate))
    fade = np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
    played = []
    for index, note in enumerate(notes):
        parts, n_done = [], 0
        for block in Performance([note], seed=seed + index).blocks():
            parts.append(block)
            n_done += len(block)
            if n_done >= length:
                break
        audio = np.concatenate(parts)[:length]
        audio = np.pad(audio, (0, length - len(audio)))
        audio[length - n_fade :] *= fade
        played.append(audio)
    return played
