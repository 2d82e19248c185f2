"""NoteMixConfig: which notes are learned from, and how crops of them are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.config.ranges import AtLeast, Between, OneOf, check_fields

__all__ = ["NoteMixConfig"]


@dataclass(frozen=True)
class NoteMixConfig:
    """Which notes are learned from, and how crops are drawn.

    Raises:
        ConfigError: a value outside its range.
    """

    seed: Annotated[int, AtLeast(0)] = 0
    #: Recordings of pitched notes, or of drum hits.
    kind: Annotated[str, OneOf("note", "drum")] = "note"
    #: Call instruments as General MIDI does, where it has them: recordings of "piano" are then of
    #: its acoustic_grand_piano, and are learned together with what soundfonts play as that.
    general_midi: bool = False
    #: Frames in a crop.
    crop_frames: Annotated[int, Between(8, 100000)] = 64
    #: Share of crops that begin with the note.
    onset_share: Annotated[float, Between(0.0, 1.0)] = 0.5
    #: Instruments kept out of training altogether.
    held_out: tuple[str, ...] = ()
    #: Instruments with fewer notes than this are left out.
    least_notes: Annotated[int, AtLeast(1)] = 12

    def __post_init__(self) -> None:
        check_fields(self)
