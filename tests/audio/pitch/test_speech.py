"""Speech is told from instruments: on the examples, and on what our own models play."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.audio.pitch.speech import is_speech
from aeolia.runtime.synth.score import Curve, Note, Score
from made.recordings import noise_like, voice_like

pytest.importorskip("swift_f0")
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("name", ["fan.clean", "cafe.clean", "street.clean"])
def test_speech(name: str) -> None:
    audio, rate = soundfile.read(EXAMPLES / f"{name}.wav", dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    for level in (1.0, 0.01):
        assert is_speech(level * mono, rate)
    assert not is_speech(mono[: rate // 4], rate)  # too little to say


@pytest.mark.parametrize("vibrato_cents", [0.0, 30.0, 60.0])
@pytest.mark.parametrize("instrument", ["flute", "cello", "oboe", "square_lead", "piano"])
def test_instruments(instrument: str, vibrato_cents: float) -> None:
    """Leaps, short and long notes, a vibrato and slides of a semitone that never stop."""
    seconds = np.arange(0.0, 4.0, 0.01)
    slide = np.sin(2 * np.pi * 0.7 * seconds) * (vibrato_cents > 0.0)
    bend = 0.01 * vibrato_cents * np.sin(2 * np.pi * 5.5 * seconds) + slide
    onsets = np.array([0.0, 0.2, 0.6, 0.8, 1.4, 1.6, 1.8, 2.3, 2.9, 3.1, 3.6])
    pitches = [67, 72, 65, 70, 62, 64, 74, 69, 60, 67, 63]
    notes = tuple(
        Note(float(begin), float(end) - 0.02, pitch, 90)
        for begin, end, pitch in zip(onsets, onsets[1:], pitches, strict=False)
    )
    audio, rate = aeolia.play_score(
        Score(notes, {1: Curve(seconds, bend)}), players={1: instrument}, space="mono"
    )
    assert np.abs(audio).max() > 0.01
    assert not is_speech(audio, rate)


def test_what_is_neither() -> None:
    assert not is_speech(np.zeros(16000, np.float32), 16000)
    assert not is_speech(np.zeros(0, np.float32), 16000)
    assert not is_speech(noise_like(2.0, 16000), 16000)
    # A hum that swells and fades is no talker: its pitch rests.
    assert not is_speech(voice_like(3.0, 16000), 16000)
