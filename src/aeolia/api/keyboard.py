"""A MIDI keyboard that plays an instrument: python-rtmidi in, sounddevice out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from aeolia.api.instruments import NOTES_MODEL, Synthesiser, open_synthesiser
from aeolia.api.live import Device, sound_package
from aeolia.errors import InputError, MissingExtraError
from aeolia.runtime.live import Meter
from aeolia.runtime.synth.encoding import Encoding
from aeolia.runtime.synth.general_midi import best_drum, best_instrument
from aeolia.runtime.synth.keyboard import Keyboard
from aeolia.runtime.synth.patch import Patch, choose_patch

__all__ = ["MidiPort", "PlayedKeys", "keyboard_of", "midi_ports", "open_port", "play_keyboard"]

#: How often `play_keyboard` calls `watch`.
_WATCH_SECONDS = 0.5


class MidiPort(Protocol):
    """Where messages come from: python-rtmidi's MidiIn, or anything that answers as it does."""

    def get_message(self) -> tuple[Sequence[int], float] | None:
        """The next message and the seconds since the last one; None where none waits."""
        ...


class PlayedKeys:
    """The keys of a port as blocks of sound, with what it costs.

    Args:
        keyboard: what they play.
        port: where they come from.
    """

    def __init__(self, keyboard: Keyboard, port: MidiPort) -> None:
        self.keyboard, self._port = keyboard, port
        self.meter = Meter()
        #: Of the sound device, in seconds, once it is open.
        self.device_seconds = 0.0

    @property
    def latency_seconds(self) -> float:
        """From a key to its sound, beside the device's: a message waits for a block at most."""
        return self.keyboard.block / self.keyboard.sample_rate

    def block(self, *, dropped: bool = False) -> np.ndarray:
        """What came, taken; and the next block, [T, 2]."""
        started = time.perf_counter()
        while message := self._port.get_message():
            self.keyboard.message(message[0])
        sound = self.keyboard.sound()
        self.meter.count(time.perf_counter() - started, self.latency_seconds, dropped)
        return sound


def keyboard_of(
    instrument: str | None = None,
    *,
    text: str | None = None,
    timbre: Encoding | str | Path | None = None,
    drawn: bool = False,
    seed: int = 0,
    dry: bool = False,
    model: Synthesiser = NOTES_MODEL,
) -> Keyboard:
    """A keyboard that plays an instrument, a random draw, words or a recording's timbre.

    Where none of them is named, programs chosen at the keyboard change the instrument, and a model
    of drums plays its kit on General MIDI's keys.

    Args:
        drawn: draw the timbre from the prior, by `seed`.
        dry: without a room.

    Raises:
        InputError, ModelError: with one line on what is wrong.
    """
    opened = open_synthesiser(model)
    loaded = Encoding.load(timbre) if isinstance(timbre, (str, Path)) else timbre
    draw = seed if drawn else None
    patch = choose_patch(opened, instrument, text=text, timbre=loaded, seed=draw)

    @lru_cache(maxsize=128)
    def program(number: int) -> Patch:
        return choose_patch(opened, best_instrument(opened, number), seed=draw)

    @lru_cache(maxsize=128)
    def drum(key: int) -> Patch:
        return choose_patch(opened, best_drum(opened, key), seed=draw)

    chosen = instrument is not None or text is not None or loaded is not None
    if chosen:
        return Keyboard(patch, room=not dry, seed=seed)
    if opened.unpitched:
        return Keyboard(patch, by_key=drum, room=not dry, seed=seed)
    return Keyboard(patch, program=program, room=not dry, seed=seed)


def play_keyboard(
    keyboard: Keyboard,
    port: MidiPort,
    *,
    device: Device = None,
    seconds: float | None = None,
    begin: Callable[[PlayedKeys], None] = lambda played: None,
    watch: Callable[[PlayedKeys], None] = lambda played: None,
) -> PlayedKeys:
    """Play what comes from a port through a speaker.

    Args:
        device: the speaker; None for the system's own.
        seconds: when to stop; None until Ctrl-C, which ends this function and no more.
        begin: called once the device is open.
        watch: called about twice a second.

    Raises:
        InputError: the device cannot be opened.
        MissingExtraError: the package sounddevice or the system's PortAudio is not installed.
    """
    sounddevice = sound_package("play")
    played = PlayedKeys(keyboard, port)

    def callback(out: Any, n_frames: int, when: Any, status: Any) -> None:
        out[:] = played.block(dropped=bool(status))

    try:
        stream = sounddevice.OutputStream(
            samplerate=keyboard.sample_rate,
            blocksize=keyboard.block,
            channels=2,
            dtype="float32",
            latency="low",
            device=device,
            callback=callback,
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"no sound device plays stereo at {keyboard.sample_rate} Hz ({reason}); choose one "
            f"from `aeolia live --list-devices` with --output"
        ) from error
    played.device_seconds = float(stream.latency)
    begin(played)
    started = time.monotonic()
    with stream:
        try:
            while seconds is None or time.monotonic() - started < seconds:
                time.sleep(_WATCH_SECONDS)
                watch(played)
        except KeyboardInterrupt:
            pass  # the way to stop
    return played


def midi_ports() -> tuple[str, ...]:
    """Names of the MIDI inputs that there are.

    Raises:
        MissingExtraError: the package python-rtmidi is not installed.
        InputError: the system has no MIDI.
    """
    return tuple(map(str, _midi_in().get_ports()))


def open_port(name: str | None = None, *, virtual: bool = False) -> MidiPort:
    """A MIDI input.

    Args:
        name: a part of its name, or its number; None for the first one.
        virtual: make a port of this name (or "Aeolia") that other programs connect to.

    Raises:
        InputError: there is none of that name, or none at all.
        MissingExtraError: the package python-rtmidi is not installed.
    """
    midi = _midi_in()
    if virtual:
        try:
            midi.open_virtual_port(name or "Aeolia")
        except Exception as error:  # of several unrelated classes
            raise InputError(f"no virtual MIDI port can be made here ({error})") from error
        return _ready(midi)
    ports = list(map(str, midi.get_ports()))
    if not ports:
        raise InputError("no MIDI keyboard was found; connect one, or add --virtual for a port")
    wanted = name or "0"
    fitting = [n for n, port in enumerate(ports) if wanted.lower() in port.lower()]
    index = int(wanted) if wanted.isdigit() else (fitting or [len(ports)])[0]
    if index >= len(ports):
        listed = ", ".join(f"{n} {port}" for n, port in enumerate(ports))
        raise InputError(f"no MIDI port is called {wanted!r}; there are: {listed}")
    try:
        midi.open_port(index)
    except Exception as error:  # of several unrelated classes
        raise InputError(f"{ports[index]}: the MIDI port cannot be opened ({error})") from error
    return _ready(midi)


def _ready(midi: Any) -> MidiPort:
    # Clocks and active sensing would fill the queue.
    midi.ignore_types(sysex=True, timing=True, active_sense=True)
    ready: MidiPort = midi
    return ready


def _midi_in() -> Any:
    try:
        import rtmidi
    except ImportError as error:
        raise MissingExtraError(
            "a MIDI keyboard needs the package python-rtmidi; install it with "
            "`pip install 'aeolia[play]'`"
        ) from error
    try:
        return rtmidi.MidiIn(name="Aeolia")
    except Exception as error:  # of several unrelated classes
        reason = " ".join(str(error).split())
        raise InputError(
            f"this system has no MIDI ({reason}); on Linux, load the module snd-seq"
        ) from error
