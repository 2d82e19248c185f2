"""`aeolia live`: microphone to speaker through a model, denoised or separated."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aeolia.cli.options import AttenuationLimit, ModelOfTask, Speaker

if TYPE_CHECKING:
    from aeolia.api.live import LiveBlocks, Meter
    from aeolia.api.operations.operation import Filter

__all__ = ["live"]


def live(
    model: ModelOfTask = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            "-s",
            metavar="SOURCE",
            show_default=False,
            help="Play this source only, such as speech, or a sum: speech+music.",
        ),
    ] = None,
    speaker: Speaker = None,
    input_device: Annotated[
        str | None,
        typer.Option(
            "--input", "-i", metavar="NAME|NUMBER", help="Microphone.", show_default="the system's"
        ),
    ] = None,
    output_device: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="NAME|NUMBER", help="Speaker.", show_default="the system's"
        ),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option(
            "--sample-rate", metavar="HZ", help="Of both devices.", show_default="the model's"
        ),
    ] = None,
    attenuation_limit: AttenuationLimit = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", metavar="S", help="Stop after this time.", show_default="until Ctrl-C"
        ),
    ] = None,
    list_devices: Annotated[
        bool, typer.Option("--list-devices", help="Show the sound devices, and stop.")
    ] = False,
) -> None:
    """Denoise or separate live, from microphone to speaker, until Ctrl-C.

    Shows the load (share of the time that processing takes) and how many blocks were dropped.
    Use headphones: a speaker beside the microphone whistles.

    \b
    Examples:
      aeolia live
      aeolia live --list-devices
      aeolia live --input 3 --output 5 --attenuation-limit 20
      aeolia live --speaker alice.voice
    """
    from aeolia.api.live import play_live, sound_devices

    if list_devices:
        typer.echo(sound_devices() or "no sound device was found")
        return
    operation = _operation(model, source, speaker, attenuation_limit)
    stream = operation.stream(sample_rate, 1, resample_quality="LQ")
    devices = _device(input_device), _device(output_device)
    blocks = play_live(stream, devices=devices, seconds=seconds, begin=_begin, watch=_watch)
    print(f"\r{meter_line(blocks.meter)}", file=sys.stderr)


def _operation(
    model: str | None, source: str | None, speaker: str | None, attenuation_limit: float | None
) -> Filter[Any]:
    from aeolia import Denoise, Separate
    from aeolia.cli.separate import voice_of
    from aeolia.errors import InputError

    if source is None and speaker is None:
        return Denoise(model, attenuation_limit)
    if source is not None and speaker is not None:
        raise InputError("--source and --speaker were both given; give one of the two")
    if attenuation_limit is not None:
        raise InputError("--attenuation-limit is for denoising; leave it out when separating")
    operation = Separate((source,) if source is not None else (), speaker, model=model)
    voice_of(operation, warn=True)
    return operation


def _device(name: str | None) -> str | int | None:
    return int(name) if name is not None and name.isdigit() else name


def _begin(blocks: LiveBlocks) -> None:
    rate = blocks.stream.sample_rate
    print(
        f"live at {rate} Hz, {1000 * blocks.latency / rate:.0f} ms of delay beside the sound "
        f"card's; Ctrl-C stops",
        file=sys.stderr,
    )


def _watch(blocks: LiveBlocks) -> None:
    print(f"\r{meter_line(blocks.meter)}", end="", file=sys.stderr, flush=True)


def meter_line(meter: Meter) -> str:
    """Load as a bar and a figure, and dropped blocks."""
    mean, peak = meter.read()
    bar = ("#" * round(20 * min(mean, 1.0))).ljust(20, ".")
    return (
        f"load [{bar}] {100 * mean:3.0f} %, peak {100 * peak:3.0f} %, "
        f"{meter.n_dropped} of {meter.n_blocks} blocks dropped "
    )
