"""What is settled of a song before a note of it: its split, style, soundfonts, drummer, singer.

Song k depends on the seed, the material and k alone, so that a run can be stopped, taken up again
and made longer. Nothing that is heard in one split is heard in another: drummers, singers and,
where some are given for it, soundfonts are divided, and two styles are kept for `report`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aeolia.data.songs.composing.outline import pick
from aeolia.data.songs.composing.styles import REPORT_STYLES, STYLES
from aeolia.data.songs.drummers import Performance
from aeolia.data.songs.scores import Score
from aeolia.data.songs.soundfont import Soundfont
from aeolia.data.songs.voices.singers import Singer

__all__ = [
    "Material",
    "Settings",
    "SongPlan",
    "draw_plan",
    "generator",
    "settings_record",
    "split_of",
]

#: Share of songs whose drums are a drummer's, where there is one of their style.
_PLAYED = 0.6
#: Share of songs that play a score, where there are any.
_SCORES = 0.25
#: Share of reported songs in a style that no other split has.
_UNSEEN_STYLE = 0.5
#: Songs whose parts come from several soundfonts, where several are given.
_BLENDED = 0.35

#: What each stage of a song draws from: they do not move each other.
_STAGES = ("plan", "compose", "play", "treat", "mix", "voice")


@dataclass(frozen=True)
class Settings:
    """What all songs of a folder share."""

    seed: int = 0
    seconds: float = 30.0
    sample_rate: int = 44100
    held_out: float = 0.1


@dataclass(frozen=True)
class Material:
    """What songs are made with; without `report_soundfonts` all splits share the others."""

    soundfonts: tuple[Soundfont, ...]
    report_soundfonts: tuple[Soundfont, ...] = ()
    performances: tuple[Performance, ...] = ()
    singers: tuple[Singer, ...] = ()
    scores: tuple[Score, ...] = ()
    #: Whether voices can sing, or only speak and rap.
    sings: bool = True

    def described(self) -> dict[str, Any]:
        """What decides how songs come out: a run sees whether it is the same."""

        def sizes(fonts: Sequence[Soundfont]) -> list[list[Any]]:
            return [[font.path.name, font.path.stat().st_size] for font in fonts]

        return {
            "soundfonts": sizes(self.soundfonts),
            "report_soundfonts": sizes(self.report_soundfonts),
            "grooves": len(self.performances),
            "singers": len(self.singers),
            "scores": len(self.scores),
            "sings": self.sings,
        }


@dataclass(frozen=True)
class SongPlan:
    """A song to be; `manner` is sung, rapped, spoken, or "" without a voice.

    A stretch of `score` is played where there is one that serves; otherwise the song is composed.
    """

    name: str
    number: int
    split: str
    style: str
    soundfonts: tuple[Soundfont, ...]
    performance: Performance | None = None
    singer: Singer | None = None
    manner: str = ""
    score: Score | None = None

    def described(self) -> dict[str, Any]:
        """For the record."""
        return {
            "song": self.name,
            "split": self.split,
            "style": self.style,
            "score": self.score.path.name if self.score else "",
            "soundfonts": [font.path.name for font in self.soundfonts],
            "singer": self.singer.name if self.singer else "",
            "manner": self.manner,
        }


def generator(settings: Settings, number: int, stage: str) -> np.random.Generator:
    """The generator of one stage of a song."""
    return np.random.default_rng([settings.seed, number, _STAGES.index(stage)])


def split_of(number: int, held_out: float) -> str:
    """The split of the song of a number: shares of `held_out` / 2 are to choose and to report."""
    share = held_out / 2.0

    def falls(shift: float) -> bool:
        return math.floor((number + 1) * share + shift) > math.floor(number * share + shift)

    if falls(0.5):
        return "report"
    return "choose" if falls(0.0) else "train"


def draw_plan(settings: Settings, material: Material, number: int) -> SongPlan:
    """The plan of the song of a number, from 0."""
    rng = generator(settings, number, "plan")
    split = split_of(number, settings.held_out)
    names = [name for name in STYLES if name not in REPORT_STYLES]
    # Styles take turns in an order that each round draws anew: few songs are varied too.
    turns = np.random.default_rng([settings.seed, number // len(names)]).permutation(len(names))
    name = names[int(turns[number % len(names)])]
    if split == "report" and rng.random() < _UNSEEN_STYLE:
        name = pick(rng, REPORT_STYLES)
    style = STYLES[name]
    fonts = (split == "report" and material.report_soundfonts) or material.soundfonts
    if rng.random() >= _BLENDED:
        fonts = (pick(rng, fonts),)
    fitting = [
        one
        for one in material.performances
        if (one.split, one.beats_per_bar) == (split, style.beats_per_bar)
        and one.style in style.drummers
    ]
    played = rng.random() < _PLAYED and bool(fitting)
    performance = pick(rng, fitting) if played else None
    singer, manner = _voice(rng, style.voice, style.spoken, material, split)
    title = f"song_{settings.seed}_{number:05d}"
    is_score = rng.random() < _SCORES
    scores = [one for one in material.scores if one.split == split]
    score = pick(rng, scores) if is_score and scores else None
    return SongPlan(title, number, split, name, fonts, performance, singer, manner, score)


def _voice(
    rng: np.random.Generator, voice: float, spoken: float, material: Material, split: str
) -> tuple[Singer | None, str]:
    """Who is heard, and how."""
    own = [singer for singer in material.singers if singer.split == split]
    is_heard, speaks, raps = rng.random() < voice, rng.random() < spoken, rng.random() < 0.7
    if not own or not is_heard:
        return None, ""
    singer = pick(rng, own)
    if material.sings and not speaks:
        return singer, "sung"
    return singer, "rapped" if raps else "spoken"


def settings_record(settings: Settings, material: Material) -> dict[str, Any]:
    """What a folder's songs were made with."""
    return {**asdict(settings), **material.described()}
