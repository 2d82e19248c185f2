"""What a training run needs to know of its task, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig
from aeolia.training.config import TrainConfig
from aeolia.training.loop import Objective, Validate
from aeolia.training.prefetch import BatchSource

__all__ = ["Prepared", "Task"]


@dataclass(frozen=True)
class Prepared:
    """The data of a run, gathered, and what is done with it."""

    batches: BatchSource
    objective: Objective
    #: Makes the held-out set and the function that scores a model on it; called in the first
    #: process only, when training is about to start.
    validation: Callable[[], Validate | None]
    #: Seconds of audio that one step sees.
    seconds_per_step: float
    #: Recordings that were found, one line a kind.
    found: list[str]
    #: Where they come from, for the card.
    sources: list[str]


@dataclass(frozen=True)
class Task:
    """One task of the workshop: its configs, its data, and where its weights may come from."""

    #: Config class of a run: TrainConfig, or what extends it.
    train: type[TrainConfig]
    #: Config class of the mixtures: any dataclass.
    mix: type[Any]
    #: (model config, run config, mixtures, where the data lies) -> Prepared.
    #:
    #: Raises DataError when the data cannot be used.
    prepare: Callable[[AnyConfig, Any, Any, dict[str, str | None]], Prepared]
    #: Start a model from other weights, in place.
    transplant: Callable[[Any, dict[str, Tensor]], None]
    #: What the model is, in the card's first sentence.
    describe: Callable[[Any], str]
