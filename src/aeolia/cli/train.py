"""aeolia train: learn a model from recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aeolia.cli.train_separate import SEPARATE_HELP, separate
from aeolia.cli.train_synth import SYNTH_HELP, synth

if TYPE_CHECKING:
    from aeolia.training.loop import Progress

__all__ = ["app"]

app = typer.Typer(help="Train a model on your own recordings.", no_args_is_help=True)

_DENOISE_HELP = """Train a denoiser on clean speech and recordings of noise.

    aeolia train denoise --speech SPEECH --noise NOISE --out run

    aeolia train denoise --speech SPEECH --noise MY_ROOM --from denoise --minutes 10 --out run

    aeolia train denoise --resume --out run

SPEECH and NOISE are folders of audio or manifests from `aeolia data scan`. Afterwards:
`aeolia export run -o model.onnx`, then `aeolia denoise talk.wav --model model.onnx`.
"""


@app.callback()
def _group() -> None:
    pass


@app.command("denoise", help=_DENOISE_HELP)
def denoise(
    out: Path = typer.Option(..., "--out", "-o", help="Folder of the run."),
    speech: Path = typer.Option(None, help="Clean speech: a folder or a manifest."),
    noise: Path = typer.Option(None, help="Noise: a folder or a manifest."),
    rooms: Path = typer.Option(None, help="Impulse responses; rooms are simulated without."),
    preset_name: str = typer.Option(
        None, "--preset", help="denoise, denoise-16k, textbook or textbook-lstm."
    ),
    start_from: str = typer.Option(
        None, "--from", help="Fine-tune this model: a released name or a run folder."
    ),
    steps: int = typer.Option(
        None, min=1, help="Optimiser steps: 20000 by default, 1000 with --from."
    ),
    minutes: float = typer.Option(None, min=0.1, help="As many steps as fit into this time."),
    batch_size: int = typer.Option(None, min=1, help="Crops per step, 16 by default."),
    seed: int = typer.Option(0, help="Seed of weights, split and mixtures."),
    config: Path = typer.Option(
        None, help='JSON with any of {"model": {...}, "train": {...}, "mix": {...}}.'
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in --out."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing but errors."),
) -> None:
    from aeolia.errors import InputError, MissingExtraError

    try:
        from aeolia.training.run import resume_run, start_run
        from aeolia.training.setup import read_setup
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error

    say = silent if quiet else typer.echo
    watch = silent if quiet else show
    if resume:
        resume_run(out, steps, say, watch)
    else:
        if speech is None:
            raise InputError("--speech is missing; name a folder of clean speech to learn from")
        setup = read_setup(preset_name, start_from, config, steps, batch_size, seed)
        start_run(
            setup.model,
            setup.train,
            setup.mix,
            {
                "speech": str(speech.resolve()),
                "noise": str(noise.resolve()) if noise else None,
                "rirs": str(rooms.resolve()) if rooms else None,
            },
            out,
            minutes,
            setup.weights,
            say,
            watch,
        )
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")


app.command("separate", help=SEPARATE_HELP)(separate)
app.command("synth", help=SYNTH_HELP)(synth)


def silent(_: Any) -> None:
    pass


def show(progress: Progress) -> None:
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
