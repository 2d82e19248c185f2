"""What a step of a separator minimises, and what it requests of each mixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.config import SeparateConfig, SpectralConfig
from aeolia.config.classes import CLASSES
from aeolia.config.ranges import Between
from aeolia.data.separate.mix_config import ClassMixConfig, KitMixConfig, SpeakerMixConfig
from aeolia.errors import ConfigError
from aeolia.training.config import TaskSettings
from aeolia.training.loss_config import SpectralLossConfig, Weight

__all__ = [
    "CLASS_SETTINGS",
    "KIT_SETTINGS",
    "SPEAKER_SETTINGS",
    "ClassLossConfig",
    "SeparateLossConfig",
    "SpeakerLossConfig",
]

_Share = Annotated[float, Between(0.0, 1.0)]


@dataclass(frozen=True)
class SeparateLossConfig(SpectralLossConfig):
    """What separators by class and by speaker have in common."""

    magnitude: Weight = 5.0
    snr: Weight = 2.0


@dataclass(frozen=True)
class ClassLossConfig(SeparateLossConfig):
    """What a step of a separator by class minimises."""

    #: Conditions drawn per mixture; a partition needs two.
    sources: Annotated[int, Between(2, len(CLASSES))] = 2
    #: Share of mixtures whose conditions are a partition of all classes.
    partition_share: _Share = 0.4
    #: Share of the other conditions that name a class which the mixture does not hold.
    absent_share: _Share = 0.2

    def check_model(self, model: SpectralConfig) -> None:
        """Refuse what the model does not let the loss read.

        Raises:
            ConfigError: there are more sources than classes to share out.
        """
        super().check_model(model)
        if isinstance(model, SeparateConfig) and self.sources > len(model.classes):
            raise ConfigError(
                f"sources is {self.sources}; the model has {len(model.classes)} classes, and a "
                "partition gives each source one at least"
            )


@dataclass(frozen=True)
class SpeakerLossConfig(SeparateLossConfig):
    """What a step of a separator by speaker minimises."""

    #: Weight of the speaker classification; 0 saves the time it takes once the voices are
    #: distinguished.
    speaker: Weight = 0.5


#: What runs of separators differ in from the defaults.
_TRAIN = {"steps": 8000, "optimizer": "muon", "warmup_steps": 100, "decay_share": 0.4}

CLASS_SETTINGS = TaskSettings(ClassLossConfig, ClassMixConfig, _TRAIN)
KIT_SETTINGS = TaskSettings(ClassLossConfig, KitMixConfig, _TRAIN)
SPEAKER_SETTINGS = TaskSettings(SpeakerLossConfig, SpeakerMixConfig, _TRAIN)
