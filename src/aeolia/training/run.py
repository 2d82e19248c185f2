"""A run from recordings to weights: gather data, say what was found, train, write the card.

This is what `aeolia train` does; call `start_run` for the same from Python.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from aeolia.config import CONFIG_OF_TASK, config_from_dict
from aeolia.errors import TrainingError
from aeolia.models.build import Autoencoder, build_model
from aeolia.training.config import TrainConfig
from aeolia.training.loop import Objective, StepReport, Validate, score, train
from aeolia.training.optimizer import build_optimizer, choose_what_learns
from aeolia.training.prefetch import BatchSource, prefetched
from aeolia.training.processes import Processes
from aeolia.training.resuming import same_recordings
from aeolia.training.run_folder import LEFT_OUT_FILE, RunFolder, only_one_writes
from aeolia.training.silence import LEVEL, silence_in_words
from aeolia.training.stages.recordings import data_hash
from aeolia.training.task import Data, Prepared, Say, Setup, Task
from aeolia.training.tasks import task_of

__all__ = ["Watch", "resume_run", "seconds_per_step", "start_run", "steps_within"]

#: Steps timed before a run to say how long it will take, after some that warm up; more where
#: their number is planned by it.
_WARM_STEPS, _TIMED_STEPS, _PLANNED_BY = 2, 4, 20

#: The share of the time asked for after which the trial tries no other step.
_TRIAL_SHARE = 0.2

#: Fewer steps than these say less than none.
_FEWEST_STEPS = 20

Watch = Callable[[StepReport], None]


@only_one_writes
def start_run(
    setup: Setup,
    data: Data,
    out: Path,
    minutes: float | None = None,
    say: Say = print,
    watch: Watch = lambda report: None,
    judge: Validate | None = None,
) -> Autoencoder:
    """Train a model of the config's task into the folder `out`.

    Args:
        data: folders or manifests by the task's names, such as "speech" and "noise"; or None.
        minutes: choose the number of steps so that the run takes about this long, all counted:
            reading the recordings, trying the speed, validating.
        judge: validates in place of what the mixtures of `setup` give.

    Raises:
        DataError, TrainingError: the data cannot be used; `out` already holds a run.
    """
    began = time.perf_counter()
    processes = Processes.from_environment()
    folder = RunFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    if folder.state_path.exists() and folder.writes:
        raise TrainingError(
            f"{out} already holds a run; go on with --resume, or choose another --out"
        )
    config = setup.train
    task = task_of(setup.model)
    prepared = task.prepare(setup, data, say)
    for line in prepared.found:
        say(line)
    if prepared.left_out:
        say(f"all {len(prepared.left_out)} that are left out: {out / LEFT_OUT_FILE}")
    torch.manual_seed(config.seed)
    model = build_model(prepared.model).to(processes.device())
    if setup.weights is not None:
        task.transplant(model, setup.weights)
    folder.create()
    folder.write_base(setup.base)
    folder.write_left_out(prepared.left_out)
    validate = (judge or prepared.validation()) if folder.writes else None
    before, validating = None, 0.0
    # What fine-tuning starts with is what it is compared with.
    if validate is not None and (setup.weights is not None or minutes is not None):
        asked = time.perf_counter()
        before = score(model, validate)
        validating = time.perf_counter() - asked
    seconds = seconds_per_step(
        model,
        config,
        prepared.objective,
        prepared.batches,
        processes,
        _TIMED_STEPS if minutes is None else _PLANNED_BY,
        math.inf if minutes is None else _TRIAL_SHARE * 60.0 * minutes,
    )
    if minutes is not None:
        # The same in all processes, of which only the first validates.
        validating = processes.world * processes.mean({"seconds": validating})["seconds"]
        spent = processes.mean({"seconds": time.perf_counter() - began})["seconds"]
        left = 60.0 * minutes - spent
        steps = steps_within(left, seconds, validating, config)
        config = dataclasses.replace(config, steps=steps)
        if steps * seconds + validating > max(left, 0.0) + seconds:
            say(_too_short(minutes, spent, steps * seconds + validating, steps))
    folder.write_settings(
        {
            "model": dataclasses.asdict(prepared.model),
            "train": dataclasses.asdict(config),
            "loss": dataclasses.asdict(setup.loss),
            "mix": dataclasses.asdict(setup.mix),
            "data": dict(data),
            "data_hash": data_hash(data) if folder.writes else None,
        }
    )
    say(_announcement(model, config, prepared, seconds))
    return _run(model, config, task, prepared, folder, processes, watch, validate, before)


def steps_within(left: float, seconds: float, validating: float, config: TrainConfig) -> int:
    """How many steps of `seconds`, with the validations among them, take `left` seconds.

    Args:
        validating: seconds of one validation; one comes at the end, and one every
            `config.validate_every` steps before.

    Returns:
        at least 20, which say more than none.
    """
    each = seconds + validating / config.validate_every
    return max(_FEWEST_STEPS, round((left - validating) / each))


def _too_short(minutes: float, spent: float, needed: float, steps: int) -> str:
    """What is said where not even the fewest steps fit; `spent` and `needed` are in seconds."""
    return (
        f"--minutes {minutes:g} is short for this machine: getting ready took {spent / 60.0:.1f} "
        f"minutes, and {steps} steps, the fewest, with the validation take {needed / 60.0:.1f} "
        "more; give more minutes, or a smaller --batch-size"
    )


@only_one_writes
def resume_run(
    out: Path,
    steps: int | None = None,
    say: Say = print,
    watch: Watch = lambda report: None,
    data: Data | None = None,
    judge: Validate | None = None,
) -> Autoencoder:
    """Go on with the run in `out`, bit for bit; `steps` lengthens or shortens it.

    Args:
        data: where recordings lie now that have moved; None takes the paths of the run.
        judge: as of `start_run`.

    Raises:
        TrainingError: the folder holds no run, its last state is damaged, or the recordings are
            others than it began with.
    """
    processes = Processes.from_environment()
    folder = RunFolder(out, writes=processes.rank == 0)
    say, watch = (say, watch) if folder.writes else (_ignore, _ignore)
    settings = folder.read_settings()
    name = settings["model"].get("task", "denoise")
    if name not in CONFIG_OF_TASK:
        raise TrainingError(
            f"{out} holds a run of the task {name!r}; this version trains "
            f"{', '.join(CONFIG_OF_TASK)}"
        )
    model_config = config_from_dict(CONFIG_OF_TASK[name], settings["model"])
    task = task_of(model_config)
    config = config_from_dict(TrainConfig, settings["train"])
    if steps is not None:
        config = dataclasses.replace(config, steps=steps)
        folder.write_settings({**settings, "train": dataclasses.asdict(config)})
    setup = Setup(
        model_config,
        config,
        config_from_dict(task.settings.loss, settings["loss"]),
        config_from_dict(task.settings.mix, settings["mix"]),
    )
    data = same_recordings(out, settings, data)
    if data != settings["data"]:
        train_json = {"model": settings["model"], "train": dataclasses.asdict(config)}
        folder.write_settings({**settings, **train_json, "data": dict(data)})
    prepared = task.prepare(setup, data, say)
    for line in prepared.found:
        say(line)
    model = build_model(prepared.model).to(processes.device())
    validate = (judge or prepared.validation()) if folder.writes else None
    return _run(model, config, task, prepared, folder, processes, watch, validate, resume=True)


def _ignore(_: Any) -> None:
    """Only the first of several processes talks."""


def seconds_per_step(
    model: Autoencoder,
    config: TrainConfig,
    objective: Objective,
    batches: BatchSource,
    processes: Processes,
    timed: int = _TIMED_STEPS,
    within: float = math.inf,
) -> float:
    """Time of one step, mixing included, on a copy of the model; the same in all processes.

    Args:
        timed: steps that are timed, after some that warm up.
        within: seconds after which no other step is tried, however many were timed.
    """
    twin = build_model(model.config).to(next(model.parameters()).device)
    choose_what_learns(twin, config.learn)
    optimizer = build_optimizer(twin, config)
    seconds, began = [], time.perf_counter()
    started = began
    steps = range(_WARM_STEPS + timed)
    with closing(prefetched(batches, config.batch_size, steps, processes)) as ahead:
        for step, batch in ahead:
            loss, _ = objective(twin, batch, step)
            loss.backward()
            optimizer.step()
            float(loss.detach())  # a GPU works on until it is asked
            seconds.append(time.perf_counter() - started)
            started = time.perf_counter()
            if started - began > within:
                break
    # Where even warming up took too long, the last of it is what there is.
    typical = statistics.median(seconds[_WARM_STEPS:] or seconds[-1:])
    # Processes that chose different numbers of steps would wait for each other for ever.
    return processes.mean({"seconds": typical})["seconds"]


def _announcement(
    model: Autoencoder, config: TrainConfig, prepared: Prepared, seconds: float
) -> str:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    hours = config.steps * prepared.seconds_per_step / 3600.0
    return (
        f"{model.config.name}: {parameters / 1e3:.0f} k parameters; {config.steps} steps of "
        f"{prepared.seconds_per_step:g} s ({hours:.1f} hours), about "
        f"{config.steps * seconds / 60.0:.0f} minutes at {1e3 * seconds:.0f} ms a step"
    )


def _run(
    model: Autoencoder,
    config: TrainConfig,
    task: Task,
    prepared: Prepared,
    folder: RunFolder,
    processes: Processes,
    watch: Watch,
    validate: Validate | None,
    before: dict[str, float] | None = None,
    *,
    resume: bool = False,
) -> Autoencoder:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    model.mixed_precision = processes.trains_in_bfloat16(parameters)
    trained = train(
        model,
        config,
        prepared.objective,
        prepared.batches,
        folder,
        validate,
        watch,
        resume,
        processes,
        before,
    )
    folder.write_card(_card(trained, config, task, prepared, folder))
    return trained


def _card(
    model: Autoencoder, config: TrainConfig, task: Task, prepared: Prepared, folder: RunFolder
) -> str:
    """A model card of what this run knows: structure, data, length, scores."""
    scores = folder.last_line("validation")
    hours = config.steps * prepared.seconds_per_step / 3600.0
    lines = [
        f"# {model.config.name}",
        "",
        task.describe(model),
        "",
        f"Trained for {config.steps} steps of {prepared.seconds_per_step:g} s "
        f"({hours:.1f} hours) with seed {config.seed} on:",
        "",
        *(f"- {line}" for line in prepared.found),
    ]
    if prepared.sources:
        lines += ["", f"Sources: {', '.join(prepared.sources)}."]
    if scores:
        first = folder.first_line("validation")
        before = first if first.get("step") == "0" else {}
        figures = ", ".join(
            f"{name} {value}" + (f" ({before[name]} before)" if before.get(name) else "")
            for name, value in scores.items()
            if name != "step"
        )
        lines += ["", f"Held out (N = {config.validation_clips}): {figures}."]
        if silence_in_words({LEVEL: float(scores.get(LEVEL) or 0.0)}):
            lines += ["", "**What comes out of it is silence.**"]
    if base := folder.read_base():
        lines += ["", base.rstrip()]
    return "\n".join(lines) + "\n"
