"""What a training run needs to know of its task, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from aeolia.config import AnyConfig
from aeolia.data.corpus.left_out import LeftOut
from aeolia.training.config import TaskSettings, TrainConfig
from aeolia.training.loop import Objective, Validate
from aeolia.training.prefetch import BatchSource

__all__ = ["Data", "Prepared", "Say", "Setup", "Task"]

#: Prints a line for the user.
Say = Callable[[str], None]
#: Paths of the recordings by what they hold; None where none was named.
Data = Mapping[str, str | None]


@dataclass(frozen=True)
class Setup:
    """All that a run is made from; `loss` and `mix` are of the classes that its task names."""

    model: Any
    train: TrainConfig
    loss: Any
    mix: Any
    #: Weights to start from, or None to start afresh.
    weights: Mapping[str, Tensor] | None = None
    #: Their name and card in Markdown, whose attributions the new card keeps.
    base: str = ""


@dataclass(frozen=True)
class Prepared:
    """The data of a run, gathered, and what is done with it."""

    #: The model's config, with what was learned from the recordings.
    model: AnyConfig
    batches: BatchSource
    objective: Objective
    #: Makes the held-out set and the function that scores a model on it; called in the first
    #: process only, when training is about to start.
    validation: Callable[[], Validate | None]
    #: Seconds of audio in one step.
    seconds_per_step: float
    #: Recordings that were found, one line a kind.
    found: list[str]
    #: Where they come from, for the card.
    sources: list[str]
    #: What was found and is not learned from.
    left_out: Sequence[LeftOut] = ()


def _nothing(started: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Task:
    """One task of the workshop: its settings and data, and where its weights may come from."""

    settings: TaskSettings
    #: (setup, where the data lies, say) -> Prepared.
    #:
    #: Raises DataError when the data cannot be used.
    prepare: Callable[[Setup, Data, Say], Prepared]
    #: Start a model from other weights, in place.
    transplant: Callable[[Any, Mapping[str, Tensor]], None]
    #: What the model is, in the card's first sentence.
    describe: Callable[[Any], str]
    #: Names of the scores that validation may give a model, by which candidates are compared.
    scores: Callable[[Any], Sequence[str]]
    #: Refuse a model that is not trained as it is, with a ConfigError.
    check: Callable[[Any], object] = _nothing
    #: What the mixtures of a run differ in because of the model that it starts from.
    mix_from: Callable[[Any], dict[str, Any]] = _nothing
