"""aeolia train synth: learn instruments from recordings of notes."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["SYNTH_HELP", "synth"]

SYNTH_HELP = """Train a synthesiser on a folder of single notes, or of monophonic playing.

    aeolia train synth NOTES --out run

    aeolia train synth NOTES --minutes 30 --held-out tuba --out run

    aeolia train synth DRUMS --preset drums --out run

    aeolia train synth --resume --out run

Pitches come from a CSV file (path, pitch, instrument), NSynth's examples.json, SFZ files or file
names (piano_A4.wav, 060.wav); where nothing tells them they are tracked (pip install
'aeolia[pitch]'). A folder is an instrument. Every fifth pitch is held out for validation.
"""


def synth(
    notes: Path = typer.Argument(None, help="Folder of notes, or a CSV file that lists them."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder of the run."),
    preset_name: str = typer.Option(
        None, "--preset", help="notes, drums, notes-light or textbook-vae."
    ),
    start_from: str = typer.Option(
        None, "--from", help="Fine-tune this model: a released name or a run folder."
    ),
    held_out: list[str] = typer.Option(
        [], "--held-out", help="An instrument to keep out of training; may be repeated."
    ),
    steps: int = typer.Option(
        None, min=1, help="Optimiser steps: 4000 by default, 1000 with --from."
    ),
    minutes: float = typer.Option(None, min=0.1, help="As many steps as fit into this time."),
    batch_size: int = typer.Option(None, min=1, help="Notes per step, 8 by default."),
    seed: int = typer.Option(0, help="Seed of weights and crops."),
    config: Path = typer.Option(
        None, help='JSON with any of {"model": {...}, "train": {...}, "mix": {...}}.'
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the run in --out."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing but errors."),
) -> None:
    """Train a synthesiser; the command's help stands above."""
    from aeolia.cli.train import show, silent
    from aeolia.errors import InputError, MissingExtraError

    try:
        from aeolia.training.run import resume_run, start_run
        from aeolia.training.synth_setup import read_synth_setup
    except ImportError as error:
        raise MissingExtraError(
            f"training needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error

    say = silent if quiet else typer.echo
    watch = silent if quiet else show

    def progress(done: int, total: int) -> None:
        if done % 200 == 0 or done == total:
            say(f"listened to {done} of {total} files")

    if resume:
        resume_run(out, steps, say, watch)
    else:
        if notes is None:
            raise InputError("no folder of notes was given; name one to learn from")
        setup = read_synth_setup(
            notes, preset_name, start_from, config, tuple(held_out), steps, batch_size, seed,
            progress,
        )  # fmt: skip
        start_run(
            setup.model, setup.train, setup.mix, {"notes": str(notes.resolve())}, out, minutes,
            setup.weights, say, watch,
        )  # fmt: skip
    say(f"done: {out}; next: aeolia export {out} -o model.onnx")
