"""aeolia train synth: learn instruments from recordings of notes."""

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
from aeolia.errors import InputError

if TYPE_CHECKING:
    from aeolia.cli.train.run import Places
    from aeolia.training.recipe import Setup

__all__ = ["SYNTH_HELP", "synth"]

SYNTH_HELP = """Train a synthesiser on a folder of single notes, or of monophonic playing.

\b
    aeolia train synth NOTES --out run
    aeolia train synth NOTES --minutes 30 --held-out tuba --out run
    aeolia train synth DRUMS --preset drums --out run
    aeolia train synth --resume --out run

Pitches come from a CSV file (path, pitch, instrument), NSynth's examples.json, SFZ files or file
names (piano_A4.wav, 060.wav); where nothing tells them they are tracked (pip install
'aeolia[pitch]'). A folder is an instrument. Every fifth pitch is held out for validation.

A step is 8 notes; there are 4000 by default, 1000 with --from.
"""


def synth(
    out: RunFolder,
    notes: Annotated[
        Path | None, typer.Argument(help="Folder of notes, or a CSV file that lists them.")
    ] = None,
    preset_name: Annotated[
        str | None, typer.Option("--preset", help="notes, drums, notes-light or textbook-vae.")
    ] = None,
    start_from: StartFrom = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option("--held-out", help="An instrument to keep out of training; may be repeated."),
    ] = None,
    steps: Steps = None,
    minutes: Minutes = None,
    batch_size: BatchSize = None,
    seed: Seed = 0,
    config: ConfigFile = None,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train a synthesiser; the command's help stands above."""

    def read(say: Say) -> tuple[Setup, Places]:
        from aeolia.training.synth_setup import read_synth_setup

        def progress(done: int, total: int) -> None:
            if done % 200 == 0 or done == total:
                say(f"listened to {done} of {total} files")

        if notes is None:
            raise InputError("no folder of notes was given; name one to learn from")
        setup = read_synth_setup(
            notes,
            preset_name,
            start_from,
            config,
            tuple(held_out or ()),
            steps,
            batch_size,
            seed,
            progress,
        )
        return setup, {"notes": notes}

    run_training(out, resume, steps, minutes, quiet, read)
