"""A MIDI keyboard: ports that are and are not there, and what comes through one."""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aeolia
from aeolia.api.keyboard import PlayedKeys, keyboard_of, midi_ports, open_port, play_keyboard
from aeolia.cli import run


class Port:
    """A port inside the process: messages that wait."""

    def __init__(self, *messages: Sequence[int]) -> None:
        self.waiting = list(messages)

    def get_message(self) -> tuple[Sequence[int], float] | None:
        return (self.waiting.pop(0), 0.0) if self.waiting else None


def fake_rtmidi(monkeypatch: pytest.MonkeyPatch, ports: list[str]) -> list[Any]:
    """python-rtmidi with these ports; what is opened goes into the list that comes back."""
    opened: list[Any] = []

    class MidiIn(Port):
        def __init__(self, name: str) -> None:
            super().__init__([0x90, 60, 100])

        def get_ports(self) -> list[str]:
            return ports

        def open_port(self, index: int) -> None:
            opened.append(index)

        def open_virtual_port(self, name: str) -> None:
            opened.append(name)

        def ignore_types(self, **_: bool) -> None:
            pass

    monkeypatch.setitem(sys.modules, "rtmidi", types.SimpleNamespace(MidiIn=MidiIn))
    return opened


def test_what_comes_through_a_port_sounds_with_the_next_block(synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    port = Port()
    played = PlayedKeys(keyboard_of("piano", model=model), port)
    assert played.latency_seconds == pytest.approx(0.01)
    assert not played.block().any()
    port.waiting += [[0x90, 60, 100], [0x90, 64, 100]]
    assert np.abs(played.block()).max() > 0.01
    assert not port.waiting and played.keyboard.sounding == 2
    played.block(dropped=True)
    assert (played.meter.n_blocks, played.meter.n_dropped >= 1) == (3, True)


def test_programs_choose_unless_an_instrument_is_named(synth_folder: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    free, fixed = keyboard_of(model=model), keyboard_of("piano", model=model)
    for keyboard in (free, fixed):
        keyboard.message([0xC0, 65])
    assert (free.patch.name, fixed.patch.name) == ("alto_sax", "piano")
    drums = keyboard_of(model=str(synth_folder / "drums.onnx"))
    drums.message([0x99, 38, 100])
    (voice,) = drums._sounding
    assert voice.voice.instrument.argmax() == 1  # the snare
    with pytest.raises(aeolia.InputError, match="did you mean 'piano'"):
        keyboard_of("pianno", model=model)


def test_ports_are_found_by_name_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = fake_rtmidi(monkeypatch, ["Through 14:0", "Keystation 61"])
    assert midi_ports() == ("Through 14:0", "Keystation 61")
    open_port()
    open_port("keysta")
    open_port("1")
    open_port("Mine", virtual=True)
    assert opened == [0, 1, 1, "Mine"]
    for name in ("Nord", "7"):
        with pytest.raises(aeolia.InputError, match="no MIDI port is called .* 1 Keystation 61"):
            open_port(name)
    fake_rtmidi(monkeypatch, [])
    with pytest.raises(aeolia.InputError, match="no MIDI keyboard was found; connect one"):
        open_port()


def test_a_real_port_when_the_system_has_midi() -> None:
    """What another program sends to our virtual port comes out of it."""
    rtmidi = pytest.importorskip("rtmidi", reason="pip install 'aeolia[play]'")
    try:
        port = open_port("Aeolia test", virtual=True)
        sender = rtmidi.MidiOut()
        names = sender.get_ports()
        sender.open_port(next(n for n, name in enumerate(names) if "Aeolia test" in name))
    except Exception as error:
        pytest.skip(f"no virtual MIDI ports here: {error}")
    sender.send_message([0x90, 60, 99])
    deadline = time.monotonic() + 5
    while (message := port.get_message()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert message is not None and list(message[0]) == [0x90, 60, 99]


def test_a_device_gets_the_blocks(synth_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[np.ndarray] = []

    class OutputStream:
        latency = 0.02

        def __init__(self, **settings: Any) -> None:
            assert (settings["channels"], settings["blocksize"]) == (2, 480)
            self._callback = settings["callback"]

        def __enter__(self) -> None:
            out = np.zeros((480, 2), np.float32)
            self._callback(out, 480, None, None)
            heard.append(out)

        def __exit__(self, *_: object) -> None:
            pass

    fake = types.SimpleNamespace(OutputStream=OutputStream, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    keyboard = keyboard_of("piano", model=str(synth_folder / "notes.onnx"))
    begun: list[float] = []
    played = play_keyboard(
        keyboard,
        Port([0x90, 60, 100]),
        seconds=0.0,
        begin=lambda one: begun.append(one.device_seconds),
    )
    assert begun == [0.02] and played.meter.n_blocks == 1
    assert np.abs(heard[0]).max() > 0.01

    def broken(**_: Any) -> None:
        raise OSError("Invalid device")

    monkeypatch.setattr(fake, "OutputStream", broken)
    with pytest.raises(aeolia.InputError, match="Invalid device.*aeolia live --list-devices"):
        play_keyboard(keyboard, Port())


def test_what_is_missing_is_said_in_a_line(
    synth_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(synth_folder / "notes.onnx")

    def fails(*arguments: str) -> str:
        assert run(["play", "-m", model, *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        return captured.err

    monkeypatch.setitem(sys.modules, "rtmidi", None)
    assert "pip install 'aeolia[play]'" in fails()
    assert "pip install 'aeolia[play]'" in fails("--list-ports")
    fake_rtmidi(monkeypatch, [])
    assert "no MIDI keyboard was found" in fails()
    assert run(["play", "--list-ports"]) == 0
    assert capsys.readouterr().out == "no MIDI keyboard was found\n"
    fake_rtmidi(monkeypatch, ["Keys"])
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install 'aeolia[play]'" in fails()
    assert "no instrument 'tuba'" in fails("-i", "tuba")
