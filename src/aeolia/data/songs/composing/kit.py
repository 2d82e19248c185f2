"""The drums of General MIDI: their keys, and the part of the kit that each belongs to."""

from __future__ import annotations

from aeolia.config.classes import PERCUSSION

__all__ = ["kit_part", "played_key"]

#: Keys of General MIDI's percussion map (RP-003). Side stick and clap stand where a snare would.
_KEYS = {
    "kick": (35, 36),
    "snare": (37, 38, 39, 40),
    "toms": (41, 43, 45, 47, 48, 50),
    "hihat": (42, 44, 46),
    "cymbals": (49, 51, 52, 53, 55, 57, 59),
}
_PARTS = {key: part for part, keys in _KEYS.items() for key in keys}

#: Keys that the electronic kit of the Groove MIDI Dataset sends and General MIDI has no sound for:
#: the rims of hi-hat, snare and tom (the dataset's own table).
_ELECTRONIC = {22: 42, 26: 46, 40: 38, 58: 43}


def kit_part(key: int) -> str:
    """The part of the kit that a key of General MIDI strikes; `PERCUSSION` for all else."""
    return _PARTS.get(key, PERCUSSION)


def played_key(key: int) -> int:
    """The key of General MIDI for one of an electronic kit."""
    return _ELECTRONIC.get(key, key)
