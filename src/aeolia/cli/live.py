"""`aeolia live`: microphone to speaker through a model."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from aeolia.runtime.live import LiveBlocks

__all__ = ["live"]


def live(
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "denoise",
    input_device: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="NAME|NUMBER", help="Microphone.",
                     show_default="the system's"),
    ] = None,
    output_device: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="NAME|NUMBER", help="Speaker.",
                     show_default="the system's"),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option("--sample-rate", metavar="HZ", help="Of both devices.",
                     show_default="the model's"),
    ] = None,
    attenuation_limit: Annotated[
        float | None,
        typer.Option("--attenuation-limit", "-a", metavar="DB", show_default=False,
                     help="Lower noise by at most this many decibels."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", metavar="S", help="Stop after this time.",
                     show_default="until Ctrl-C"),
    ] = None,
    list_devices: Annotated[
        bool, typer.Option("--list-devices", help="Show the sound devices, and stop.")
    ] = False,
) -> None:
    """Denoise live, from microphone to speaker, until Ctrl-C.

    Shows the load (share of the time that processing takes) and how many blocks were dropped.
    Use headphones: a speaker beside the microphone whistles.

    \b
    Examples:
      aeolia live
      aeolia live --list-devices
      aeolia live --input 3 --output 5 --attenuation-limit 20
    """
    sounddevice = _sounddevice()
    if list_devices:
        typer.echo(str(sounddevice.query_devices()) or "no sound device was found")
        return
    from aeolia.api import Stream
    from aeolia.runtime.live import LiveBlocks

    passage = Stream(
        model, sample_rate, 1, attenuation_limit_db=attenuation_limit, resample_quality="LQ"
    )
    blocks = LiveBlocks(passage)
    devices = _device(input_device), _device(output_device)
    _play(sounddevice, blocks, devices, seconds)


def _sounddevice() -> Any:
    from aeolia.errors import MissingExtraError

    try:
        import sounddevice
    except ImportError as error:
        raise MissingExtraError(
            "live sound needs the package sounddevice; install it with "
            "`pip install 'aeolia[live]'`"
        ) from error
    except OSError as error:  # the package is there, the system's PortAudio is not
        raise MissingExtraError(
            f"live sound needs the PortAudio library ({error}); install it, such as with "
            f"`apt-get install libportaudio2`"
        ) from error
    return sounddevice


def _device(name: str | None) -> str | int | None:
    return int(name) if name is not None and name.isdigit() else name


def _play(
    sounddevice: Any, blocks: LiveBlocks, devices: tuple[Any, Any], seconds: float | None
) -> None:
    """Run until Ctrl-C or the time is over, showing the meter on standard error."""
    from aeolia.errors import InputError

    stream = blocks.stream
    hop_length = stream.backend.config.hop_length

    def callback(heard: Any, played: Any, n_frames: int, when: Any, status: Any) -> None:
        played[:] = blocks.process(heard, dropped=bool(status))

    try:
        device = sounddevice.Stream(
            samplerate=stream.sample_rate,
            blocksize=hop_length * stream.sample_rate // stream.backend.config.sample_rate,
            channels=1,
            dtype="float32",
            device=devices,
            callback=callback,
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"the sound devices cannot be opened at {stream.sample_rate} Hz ({reason}); choose "
            f"others from `aeolia live --list-devices`, or another --sample-rate"
        ) from error
    print(
        f"live at {stream.sample_rate} Hz, {1000 * blocks.latency / stream.sample_rate:.0f} ms of "
        f"delay beside the sound card's; Ctrl-C stops",
        file=sys.stderr,
    )
    started = time.monotonic()
    with device:
        try:
            while seconds is None or time.monotonic() - started < seconds:
                time.sleep(0.5)
                print(f"\r{meter_line(blocks)}", end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pass  # the way to stop
    print(f"\r{meter_line(blocks)}", file=sys.stderr)


def meter_line(blocks: LiveBlocks) -> str:
    """Load as a bar and a figure, and dropped blocks."""
    mean, peak = blocks.meter.read()
    bar = ("#" * round(20 * min(mean, 1.0))).ljust(20, ".")
    return (
        f"load [{bar}] {100 * mean:3.0f} %, peak {100 * peak:3.0f} %, "
        f"{blocks.meter.n_dropped} of {blocks.meter.n_blocks} blocks dropped "
    )
