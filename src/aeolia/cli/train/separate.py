"""aeolia train separate: learn to take mixtures apart, by class or by speaker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.train.run import RecordingPaths

__all__ = ["SEPARATE_HELP", "separate"]

SEPARATE_HELP = """Train a separator on recordings of single sources; mixtures are made of them.

\b
    aeolia train separate --data RECORDINGS --preset separate --from denoise-16k --out run
    aeolia train separate --data SPEAKERS --noise NOISE
      --preset separate-speaker-16k --from denoise-16k --out run
    aeolia train separate --data MY_SONGS --from separate --minutes 20 --out run
    aeolia train separate --resume --out run

RECORDINGS is a manifest, a folder of folders named after the classes, or a folder of songs with
a file a stem (MUSDB18-HQ's layout). SPEAKERS holds a folder a speaker (LibriSpeech, VCTK and
LibriMix too). Afterwards: `aeolia export run -o model.onnx`; for what was trained at 16 kHz with
`--preset separate` or `--preset separate-speaker`, which keep the full band.

A step is 16 mixtures; there are 8000 by default, 1000 from a separator.
"""


def separate(
    data: Annotated[Path | None, typer.Option(help="Recordings: a folder or a manifest.")] = None,
    noise: Annotated[
        Path | None, typer.Option(help="Noise, where it lies apart: a folder or a manifest.")
    ] = None,
) -> RecordingPaths:
    """The recordings of a separator."""
    missing = "--data is missing; name a folder or a manifest to learn from"
    return RecordingPaths({"data": data, "noise": noise}, missing=missing)
