"""How instruments are played where a model does not say: how long they ring once a key is up, and
whether held notes have vibrato.

An instrument is known by its words (`OnnxSynthesiser.words_of`). The first row all of whose words
it has counts, so rows go from the particular to the general.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass

import numpy as np

__all__ = ["RINGS_ON", "Vibrato", "release_of", "vibrato_of"]

#: A release that nothing stops.
RINGS_ON = math.inf

#: Words, and seconds to -60 dB: FluidR3_GM's, rounded, where it has the instrument (`python -m
#: benchmarks balance`: pianos 0.5, electric pianos 0.2 to 0.4, organs 0.2, basses 0.2, violin and
#: viola 0.3, brass 0.25, reeds 0.24, flutes 0.3, choirs 1.4, pads 1.1 to 3.9), longer for bowed and
#: plucked strings, whose bodies its short samples leave out.
_RELEASES: tuple[tuple[str, float], ...] = (
    ("pizzicato", 0.6),
    ("staccato", 0.5),
    # Nothing damps them.
    ("hang", RINGS_ON),
    ("steel drum", RINGS_ON),
    ("bell", RINGS_ON),
    ("glockenspiel", RINGS_ON),
    ("music box", RINGS_ON),
    ("mallet", 1.5),
    ("harp", 2.0),
    ("pad", 1.8),
    ("choir", 1.2),
    ("organ", 0.2),
    ("lead", 0.2),
    ("synth strings", 1.0),
    ("bowed", 0.5),
    ("bass", 0.25),
    ("guitar", 0.4),
    ("epiano", 0.3),
    ("piano", 0.5),
    ("brass", 0.25),
    ("flute", 0.25),
    ("reed", 0.2),
    ("wind", 0.25),
    ("voice", 0.4),
    ("plucked", 0.4),
    ("struck", 0.5),
)


@dataclass(frozen=True)
class Vibrato:
    """A pitch that swings around the note, some time after its start."""

    rate_hz: float
    #: To either side.
    cents: float
    #: Until it begins, and from there to its whole width.
    delay_seconds: float = 0.3
    rise_seconds: float = 0.4

    def semitones(self, since_onset: np.ndarray, hastened: float = 1.0) -> np.ndarray:
        """What is added to the pitch at these seconds; `hastened` is a factor on the rate."""
        running = np.maximum(since_onset - self.delay_seconds, 0.0)
        width = 0.01 * self.cents * np.minimum(running / self.rise_seconds, 1.0)
        return np.asarray(width * np.sin(2.0 * np.pi * self.rate_hz * hastened * running))


#: Half of the distance from peak to peak; about what the recordings that the models learned from
#: have (19 cents), wider for voices. None: players let it be.
_VIBRATOS: tuple[tuple[str, Vibrato | None], ...] = (
    ("pizzicato", None),
    ("staccato", None),
    ("plucked", None),
    ("synth", None),
    ("violin", Vibrato(6.0, 22.0)),
    ("viola", Vibrato(5.8, 20.0)),
    ("cello", Vibrato(5.6, 19.0)),
    ("bowed", Vibrato(5.2, 12.0)),
    ("voice", Vibrato(5.6, 45.0)),
    ("flute", Vibrato(5.0, 14.0)),
    ("piccolo", Vibrato(5.4, 12.0)),
    ("oboe", Vibrato(5.2, 14.0)),
    ("bassoon", Vibrato(5.0, 10.0)),
    ("sax", Vibrato(5.2, 19.0, delay_seconds=0.4)),
    ("trumpet", Vibrato(5.4, 12.0, delay_seconds=0.5)),
)


def release_of(words: Set[str]) -> float | None:
    """Seconds in which an instrument of these words falls by 60 dB once its key is up.

    None where nothing is known of it.
    """
    return next((seconds for needed, seconds in _RELEASES if set(needed.split()) <= words), None)


def vibrato_of(words: Set[str]) -> Vibrato | None:
    """The vibrato of an instrument of these words; None where players use none."""
    return next((found for needed, found in _VIBRATOS if set(needed.split()) <= words), None)
