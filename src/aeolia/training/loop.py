"""The training loop, in the order in which things happen.

A step is a pure function of (weights, optimiser state, step number): batches, dropped skips and
the learning rate are drawn from the seed and the step number alone. An exact resume therefore
needs the weights, the optimiser, the averaged weights and one integer.
"""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from aeolia.errors import TrainingError, TrainingStoppedError
from aeolia.models.build import Autoencoder
from aeolia.models.checkpoint import WEIGHTS_FILE, save_checkpoint
from aeolia.training.config import TrainConfig
from aeolia.training.optimizer import Optimizer, build_optimizer, choose_what_learns
from aeolia.training.prefetch import BatchSource, TimedBatch, prefetched
from aeolia.training.processes import Processes
from aeolia.training.run_folder import RunFolder, Sound
from aeolia.training.stopping import StoppedAtOnce, stopping

__all__ = ["Audible", "Objective", "StepReport", "Validate", "score", "train"]

#: A checkpoint is written at least this often, however long a step takes.
_MOST_SECONDS_AT_RISK = 300.0


class Objective(Protocol):
    """What a step minimises: a pure function of the model, the batch and the step number."""

    def __call__(self, model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its terms by name."""
        ...


@runtime_checkable
class Audible(Protocol):
    """A validation that has something to listen to."""

    @property
    def sounds(self) -> list[Sound]:
        """A few clips as they came, and as the last model that was scored made them."""
        ...


#: Mean scores by name of a model in evaluation mode, on a fixed held-out set.
Validate = Callable[[Any], dict[str, float]]


@dataclass
class StepReport:
    """What the loop reports of a step: means since the last report, or a validation's scores."""

    step: int
    steps: int
    values: dict[str, float] = field(default_factory=dict)


def train(
    model: Autoencoder,
    config: TrainConfig,
    objective: Objective,
    batches: BatchSource,
    folder: RunFolder,
    validate: Validate | None = None,
    watch: Callable[[StepReport], None] = lambda report: None,
    resume: bool = False,
    processes: Processes | None = None,
    before: Mapping[str, float] | None = None,
) -> Autoencoder:
    """Train `model` in place and return it with its averaged weights.

    Args:
        before: scores of the weights that it starts with, which become the validation of step 0.

    Raises:
        ConfigError: `config.learn` names what the model does not have.
        TrainingError: the loss is not finite; RUN keeps the last good checkpoint.
        TrainingStoppedError: SIGINT, SIGTERM or SIGHUP came; RUN has the state after the last step.
    """
    processes = processes or Processes()
    choose_what_learns(model, config.learn)
    optimizer = build_optimizer(model, config)
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    meter, start = _Meter(), 0
    if resume:
        start = _restore(folder, model, optimizer, average, meter)
        if folder.writes:  # a kill may have come between the state and its weights
            save_checkpoint(folder.path / WEIGHTS_FILE, model.config, average)
    folder.create()
    folder.forget_after(start if resume else -1)
    wrapped: nn.Module = (
        DistributedDataParallel(model, broadcast_buffers=False) if processes.world > 1 else model
    )
    model.train()

    def judge(step: int, scores: Mapping[str, float] | None = None) -> None:
        if validate is not None and folder.writes:
            random, found = torch.get_rng_state(), scores
            try:
                if found is None:
                    with stop.at_once():
                        found = _with_weights(model, average, validate)
            except StoppedAtOnce:  # a run that goes on makes up for it
                torch.set_rng_state(random)
            if found:
                folder.log("validation", step, dict(found))
                if isinstance(validate, Audible):
                    folder.show(validate.sounds, step)
                shown = {f"valid_{name}": value for name, value in found.items()}
                watch(StepReport(step, config.steps, shown))
        processes.wait()

    def end_if_stopped(done: int) -> None:
        if number := processes.most(stop.signal):
            name = signal.Signals(number).name
            raise TrainingStoppedError(
                f"stopped by {name} after step {done} of {config.steps}; the checkpoint is in "
                f"{folder.path}",
                number,
            )

    ahead = prefetched(batches, config.batch_size, range(start, config.steps), processes)
    saved = time.monotonic()
    with closing(folder), closing(ahead), stopping() as stop:
        if before and not resume:
            judge(0, before)
        # The kill may have come in the midst of the validation that followed the state.
        if resume and _is_due(start, config) and folder.last_step("validation") < start:
            judge(start)
            end_if_stopped(start)
        for step, batch in meter.waiting(ahead):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate_at(step)
            loss, terms = objective(wrapped, batch, step)
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
            _refuse_divergence(loss, norm, step, folder, processes)
            optimizer.step()
            _update_average(average, model, min(config.ema_decay, (1 + step) / (10 + step)))

            done = step + 1
            meter.add(loss, terms, norm)
            if done % config.log_every == 0:
                values = processes.mean(meter.take(batch.seconds * processes.world))
                values["learning_rate"] = optimizer.param_groups[0]["lr"]
                folder.log("log", done, values)
                watch(StepReport(done, config.steps, values))
            due = _is_due(done, config)
            # After the log, so that a resumed run has every line up to its checkpoint and repeats
            # the rest; before the validation, which may take long.
            late = time.monotonic() - saved > _MOST_SECONDS_AT_RISK
            stopped = processes.most(stop.signal)
            if done % config.checkpoint_every == 0 or due or late or stopped:
                state = _state(model, optimizer, average, done)
                folder.save_state({**state, "meter": meter.state()})
                if folder.writes:
                    save_checkpoint(folder.path / WEIGHTS_FILE, model.config, average)
                saved = time.monotonic()
            if due:
                judge(done)
            if due or stopped:
                end_if_stopped(done)

    model.load_state_dict(average)
    return model.eval()


def _is_due(step: int, config: TrainConfig) -> bool:
    """Whether the model is validated after `step` steps."""
    return step % config.validate_every == 0 or step == config.steps


def _state(
    model: nn.Module, optimizer: Optimizer, average: dict[str, Tensor], step: int
) -> dict[str, Any]:
    return {
        "step": step,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": average,
        "torch_random": torch.get_rng_state(),
    }


def _restore(
    folder: RunFolder,
    model: nn.Module,
    optimizer: Optimizer,
    average: dict[str, Tensor],
    meter: _Meter,
) -> int:
    """Take up the last state; returns the number of steps done."""
    state = folder.load_state()
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        for name, value in state["average"].items():
            average[name].copy_(value)
        torch.set_rng_state(state["torch_random"])
        meter.restore(state.get("meter"))
        return int(state["step"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{folder.state_path} belongs to another model than {folder.path / 'train.json'} "
            "says; restore the two together, or start again with another --out"
        ) from error


@torch.no_grad()
def _update_average(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    """Exponential moving average of the weights (Polyak averaging)."""
    for name, value in model.state_dict().items():
        average[name].lerp_(value, 1.0 - decay)


def score(model: Autoencoder, validate: Validate) -> dict[str, float]:
    """What `validate` finds of the model as it is, in evaluation mode and on the processor."""
    return _with_weights(model, model.state_dict(), validate)


def _with_weights(
    model: Autoencoder, weights: dict[str, Tensor], function: Validate
) -> dict[str, float]:
    """Call `function` on a copy of the model with other weights, in evaluation mode."""
    twin = copy.deepcopy(model).cpu()
    twin.load_state_dict(weights)
    return function(twin.eval())


def _refuse_divergence(
    loss: Tensor, norm: Tensor, step: int, folder: RunFolder, processes: Processes
) -> None:
    """Stop before a loss or gradient that is not finite reaches the weights."""
    value = processes.mean({"loss": float(loss.detach()), "norm": float(norm)})
    if all(math.isfinite(v) for v in value.values()):
        return
    kept = (
        f"the last good checkpoint is in {folder.path}; fine-tune it with --from {folder.path}"
        if folder.state_path.exists()
        else "there is no checkpoint yet; start again"
    )
    raise TrainingError(
        f"training diverged at step {step + 1}: the loss or its gradient is not finite; {kept} "
        "and a lower learning_rate in --config"
    )


class _Meter:
    """Means of loss terms since the last log line, throughput, and time spent waiting."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._sums: dict[str, float] = {}
        self._count = 0
        #: Steps since the clock began; a resumed run has others in its means.
        self._timed = 0
        self._since = time.perf_counter()

    def state(self) -> dict[str, Any]:
        """What a resumed run needs for its next line to be that of a run left alone."""
        return {"sums": dict(self._sums), "count": self._count}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go on from a `state`; None, of earlier versions, begins anew."""
        if state is not None:
            self._sums, self._count = dict(state["sums"]), int(state["count"])

    def waiting(self, ahead: Iterable[tuple[int, TimedBatch]]) -> Iterator[tuple[int, TimedBatch]]:
        """Pass batches on, and count the time spent waiting for them."""
        asked = time.perf_counter()
        for item in ahead:
            self._waited += time.perf_counter() - asked
            yield item
            asked = time.perf_counter()

    def add(self, loss: Tensor, terms: dict[str, Tensor], norm: Tensor) -> None:
        for name, value in {"loss": loss.detach(), **terms, "gradient_norm": norm}.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
        self._count += 1
        self._timed += 1

    def take(self, seconds_per_step: float) -> dict[str, float]:
        elapsed = time.perf_counter() - self._since
        values = {name: total / self._count for name, total in self._sums.items()}
        values["steps_per_second"] = self._timed / elapsed
        values["audio_per_second"] = self._timed * seconds_per_step / elapsed
        values["waiting_share"] = self._waited / elapsed
        self._sums, self._count, self._timed = {}, 0, 0
        self._waited, self._since = 0.0, time.perf_counter()
        return values
