"""MixConfig: what a training mixture may hold, and how often; and what all such configs share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from aeolia.errors import ConfigError

__all__ = ["CropConfig", "MixConfig"]


@dataclass(frozen=True)
class CropConfig:
    """What the mixtures of every task have. In a subclass too, a pair is a range."""

    seed: int = 0
    sample_rate: int = 16000
    crop_seconds: float = 3.0
    #: Active level of the finished crop.
    level_dbfs: tuple[float, float] = (-40.0, -12.0)
    rt60_seconds: tuple[float, float] = (0.1, 0.6)

    #: Names of the fields that are probabilities.
    probabilities: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, tuple) and value[0] > value[1]:
                raise ConfigError(f"{entry.name} is {value}; the lower end must come first")
            if entry.name in self.probabilities and not 0.0 <= value <= 1.0:
                raise ConfigError(f"{entry.name} is {value}; it must lie between 0 and 1")
        if self.rt60_seconds[0] <= 0.0 or self.crop_seconds < 0.1 or self.sample_rate < 2000:
            raise ConfigError(
                "rt60_seconds must be positive, crop_seconds at least 0.1, sample_rate 2000"
            )

    @property
    def crop_length(self) -> int:
        """Samples of a crop."""
        return round(self.crop_seconds * self.sample_rate)


@dataclass(frozen=True)
class MixConfig(CropConfig):
    """What a noisy crop may hold. Plain numbers are probabilities, pairs are ranges."""

    crop_seconds: float = 4.0
    #: Active level of the speech over active level of all noise.
    snr_db: tuple[float, float] = (-8.0, 25.0)
    #: Active level of the finished noisy crop.
    level_dbfs: tuple[float, float] = (-45.0, -10.0)
    noise_only: float = 0.03
    clean_only: float = 0.05
    #: Shares of the kinds of main noise; they are divided by their sum.
    recorded: float = 0.72
    coloured: float = 0.1
    gaussian: float = 0.04
    babble: float = 0.14
    tones: float = 0.05
    #: A second noise under the first; more often (0.6) under sparse ones such as steps.
    second_noise: float = 0.25
    hum: float = 0.05
    reverb: float = 0.35
    #: Share of measured rooms among all, where impulse responses are given.
    measured_rooms: float = 0.25
    rt60_seconds: tuple[float, float] = (0.1, 0.9)
    #: Random colour of the speech (reference too) and, drawn apart, of the noise.
    equaliser: float = 0.4
    equaliser_db: float = 8.0
    #: Narrow band recording, noise and reference too.
    band_limit: float = 0.04
    clipping: float = 0.03
    packet_loss: float = 0.01
    salt_and_pepper: float = 0.01
    #: Share of speech from recordings that reach beyond 16 kHz; 0 leaves it as it falls.
    full_band_share: float = 0.0

    probabilities: ClassVar[tuple[str, ...]] = (
        "noise_only",
        "clean_only",
        "recorded",
        "coloured",
        "gaussian",
        "babble",
        "tones",
        "second_noise",
        "hum",
        "reverb",
        "measured_rooms",
        "equaliser",
        "band_limit",
        "clipping",
        "packet_loss",
        "salt_and_pepper",
        "full_band_share",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.recorded + self.coloured + self.gaussian + self.babble + self.tones <= 0.0:
            raise ConfigError(
                "recorded, coloured, gaussian, babble and tones are all 0; give one noise a share"
            )
        if self.noise_only + self.clean_only > 1.0:
            raise ConfigError("noise_only and clean_only together exceed 1")

    @classmethod
    def textbook(cls, seed: int = 0, sample_rate: int = 16000) -> MixConfig:
        """Clean speech plus white Gaussian noise and nothing else."""
        off: dict[str, Any] = dict.fromkeys(cls.probabilities, 0.0)
        return cls(seed=seed, sample_rate=sample_rate, **{**off, "gaussian": 1.0})
