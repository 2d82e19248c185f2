"""Synthesisers, the instruments that they have, and the words that they know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from aeolia.api.opening import once
from aeolia.audio.pitch.names import note_name
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.tags import known_words

__all__ = ["NOTES_MODEL", "Instrument", "Synthesiser", "instruments", "open_synthesiser", "words"]

#: A released model's name, a model file, or a model that is already open.
Synthesiser: TypeAlias = str | Path | OnnxSynthesiser

#: The model used unless another is named.
NOTES_MODEL = "notes"


def open_synthesiser(model: Synthesiser) -> OnnxSynthesiser:
    """The model; a name or a file is opened, once a process.

    Raises:
        ModelError: no such model, or one of another task.
    """
    return once(OnnxSynthesiser, find_model(model)) if isinstance(model, (str, Path)) else model


@dataclass(frozen=True)
class Instrument:
    """An instrument that a model has, and the pitches that it was learned from."""

    name: str
    #: MIDI numbers; None for drums, which have no pitch.
    lowest: float | None
    highest: float | None

    @property
    def range(self) -> str:
        """The pitches in words, such as "49 to 81 (C#3 to A5)"; empty for drums."""
        if self.lowest is None or self.highest is None:
            return ""
        names = f"{note_name(self.lowest)} to {note_name(self.highest)}"
        return f"{self.lowest:.0f} to {self.highest:.0f} ({names})"


def instruments(model: Synthesiser = NOTES_MODEL) -> tuple[Instrument, ...]:
    """The instruments that `synthesise`, `play_score` and `transfer` can name.

    Raises:
        ModelError: no such model, or one of another task.

    >>> [one.name for one in aeolia.instruments("drums")][:4]
    ['acoustic_bass_drum', 'acoustic_snare', 'bass_drum_1', 'body']
    >>> aeolia.instruments()[0]
    Instrument(name='accordion', lowest=24.0, highest=106.0)
    """
    opened = open_synthesiser(model)

    def instrument(name: str) -> Instrument:
        pitches = (None, None) if opened.unpitched else opened.range_of(opened.instrument(name))
        return Instrument(name, *pitches)

    return tuple(map(instrument, opened.config.instruments))


def words(model: Synthesiser = NOTES_MODEL) -> tuple[str, ...]:
    """The words that the argument `text` of `synthesise` can hold, sorted.

    Raises:
        ModelError: no such model, or one of another task.
    """
    return known_words(open_synthesiser(model))
