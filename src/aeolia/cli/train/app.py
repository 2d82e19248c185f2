"""aeolia train: learn a model from recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aeolia.cli.options import Quiet
from aeolia.cli.train.run import (
    BatchSize,
    ConfigFile,
    Minutes,
    Resume,
    RunFolder,
    Say,
    Seed,
    StartFrom,
    Steps,
    run_training,
)
from aeolia.cli.train.separate import SEPARATE_HELP, separate
from aeolia.cli.train.synth import SYNTH_HELP, synth
from aeolia.errors import InputError

if TYPE_CHECKING:
    from aeolia.cli.train.run import Places
    from aeolia.training.recipe import Setup

__all__ = ["app"]

app = typer.Typer(help="Train a model on your own recordings.", no_args_is_help=True)

_DENOISE_HELP = """Train a denoiser on clean speech and recordings of noise.

\b
    aeolia train denoise --speech SPEECH --noise NOISE --out run
    aeolia train denoise --speech SPEECH --noise MY_ROOM --from denoise --minutes 10 --out run
    aeolia train denoise --resume --out run

SPEECH and NOISE are folders of audio or manifests from `aeolia data scan`. Afterwards:
`aeolia export run -o model.onnx`, then `aeolia denoise talk.wav --model model.onnx`.

A step is 16 crops; there are 20000 by default, 1000 with --from.
"""


@app.callback()
def _group() -> None:
    pass


@app.command("denoise", help=_DENOISE_HELP)
def denoise(
    out: RunFolder,
    speech: Annotated[
        Path | None, typer.Option(help="Clean speech: a folder or a manifest.")
    ] = None,
    noise: Annotated[Path | None, typer.Option(help="Noise: a folder or a manifest.")] = None,
    rooms: Annotated[
        Path | None, typer.Option(help="Impulse responses; rooms are simulated without.")
    ] = None,
    preset_name: Annotated[
        str | None,
        typer.Option(
            "--preset", help="denoise, denoise-low, denoise-16k, textbook or textbook-lstm."
        ),
    ] = None,
    start_from: StartFrom = None,
    steps: Steps = None,
    minutes: Minutes = None,
    batch_size: BatchSize = None,
    seed: Seed = 0,
    config: ConfigFile = None,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train a denoiser; the command's help stands above."""

    def read(say: Say) -> tuple[Setup, Places]:
        from aeolia.training.recipe import read_setup

        if speech is None:
            raise InputError("--speech is missing; name a folder of clean speech to learn from")
        setup = read_setup(preset_name, start_from, config, steps, batch_size, seed)
        return setup, {"speech": speech, "noise": noise, "rirs": rooms}

    run_training(out, resume, steps, minutes, quiet, read)


app.command("separate", help=SEPARATE_HELP)(separate)
app.command("synth", help=SYNTH_HELP)(synth)
