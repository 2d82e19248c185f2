"""CropConfig: what the training mixtures of denoising and separation have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.config.ranges import AtLeast, Between, Span, check_fields

__all__ = [
    "CropConfig",
    "CropSeconds",
    "DecibelSpan",
    "Decibels",
    "LevelSpan",
    "ReverberationTimes",
    "Share",
]

#: A probability, or a part of a whole.
Share = Annotated[float, Between(0.0, 1.0)]
#: The most that a level is changed by, up or down.
Decibels = Annotated[float, Between(0.0, 60.0)]
#: A range of level differences.
DecibelSpan = Annotated[tuple[float, float], Span(-120.0, 120.0)]
#: A range of levels below full scale.
LevelSpan = Annotated[tuple[float, float], Span(-120.0, 0.0)]
CropSeconds = Annotated[float, Between(0.1, 600.0)]
#: Seconds in which the sound of a room falls by 60 dB.
ReverberationTimes = Annotated[tuple[float, float], Span(0.02, 10.0)]


@dataclass(frozen=True)
class CropConfig:
    """Seed, rate, length, level and rooms of a crop. A pair is a range that values come from.

    Raises:
        ConfigError: a value outside its range; the same holds for the classes below this one.
    """

    seed: Annotated[int, AtLeast(0)] = 0
    sample_rate: Annotated[int, Between(2000, 192000)] = 16000
    crop_seconds: CropSeconds = 3.0
    #: Active level of the finished crop.
    level_dbfs: LevelSpan = (-40.0, -12.0)
    rt60_seconds: ReverberationTimes = (0.1, 0.6)

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def crop_length(self) -> int:
        """Samples of a crop."""
        return round(self.crop_seconds * self.sample_rate)
