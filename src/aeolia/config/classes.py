"""The classes of sound that separators tell apart, in one place for the whole package."""

from __future__ import annotations

__all__ = ["CLASSES", "KIT", "MUSIC", "PERCUSSION", "STEMS"]

#: The stems of a song, in the order of a condition, and as the files of MUSDB18 are named.
STEMS = ("vocals", "drums", "bass", "other")

#: All classes, in the order of a condition's values and of a mixture's stems.
CLASSES = ("speech", *STEMS, "noise")

#: What "music" is the sum of.
MUSIC = STEMS

#: The parts of a drum kit, in the order of a condition, and as the files of a song are named.
KIT = ("kick", "snare", "toms", "hihat", "cymbals")

#: What is struck beside the kit: tambourines, shakers, congas, cowbells. The kit and this are the
#: drums of a song.
PERCUSSION = "percussion"
