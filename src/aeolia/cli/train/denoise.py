"""aeolia train denoise: learn to clean speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.train.run import RecordingPaths

__all__ = ["DENOISE_HELP", "denoise"]

DENOISE_HELP = """Train a denoiser on clean speech and recordings of noise.

\b
    aeolia train denoise --speech SPEECH --noise NOISE --out run
    aeolia train denoise --speech SPEECH --noise MY_ROOM --from denoise --minutes 10 --out run
    aeolia train denoise --resume --out run

SPEECH and NOISE are folders of audio or manifests from `aeolia data scan`. Afterwards:
`aeolia export run -o model.onnx`, then `aeolia denoise talk.wav --model model.onnx`.

A step is 16 crops; there are 20000 by default, 1000 with --from.
"""


def denoise(
    speech: Annotated[
        Path | None, typer.Option(help="Clean speech: a folder or a manifest.")
    ] = None,
    noise: Annotated[Path | None, typer.Option(help="Noise: a folder or a manifest.")] = None,
    rooms: Annotated[
        Path | None, typer.Option(help="Impulse responses; rooms are simulated without.")
    ] = None,
) -> RecordingPaths:
    """The recordings of a denoiser."""
    missing = "--speech is missing; name a folder of clean speech to learn from"
    return RecordingPaths({"speech": speech, "noise": noise, "rirs": rooms}, missing=missing)
