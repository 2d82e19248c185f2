"""Where instruments stand from left to right, for scores that do not say.

Sections of an orchestra as most seat themselves today: violins at the left, low strings at the
right, winds in the middle; a band's bass and voice in the middle, its guitars and keys beside them.
Drums as the audience sees the kit of a right-handed drummer. From -1, left, to 1, right.
"""

from __future__ import annotations

from collections.abc import Set

__all__ = ["drum_seat", "seat_of"]

#: The first row all of whose words an instrument has counts.
_SEATS: tuple[tuple[str, float], ...] = (
    ("violin", -0.5),
    ("viola", 0.25),
    ("cello", 0.4),
    ("electric bass", 0.0),
    ("synth bass", 0.0),
    ("double bass", 0.55),
    ("strings synth", -0.3),
    ("bowed", -0.3),
    ("harp", -0.55),
    ("piano", -0.25),
    ("keys", -0.25),
    ("organ", 0.2),
    ("guitar", 0.35),
    ("mallet", -0.4),
    ("struck", -0.4),
    ("piccolo", -0.2),
    ("flute", -0.15),
    ("oboe", 0.1),
    ("clarinet", -0.1),
    ("bassoon", 0.15),
    ("sax", 0.3),
    ("horn", -0.35),
    ("trumpet", 0.3),
    ("trombone", 0.4),
    ("brass", 0.45),
    ("pad", 0.2),
    ("lead", 0.1),
)
#: Drum keys of General MIDI; what is not there stands in the middle.
_DRUM_SEATS = {
    **dict.fromkeys((42, 44, 46), 0.35),
    **dict.fromkeys((49, 55), 0.4),
    **dict.fromkeys((51, 53, 59), -0.4),
    **dict.fromkeys((52, 57), -0.45),
    50: 0.25,
    48: 0.15,
    47: 0.05,
    45: -0.1,
    43: -0.25,
    41: -0.4,
    **dict.fromkeys((54, 69, 70, 82), 0.3),
    **dict.fromkeys((56, 75, 76, 77), 0.25),
    **dict.fromkeys((60, 61, 62, 63, 64), -0.3),
    **dict.fromkeys((65, 66), 0.3),
    **dict.fromkeys((67, 68, 80, 81), -0.35),
}


def seat_of(words: Set[str], taken: Set[float] = frozenset()) -> float:
    """Where an instrument of these words stands; across the stage where its seat is taken."""
    seat = next((seat for needed, seat in _SEATS if set(needed.split()) <= words), 0.0)
    return -seat if seat in taken and -seat not in taken else seat


def drum_seat(key: int) -> float:
    """Where the drum of a General MIDI key stands."""
    return _DRUM_SEATS.get(key, 0.0)
