"""One pitch at a time, or several: chords, tunes, vibrato, breath, rooms."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.pitch.polyphony import POLYPHONIC_SHARE, polyphonic_share
from aeolia.audio.pitch.tracker import PitchTrack, track_pitch

RATE = 16000


def tone(midi: float, seconds: float, vibrato: float = 0.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    number = midi + vibrato * np.sin(2 * np.pi * 5.5 * time)
    cycles = np.cumsum(440 * 2 ** ((number - 69) / 12)) / RATE
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.02)
    return 0.1 * fade * sum(np.sin(2 * np.pi * k * cycles) / k for k in range(1, 9))


def share(audio: np.ndarray) -> float:
    pytest.importorskip("swift_f0")
    return polyphonic_share(audio, RATE, track_pitch(audio, RATE))


@pytest.mark.parametrize("chord", [(60, 64, 67), (57, 60, 64), (48, 54), (72, 76)])
def test_chords(chord: tuple[int, ...]) -> None:
    assert share(sum(tone(midi, 2.0) for midi in chord)) > POLYPHONIC_SHARE


@pytest.mark.parametrize("midi", [38, 45, 57, 69, 81, 91])
def test_single_notes(midi: int) -> None:
    assert share(tone(midi, 1.5)) < 0.1


def test_a_tune_with_vibrato_breath_and_a_room() -> None:
    tune = np.concatenate([tone(m, 0.4, vibrato=0.4) for m in (60, 62, 64, 67, 65, 60, 72, 59)])
    rng = np.random.default_rng(0)
    breath = 0.01 * rng.standard_normal(len(tune))
    room = rng.standard_normal(RATE // 4) * 10 ** (-3 * np.arange(RATE // 4) / (RATE // 4)) * 0.02
    room[0] = 1.0
    reverberant = np.convolve(tune, room)[: len(tune)]
    assert share(tune + breath) < 0.25
    assert share(reverberant) < POLYPHONIC_SHARE


def test_noise_and_silence() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    none = PitchTrack(np.zeros(125), np.zeros(125))
    assert polyphonic_share(noise, RATE, none) < 0.1
    assert polyphonic_share(np.zeros(2 * RATE), RATE, none) == 0.0
    assert polyphonic_share(np.zeros(0), RATE, none) == 0.0
