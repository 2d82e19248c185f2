"""What all `aeolia train` commands share: their options, and how a run is started and watched."""

from __future__ import annotations

import inspect
import os
import shlex
import signal
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.cli.options import Quiet
from aeolia.errors import InputError, MissingExtraError, TrainingStoppedError
from aeolia.recipes.catalogue import PRESETS

if TYPE_CHECKING:
    from aeolia.training.loop import StepReport
    from aeolia.training.task import Say

__all__ = [
    "RecordingPaths",
    "add_train_command",
    "announce",
    "silent",
    "telling_how_to_go_on",
    "training_extra",
]


@dataclass(frozen=True)
class RecordingPaths:
    """What the options of one command alone come to."""

    #: Paths by what they hold; None where none was named.
    data: Mapping[str, Path | None]
    #: Values of the section "mix".
    mix: Mapping[str, Any] = field(default_factory=dict)
    #: What is said when the first path is missing from a run that begins.
    missing: str = ""


def _run_options(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    preset: Annotated[str | None, typer.Option("--preset", help="{presets}.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Start from this model: a released name or a run folder."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps.")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="As many steps as fit into this time, all counted."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Crops or notes per step.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of weights, split and draws.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help='JSON with any of "model", "train", "loss" and "mix", {...} each: '
            "`aeolia recipes keys TASK` lists what they hold."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            help="One setting, such as train.learning_rate=3e-4; may be repeated. "
            "`aeolia recipes keys TASK` lists them.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    quiet: Quiet = False,
) -> None:
    """The options of all train commands, as a signature."""


def add_train_command(
    app: typer.Typer, task: str, help_text: str, recordings: Callable[..., RecordingPaths]
) -> None:
    """Add `aeolia train TASK` to `app`: the options of `recordings`, and those of every run.

    Args:
        recordings: takes the options of this command alone.
    """
    own = _parameters(recordings)
    shared = _parameters(_run_options, ", ".join(_presets_of(task)))

    def command(**given: Any) -> None:
        options = {name: given.pop(name) for name in shared}
        _run(task, recordings(**given), **options)

    merged = [*own.values(), *shared.values()]
    # Those without a default come first, as a signature must have them.
    merged.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    command.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in merged}
    app.command(task, help=help_text)(command)


def _parameters(function: Callable[..., Any], presets: str = "") -> dict[str, inspect.Parameter]:
    """A function's parameters as keywords, their annotations evaluated."""
    hints = typing.get_type_hints(function, include_extras=True)
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        for option in getattr(hints[name], "__metadata__", ()):
            option.help = (option.help or "").replace("{presets}", presets)
        found[name] = parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
    return found


def _presets_of(task: str) -> list[str]:
    return [name for name, preset in PRESETS.items() if preset.model.task == task]


def _run(
    task: str,
    found: RecordingPaths,
    *,
    out: Path,
    preset: str | None,
    start: str | None,
    steps: int | None,
    minutes: float | None,
    batch_size: int | None,
    seed: int | None,
    config: Path | None,
    changes: list[str] | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Start a run, or go on with the one in `out`.

    Raises:
        InputError: recordings are missing.
        MissingExtraError: PyTorch or another part of the extra `train` is not installed.
    """
    data = {name: str(at.resolve()) if at else None for name, at in found.data.items()}
    if not resume and not next(iter(data.values())):
        raise InputError(found.missing)
    with training_extra():
        from aeolia.training.recipe import RunRequest, read_setup
        from aeolia.training.resuming import refuse_what_differs
        from aeolia.training.run import resume_run, start_run
        from aeolia.training.run_folder import RunFolder

    say: Say = silent if quiet else typer.echo
    watch = silent if quiet else announce
    train = {"steps": steps, "batch_size": batch_size, "seed": seed}
    request = RunRequest(
        task,
        preset,
        start,
        config,
        {name: value for name, value in train.items() if value is not None},
        {**({} if seed is None else {"seed": seed}), **found.mix},
        changes=tuple(changes or ()),
    )
    with telling_how_to_go_on(f"train {task}", out, "state.pt"):
        if resume:
            refuse_what_differs(out, RunFolder(out).read_settings(), request, minutes)
            resume_run(out, steps, say, watch, data)
        else:
            start_run(read_setup(request), data, out, minutes, say, watch)
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")


@contextmanager
def telling_how_to_go_on(command: str, out: Path, kept: str) -> Iterator[None]:
    """Train inside this: what a signal stops ends with the command that goes on from there.

    Args:
        kept: the file in `out` with which there is something to go on from.

    Raises:
        TrainingStoppedError: a signal came, and there is.
    """
    go_on = f"go on with: aeolia {command} --resume --out {shlex.quote(str(out))}"
    try:
        yield
    except TrainingStoppedError as stopped:
        raise TrainingStoppedError(f"{stopped}; {go_on}", stopped.signal) from stopped
    except (KeyboardInterrupt, SystemExit) as ended:
        # Between steps signals are what they are elsewhere: while recordings are read, or when
        # a second one comes.
        if not (out / kept).is_file():
            raise
        number = int(signal.SIGINT)
        if isinstance(ended, SystemExit):
            if not isinstance(ended.code, int):
                raise
            number = ended.code - 128
        kept_so_far = f"interrupted; the last checkpoint stays in {out}"
        raise TrainingStoppedError(f"{kept_so_far}; {go_on}", number) from ended


@contextmanager
def training_extra() -> Iterator[None]:
    """Import the workshop inside this.

    Raises:
        MissingExtraError: PyTorch or another part of the extra `train` is not installed.
    """
    # Read when PyTorch is loaded: what it cannot compute on Apple's GPUs yet, the processor does.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error


def silent(_: Any) -> None:
    """Says and shows nothing, for --quiet."""


def announce(report: StepReport) -> None:
    """One line per log entry; validation scores get a line of their own."""
    values = report.values
    if "loss" in values:
        left = (report.steps - report.step) / values["steps_per_second"] / 60.0
        text = f"loss {values['loss']:.4f}  {left:.0f} min left"
        if values["waiting_share"] > 0.05:
            text += f"  (waited for data {100.0 * values['waiting_share']:.0f} % of the time)"
    else:
        from aeolia.training.silence import silence_in_words

        scores = {name.removeprefix("valid_"): value for name, value in values.items()}
        text = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
        text = f"held out: {text}"
        if warning := silence_in_words(scores):
            text += f"\n{warning}"
    typer.echo(f"step {report.step}/{report.steps}  {text}")
