"""aeolia train separate: learn to take mixtures apart, by class or by speaker."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["SEPARATE_HELP", "separate"]

SEPARATE_HELP = """Train a separator on recordings of single sources; mixtures are made of them.

    aeolia train separate --data RECORDINGS --from denoise --preset separate --out run

    aeolia train separate --data SPEAKERS --noise NOISE --from denoise-16k --preset
    separate-speaker-16k --out run

    aeolia train separate --data MY_SONGS --from separate --minutes 20 --out run

    aeolia train separate --resume --out run

RECORDINGS is a manifest, a folder of folders named after the classes, or a folder of songs with
a file a stem (MUSDB18-HQ's layout). SPEAKERS holds a folder a speaker (LibriSpeech, VCTK and
LibriMix too). Afterwards: `aeolia export run -o model.onnx`, for a separator by speaker with
`--preset separate-speaker`, which keeps the full band.
"""


def separate(
    out: Path = typer.Option(..., "--out", "-o", help="Folder of the run."),
    data: Path = typer.Option(None, help="Recordings: a folder or a manifest."),
    noise: Path = typer.Option(None, help="Noise, where it lies apart: a folder or a manifest."),
    preset_name: str = typer.Option(
        None, "--preset", help="separate, separate-16k, separate-speaker-16k or textbook-cae."
    ),
    start_from: str = typer.Option(
        None, "--from", help="Start from this model, a denoiser too: a released name or a run."
    ),
    steps: int = typer.Option(
        None, min=1, help="Optimiser steps: 8000 by default, 1000 from a separator."
    ),
    minutes: float = typer.Option(None, min=0.1, help="As many steps as fit into this time."),
    batch_size: int = typer.Option(None, min=1, help="Mixtures per step, 16 by default."),
    seed: int = typer.Option(0, help="Seed of weights, split and mixtures."),
    config: Path = typer.Option(
        None, help='JSON with any of {"model": {...}, "train": {...}, "mix": {...}}.'
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in --out."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing but errors."),
) -> None:
    """Train a separator; the command's help stands above."""
    from aeolia.cli.train import show, silent
    from aeolia.errors import InputError, MissingExtraError

    try:
        from aeolia.training.run import resume_run, start_run
        from aeolia.training.separation_setup import read_separation_setup
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error

    say = silent if quiet else typer.echo
    watch = silent if quiet else show
    if resume:
        resume_run(out, steps, say, watch)
    else:
        if data is None:
            raise InputError("--data is missing; name a folder or a manifest to learn from")
        setup = read_separation_setup(preset_name, start_from, config, steps, batch_size, seed)
        places = {
            "data": str(data.resolve()),
            "noise": str(noise.resolve()) if noise else None,
        }
        start_run(
            setup.model, setup.train, setup.mix, places, out, minutes, setup.weights, say, watch
        )
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")
