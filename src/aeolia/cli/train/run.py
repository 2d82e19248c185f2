"""What all `aeolia train` commands share: their options, and how a run is started and watched."""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.cli.options import Quiet
from aeolia.errors import MissingExtraError
from aeolia.recipes.catalogue import PRESETS

if TYPE_CHECKING:
    from aeolia.training.loop import StepReport
    from aeolia.training.task import Say

__all__ = ["RecordingPaths", "add_train_command", "announce", "silent", "training_extra"]


@dataclass(frozen=True)
class RecordingPaths:
    """What the options of one command alone come to."""

    #: Paths by what they hold; None where none was named.
    data: Mapping[str, Path | None]
    #: Values of the section "mix".
    mix: Mapping[str, Any] = field(default_factory=dict)


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
        recordings: takes the options of this command alone; called when a run is started, not
            when one goes on. Raises InputError where something is missing.
    """
    own = _parameters(recordings)
    shared = _parameters(_run_options, ", ".join(_presets_of(task)))

    def command(**given: Any) -> None:
        options = {name: given.pop(name) for name in shared}
        _run(task, lambda: recordings(**given), **options)

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
    recordings: Callable[[], RecordingPaths],
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
        MissingExtraError: PyTorch or another part of the extra `train` is not installed.
    """
    with training_extra():
        from aeolia.training.recipe import RunRequest, read_setup
        from aeolia.training.run import resume_run, start_run

    say: Say = silent if quiet else typer.echo
    watch = silent if quiet else announce
    if resume:
        resume_run(out, steps, say, watch)
    else:
        found = recordings()
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
        data = {name: str(path.resolve()) if path else None for name, path in found.data.items()}
        start_run(read_setup(request), data, out, minutes, say, watch)
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")


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
        text = "  ".join(f"{name[6:]} {value:.3f}" for name, value in values.items())
        text = f"held out: {text}"
    typer.echo(f"step {report.step}/{report.steps}  {text}")
