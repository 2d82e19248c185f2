"""`aeolia encode` and `aeolia decode`: recordings to latents and back."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import Model, Output, Overwrite, Played, Quiet, Recording, Seed

__all__ = ["decode", "encode"]


def encode(
    source: Recording,
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT.npz", help="NumPy file.")],
    instrument: Played = None,
    model: Model = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Encode a recording of one voice or instrument: timbre, pitch and loudness as numbers.

    \b
    The .npz holds, with N windows of 3 s, D latent values, I instruments, F frames:
      latent [N, D], latent_seconds [N]   timbre, and the middle of each window
      instrument [I], instruments [I]     the share of each instrument, and the names
      pitch_hz [F], loudness_db [F]       0 Hz where there is no pitch; dBFS
      model, sample_rate, hop_length, n_samples                   of the model
      original_rate, original_samples, channels, format           of the recording

    \b
    Examples:
      aeolia encode cello.wav -o cello.npz
      aeolia decode cello.npz -o again.wav
    """
    from aeolia import Encode
    from aeolia.cli.run_files import run_file

    operation = Encode(instrument, model=model)
    run_file(operation, source, output, doing="encoding", overwrite=overwrite, quiet=quiet)


def decode(
    source: Annotated[str, typer.Argument(metavar="INPUT.npz", help="What `encode` wrote.")],
    output: Output,
    seed: Seed = 0,
    model: Model = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Sound an encoding again; length, rate and channels are the recording's.

    \b
    Examples:
      aeolia encode cello.wav -o cello.npz
      aeolia decode cello.npz -o again.wav
    """
    from aeolia import Decode
    from aeolia.cli.run_files import run_file

    operation = Decode(seed, model=model)
    run_file(operation, source, output, doing="decoding", overwrite=overwrite, quiet=quiet)
