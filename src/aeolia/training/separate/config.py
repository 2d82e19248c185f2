"""SeparateTrainConfig: a training run of a separator."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.errors import ConfigError
from aeolia.training.config import TrainConfig

__all__ = ["SeparateTrainConfig"]


@dataclass(frozen=True)
class SeparateTrainConfig(TrainConfig):
    """One training run of a separator: what `TrainConfig` has, and a few things more."""

    steps: int = 8000
    optimizer: str = "muon"
    warmup_steps: int = 100
    decay_share: float = 0.4
    magnitude_weight: float = 5.0
    complex_weight: float = 5.0
    snr_weight: float = 2.0
    #: Conditions drawn per mixture, for models by class.
    sources: int = 2
    #: Share of mixtures whose conditions are a partition of all classes.
    partition_share: float = 0.4
    #: Share of the other conditions that name a class which the mixture does not hold.
    absent_share: float = 0.2
    #: Songs to validate on, by the name of their folder; none leaves the choice to the seed.
    hold_out: tuple[str, ...] = ()
    #: Weight of the speaker classification, for models by speaker; 0 saves the time it takes once
    #: the voices are told apart.
    speaker_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sources < 2:
            raise ConfigError(f"sources is {self.sources}; a partition needs at least 2")
        for field in ("partition_share", "absent_share"):
            if not 0.0 <= getattr(self, field) <= 1.0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be between 0 and 1")
        if self.speaker_weight < 0.0:
            raise ConfigError(f"speaker_weight is {self.speaker_weight}; it must not be negative")
