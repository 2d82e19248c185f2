"""From microphone to speaker through a stream, with the package sounddevice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aeolia.errors import InputError, MissingExtraError
from aeolia.runtime.live import LiveBlocks, Meter
from aeolia.runtime.passage import Passage

__all__ = ["Device", "LiveBlocks", "Meter", "play_live", "sound_devices", "sound_package"]

#: A sound device: a part of its name, or its number; None for the system's own.
Device = str | int | None

#: How often `play_live` calls `watch`.
_WATCH_SECONDS = 0.5


def sound_devices() -> str:
    """A table of the sound devices with their numbers, for people; empty if there are none.

    Raises:
        MissingExtraError: the package sounddevice or the system's PortAudio is not installed.
    """
    return str(sound_package().query_devices())


def play_live(
    stream: Passage[Any],
    *,
    devices: tuple[Device, Device] = (None, None),
    seconds: float | None = None,
    begin: Callable[[LiveBlocks], None] = lambda blocks: None,
    watch: Callable[[LiveBlocks], None] = lambda blocks: None,
) -> LiveBlocks:
    """Send what a microphone records through a stream of one channel to a speaker.

    Args:
        stream: of a stream that separates, the first output is played.
        devices: microphone and speaker.
        seconds: when to stop; None until Ctrl-C, which ends this function and no more.
        begin: called once the devices are open, before the first block.
        watch: called about twice a second; `LiveBlocks.meter` has load and dropped blocks.

    Returns:
        The blocks with the meter, as `watch` gets them.

    Raises:
        InputError: the devices cannot be opened.
        MissingExtraError: the package sounddevice or the system's PortAudio is not installed.
    """
    sounddevice = sound_package()
    blocks = LiveBlocks(stream, next(iter(getattr(stream, "names", ())), ""))
    rate, config = stream.sample_rate, stream.config

    def callback(recorded: Any, played: Any, n_frames: int, when: Any, status: Any) -> None:
        played[:] = blocks.process(recorded, dropped=bool(status))

    try:
        device = sounddevice.Stream(
            samplerate=rate,
            blocksize=config.hop_length * rate // config.sample_rate,
            channels=1,
            dtype="float32",
            device=devices,
            callback=callback,
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"the sound devices cannot be opened at {rate} Hz ({reason}); choose others from "
            f"`aeolia live --list-devices`, or another --sample-rate"
        ) from error
    begin(blocks)
    started = time.monotonic()
    with device:
        try:
            while seconds is None or time.monotonic() - started < seconds:
                time.sleep(_WATCH_SECONDS)
                watch(blocks)
        except KeyboardInterrupt:
            pass  # the way to stop
    return blocks


def sound_package(extra: str = "live") -> Any:
    """The package sounddevice, which the extra of this name brings.

    Raises:
        MissingExtraError: it, or the system's PortAudio, is not installed.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MissingExtraError(
            f"live sound needs the package sounddevice; install it with "
            f"`pip install 'aeolia[{extra}]'`"
        ) from error
    except OSError as error:  # the package is there, the system's PortAudio is not
        raise MissingExtraError(
            f"live sound needs the PortAudio library ({error}); install it, such as with "
            f"`apt-get install libportaudio2`"
        ) from error
    return sounddevice
