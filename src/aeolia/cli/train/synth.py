"""aeolia train synth: learn instruments from recordings of notes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.train.run import RecordingPaths

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
    notes: Annotated[
        Path | None, typer.Argument(help="Folder of notes, or a CSV file that lists them.")
    ] = None,
    held_out: Annotated[
        list[str] | None,
        typer.Option("--held-out", help="An instrument to keep out of training; may be repeated."),
    ] = None,
) -> RecordingPaths:
    """The recordings of a synthesiser."""
    missing = "no folder of notes was given; name one to learn from"
    return RecordingPaths(
        {"notes": notes}, {"held_out": held_out} if held_out else {}, missing=missing
    )
