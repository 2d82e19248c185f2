"""A keyboard: keys, pedal, wheels, programs, more keys than voices, levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.keyboard import POLYPHONY, Keyboard
from aeolia.runtime.synth.patch import Patch, choose_patch

RATE, HOP = 48000, 480


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


@pytest.fixture
def keys(model: OnnxSynthesiser) -> Keyboard:
    return Keyboard(choose_patch(model, "piano"), room=False)


def level(keys: Keyboard, blocks: int = 5) -> float:
    """Root mean square in dB of the last of some blocks."""
    audio = [keys.sound() for _ in range(blocks)][-1]
    assert audio.shape == (HOP, 2) and audio.dtype == np.float32
    return float(10 * np.log10(np.square(audio).mean() + 1e-12))


def test_a_key_sounds_until_it_is_lifted(keys: Keyboard) -> None:
    assert level(keys) < -100
    keys.message([0x90, 69, 100])
    first = keys.sound()  # the very next block
    assert np.abs(first).max() > 0.01
    held = level(keys, 20)
    keys.message([0x80, 69, 0])
    assert level(keys, 60) < held - 60
    assert keys.sounding == 0
    keys.message([0x90, 69, 100])
    keys.message([0x90, 69, 0])  # the other way to lift it
    level(keys, 60)
    assert keys.sounding == 0


def test_the_pitch_is_the_keys_and_the_wheels(keys: Keyboard) -> None:
    def hz() -> float:
        audio = np.concatenate([keys.sound() for _ in range(50)])[:, 0]
        spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 17))
        band = spectrum[: round(700 / RATE * (1 << 17))]
        return float(np.argmax(band) * RATE / (1 << 17))

    keys.message([0x90, 69, 100])
    assert hz() == pytest.approx(440.0, abs=1.0)
    keys.message([0xE0, 0x7F, 0x7F])
    assert hz() == pytest.approx(440.0 * 2 ** (2 / 12), abs=1.0)
    keys.message([0xB0, 121, 0])
    assert hz() == pytest.approx(440.0, abs=1.0)


def test_the_pedal_holds_what_is_lifted(keys: Keyboard) -> None:
    keys.message([0xB0, 64, 127])
    keys.message([0x90, 60, 90])
    keys.message([0x80, 60, 0])
    assert level(keys, 60) > -50 and keys.sounding == 1
    # Struck again, the key takes the place of its own sound.
    keys.message([0x90, 60, 90])
    level(keys, 60)
    assert keys.sounding == 1
    keys.message([0xB0, 64, 127])
    keys.message([0x80, 60, 0])
    keys.message([0xB0, 64, 0])
    level(keys, 60)
    assert keys.sounding == 0


@pytest.mark.parametrize("controller", [120, 123])
def test_all_notes_off(keys: Keyboard, controller: int) -> None:
    for key in (50, 60, 70):
        keys.message([0x90, key, 90])
    keys.sound()
    keys.message([0xB0, controller, 0])
    level(keys, 60)
    assert keys.sounding == 0


def test_volume_and_expression(keys: Keyboard) -> None:
    keys.message([0x90, 60, 90])
    usual = level(keys, 20)
    keys.message([0xB0, 7, 50])
    assert level(keys) == pytest.approx(usual - 40 * np.log10(2), abs=0.6)
    keys.message([0xB0, 11, 0])
    assert level(keys) < -70
    keys.message([0xB0, 11, 127])
    keys.message([0xB0, 7, 100])
    assert level(keys) == pytest.approx(usual, abs=2.0)


def test_more_keys_than_voices(keys: Keyboard) -> None:
    for key in range(30, 30 + POLYPHONY + 8):
        keys.message([0x90, key, 60])
    keys.sound()
    level(keys, 10)
    assert keys.sounding == POLYPHONY
    # The first were taken: lifting them changes nothing, lifting the last does.
    for key in range(30, 38):
        keys.message([0x80, key, 0])
    level(keys, 60)
    assert keys.sounding == POLYPHONY
    keys.message([0x80, 30 + POLYPHONY + 7, 0])
    level(keys, 60)
    assert keys.sounding == POLYPHONY - 1


def test_nothing_clips(keys: Keyboard) -> None:
    for key in range(40, 40 + POLYPHONY):
        keys.message([0x90, key, 127])
    audio = np.concatenate([keys.sound() for _ in range(40)])
    assert np.abs(audio).max() <= 1.0
    assert np.mean(np.abs(audio) > 0.99) < 1e-3


def test_programs_change_what_is_struck_next(model: OnnxSynthesiser) -> None:
    chosen: list[int] = []

    def program(number: int) -> Patch:
        chosen.append(number)
        return choose_patch(model, "alto_sax")

    keys = Keyboard(choose_patch(model, "piano"), program=program, room=False)
    keys.message([0x90, 60, 90])
    keys.message([0xC0, 65])
    keys.message([0x90, 64, 90])
    names = [voice.voice.instrument.argmax() for voice in keys._sounding]
    assert chosen == [65] and names == [0, 2]
    assert keys.patch.name == "alto_sax"


def test_a_drum_on_each_key(synth_folder: Path) -> None:
    drums = OnnxSynthesiser(synth_folder / "drums.onnx")
    kick, snare = (choose_patch(drums, name) for name in ("kick", "snare"))
    keys = Keyboard(kick, by_key=lambda key: snare if key == 38 else kick, room=False)
    keys.message([0x99, 36, 100])
    keys.message([0x99, 38, 100])
    keys.message([0x89, 36, 0])
    assert [voice.voice.instrument.argmax() for voice in keys._sounding] == [0, 1]
    assert level(keys, 30) > -60  # a hit rings on


def test_what_means_nothing_is_let_pass(keys: Keyboard) -> None:
    for data in ([], [0xF8], [0xFE], [0xF0, 1, 2, 0xF7], [0xD0, 5], [0xC0, 5], [60, 90], [0x80, 5]):
        keys.message(data)
    assert keys.sounding == 0


def test_a_room_rings_on(model: OnnxSynthesiser) -> None:
    keys = Keyboard(choose_patch(model, "piano"))
    keys.message([0xB0, 91, 127])
    keys.message([0x90, 60, 127])
    level(keys, 10)
    keys.message([0xB0, 120, 0])
    assert -90 < level(keys, 20)
    assert keys.sounding == 0
