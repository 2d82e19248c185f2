"""TrainConfig: how a run goes, whatever its task; what it minimises is the section "loss"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from aeolia.config.ranges import Above, Between, OneOf, check_fields

__all__ = ["TaskSettings", "TrainConfig"]

_Count = Annotated[int, Between(1, 10**9)]
_Share = Annotated[float, Between(0.0, 1.0)]


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Saved in the run folder and checked on resume."""

    seed: Annotated[int, Between(0, 2**31 - 1)] = 0
    steps: _Count = 20000
    #: Crops per optimiser step, over all processes together.
    batch_size: Annotated[int, Between(1, 100000)] = 16
    #: "adamw", or "muon" for matrices with AdamW for the rest.
    optimizer: Annotated[str, OneOf("adamw", "muon")] = "adamw"
    learning_rate: Annotated[float, Above(0.0), Between(0.0, 100.0)] = 1e-3
    warmup_steps: Annotated[int, Between(0, 10**9)] = 300
    #: Last share of the run in which the learning rate falls to zero (warm-up, stable, decay);
    #: a run can be lengthened from any checkpoint before it.
    decay_share: _Share = 0.25
    weight_decay: Annotated[float, Between(0.0, 100.0)] = 0.01
    #: Beginnings of the names of the parameters that learn ("decoder.widen"), none for all: the
    #: others stay as they began, to fine-tune a part of a trained model.
    learn: tuple[str, ...] = ()
    #: Gradients are clipped to this norm.
    clip_norm: Annotated[float, Above(0.0), Between(0.0, 1e9)] = 5.0
    ema_decay: _Share = 0.999
    #: Steps between validations, checkpoints and log lines.
    validate_every: _Count = 1000
    checkpoint_every: _Count = 250
    log_every: _Count = 25
    #: Held-out clips per validation.
    validation_clips: Annotated[int, Between(0, 100000)] = 32

    def __post_init__(self) -> None:
        check_fields(self)

    def learning_rate_at(self, step: int) -> float:
        """Linear warm-up, constant, then linear decay to zero over the last `decay_share`."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        decay_steps = max(1.0, self.decay_share * self.steps)
        cool = min(1.0, (self.steps - step) / decay_steps)
        return self.learning_rate * max(0.0, min(warm, cool))


@dataclass(frozen=True)
class TaskSettings:
    """What the runs of a task are set by, besides `TrainConfig`."""

    #: Config class of what a step minimises; its `check_model` refuses what a model cannot read.
    loss: type[Any]
    #: Config class of the mixtures.
    mix: type[Any]
    #: What its runs differ in from the defaults of TrainConfig.
    train: Mapping[str, Any] = field(default_factory=dict)
