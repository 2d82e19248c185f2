"""`aeolia encode` and `aeolia decode`: recordings to latents and back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aeolia.cli.options import Overwrite, Quiet

__all__ = ["decode", "encode"]


def encode(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A recording of one voice or instrument.")
    ],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT.npz", help="NumPy file.")],
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            "-i",
            metavar="NAME",
            show_default="whoever sounds like it",
            help="Who plays in the recording.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Encode a recording of one voice or instrument: timbre, pitch and loudness as numbers.

    \b
    The .npz holds, with N windows of 3 s, D latent values, I instruments, F frames:
      latent [N, D], latent_seconds [N]   timbre, and the middle of each window
      instrument [I], instruments [I]     who it sounds like, and the names
      pitch_hz [F], loudness_db [F]       0 Hz where there is no pitch; dBFS
      model, sample_rate, hop_length, n_samples                   of the model
      original_rate, original_samples, channels, format           of the recording

    \b
    Examples:
      aeolia encode cello.wav -o cello.npz
      aeolia decode cello.npz -o again.wav
    """
    from aeolia.api.reshaping import encode as encode_file

    encoding = encode_file(source, instrument=instrument, model=model)
    encoding.save(output, overwrite=overwrite)
    if not quiet:
        name = encoding.instruments[int(encoding.instrument.argmax())]
        voiced = 100 * float((encoding.pitch_hz > 0).mean())
        print(
            f"{source} -> {output}: {len(encoding.latent)} timbres of {encoding.latent.shape[1]} "
            f"values, {len(encoding.pitch_hz)} frames, {voiced:.0f} % with a pitch, {name}"
        )


def decode(
    source: Annotated[str, typer.Argument(metavar="INPUT.npz", help="What `encode` wrote.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="Audio file; - for a WAV pipe.")
    ],
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the noise in it.")] = 0,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Sound an encoding again; length, rate and channels are the recording's.

    \b
    Examples:
      aeolia encode cello.wav -o cello.npz
      aeolia decode cello.npz -o again.wav
    """
    from aeolia.api.reshaping import decode as decode_file
    from aeolia.audio.files import AudioInfo, AudioWriter

    audio, rate = decode_file(source, seed=seed, model=model)
    samples = audio[:, None] if audio.ndim == 1 else audio
    info = AudioInfo(source, rate, samples.shape[1], len(samples), "WAV", "PCM_24")
    with AudioWriter(output, info, overwrite=overwrite) as writer:
        writer.write(samples)
    if not quiet:
        line = f"{source} -> {output}: {len(samples) / rate:.1f} s"
        if writer.n_clipped:
            line += f"; {writer.n_clipped} samples clipped"
        print(line, file=sys.stderr if output == "-" else sys.stdout)
