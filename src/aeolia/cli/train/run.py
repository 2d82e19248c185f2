"""What all `aeolia train` commands share: their options, and how a run is started and watched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.errors import MissingExtraError

if TYPE_CHECKING:
    from aeolia.training.loop import Progress
    from aeolia.training.recipe import Setup

__all__ = [
    "BatchSize",
    "ConfigFile",
    "Minutes",
    "Places",
    "Resume",
    "RunFolder",
    "Say",
    "Seed",
    "StartFrom",
    "Steps",
    "run_training",
]

RunFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")]
StartFrom = Annotated[
    str | None,
    typer.Option("--from", help="Start from this model: a released name or a run folder."),
]
Steps = Annotated[
    int | None,
    typer.Option(min=1, help="Optimiser steps."),
]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Crops or notes per step.")]
Seed = Annotated[int, typer.Option(help="Seed of weights, split and draws.")]
Minutes = Annotated[
    float | None, typer.Option(min=0.1, help="As many steps as fit into this time.")
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(help='JSON with any of {"model": {...}, "train": {...}, "mix": {...}}.'),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]

#: Prints a line for the user.
Say = Callable[[str], None]
#: Places of the recordings by what they hold; None where none was named.
Places = dict[str, Path | None]


def run_training(
    out: Path,
    resume: bool,
    steps: int | None,
    minutes: float | None,
    quiet: bool,
    read: Callable[[Say], tuple[Setup, Places]],
) -> None:
    """Start the run that `read` returns, or go on with the one in `out`.

    Raises:
        MissingExtraError: PyTorch or another part of the extra `train` is not installed.
    """
    try:
        from aeolia.training.run import resume_run, start_run
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error

    say: Say = _silent if quiet else typer.echo
    watch = _silent if quiet else _show
    if resume:
        resume_run(out, steps, say, watch)
    else:
        setup, places = read(say)
        data = {name: str(place.resolve()) if place else None for name, place in places.items()}
        start_run(setup, data, out, minutes, say, watch)
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")


def _silent(_: Any) -> None:
    pass


def _show(progress: Progress) -> None:
    """One line per log entry; validation scores get a line of their own."""
    values = progress.values
    if "loss" in values:
        left = (progress.steps - progress.step) / values["steps_per_second"] / 60.0
        text = f"loss {values['loss']:.4f}  {left:.0f} min left"
        if values["waiting_share"] > 0.05:
            text += f"  (waited for data {100.0 * values['waiting_share']:.0f} % of the time)"
    else:
        text = "  ".join(f"{name[6:]} {value:.3f}" for name, value in values.items())
        text = f"held out: {text}"
    typer.echo(f"step {progress.step}/{progress.steps}  {text}")
