"""`aeolia live`: microphone to speaker through a model, denoised or separated."""

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
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|FILE",
            help="See `aeolia models`.",
            show_default="denoise, separate or separate-speaker",
        ),
    ] = None,
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
    speaker: Annotated[
        str | None,
        typer.Option(
            "--speaker",
            metavar="FILE",
            show_default=False,
            help="Play this voice only: a clip of it, or a saved .voice.",
        ),
    ] = None,
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
    attenuation_limit: Annotated[
        float | None,
        typer.Option(
            "--attenuation-limit",
            "-a",
            metavar="DB",
            show_default=False,
            help="Lower noise by at most this many decibels.",
        ),
    ] = None,
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
    sounddevice = _sounddevice()
    if list_devices:
        typer.echo(str(sounddevice.query_devices()) or "no sound device was found")
        return
    from aeolia.runtime.live import LiveBlocks

    if source is None and speaker is None:
        from aeolia.api import Stream

        blocks = LiveBlocks(
            Stream(
                model or "denoise",
                sample_rate,
                1,
                attenuation_limit_db=attenuation_limit,
                resample_quality="LQ",
            )
        )
    else:
        blocks = _separated(model, sample_rate, source, speaker, attenuation_limit)
    devices = _device(input_device), _device(output_device)
    _play(sounddevice, blocks, devices, seconds)


def _separated(
    model: str | None,
    sample_rate: int | None,
    source: str | None,
    speaker: str | None,
    attenuation_limit: float | None,
) -> LiveBlocks:
    """One source of what the microphone hears."""
    from aeolia.api.separation import separation_stream
    from aeolia.cli.separate import voice_of
    from aeolia.errors import InputError
    from aeolia.runtime.live import LiveBlocks

    if source is not None and speaker is not None:
        raise InputError("--source and --speaker were both given; give one of the two")
    if attenuation_limit is not None:
        raise InputError("--attenuation-limit is for denoising; leave it out when separating")
    asked: dict[str, Any] = {"sources": [source]}
    if speaker is not None:
        asked = {"speaker": voice_of(speaker, model, warn=True)}
    passage = separation_stream(model, sample_rate, 1, **asked, resample_quality="LQ")
    return LiveBlocks(passage, passage.names[0])


def _sounddevice() -> Any:
    from aeolia.errors import MissingExtraError

    try:
        import sounddevice
    except ImportError as error:
        raise MissingExtraError(
            "live sound needs the package sounddevice; install it with `pip install 'aeolia[live]'`"
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
    hop_length = stream.config.hop_length

    def callback(heard: Any, played: Any, n_frames: int, when: Any, status: Any) -> None:
        played[:] = blocks.process(heard, dropped=bool(status))

    try:
        device = sounddevice.Stream(
            samplerate=stream.sample_rate,
            blocksize=hop_length * stream.sample_rate // stream.config.sample_rate,
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
