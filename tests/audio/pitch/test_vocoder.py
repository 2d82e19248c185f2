"""A voice at another pitch: made vowels, whose pitch and resonances are known."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.pitch import vocoder
from aeolia.audio.pitch.vocoder import shifted_voice
from aeolia.errors import InputError

pytest.importorskip("pyworld")
RATE = 16000


def vowel(hz: float, seconds: float = 1.0) -> np.ndarray:
    """Pulses through resonances at 700 and 1900 Hz."""
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(7000 / hz)) * hz
    gains = sum(1 / (1 + ((harmonics - centre) / 120) ** 2) for centre in (700, 1900))
    return 0.1 * np.sum(gains[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time), axis=0)


def spectrum(audio: np.ndarray) -> np.ndarray:
    middle = audio[RATE // 4 : RATE // 4 + RATE // 2]
    return np.abs(np.fft.rfft(middle * np.hanning(len(middle))))  # bins of 2 Hz


def pitch_hz(audio: np.ndarray) -> float:
    """By the peak of the autocorrelation between 80 and 400 Hz."""
    power = spectrum(audio) ** 2
    lags = np.fft.irfft(power)
    first = RATE // 400
    return RATE / (first + int(np.argmax(lags[first : RATE // 80])))


def resonance_hz(audio: np.ndarray, hz: float) -> float:
    """Mean frequency of what lies from 400 to 1300 Hz, smoothed over the harmonics."""
    bins = np.arange(len(spectrum(audio))) * 2.0
    part = (bins > 400) & (bins < 1300)
    power = spectrum(audio)[part] ** 2
    return float(np.sum(bins[part] * power) / np.sum(power))


@pytest.mark.parametrize("semitones", [-4, 0, 4])
def test_the_pitch_moves_and_resonances_stay(semitones: int) -> None:
    shifted = shifted_voice(vowel(140.0), RATE, semitones)
    assert shifted.shape == (RATE,) and shifted.dtype == np.float32
    assert pitch_hz(shifted) == pytest.approx(140.0 * 2 ** (semitones / 12), rel=0.02)
    assert resonance_hz(shifted, 140.0) == pytest.approx(700.0, abs=60.0)


def test_resonances_move_along() -> None:
    shifted = shifted_voice(vowel(140.0), RATE, 4, move_formants=True)
    assert resonance_hz(shifted, 176.0) == pytest.approx(700.0 * 2 ** (4 / 12), abs=70.0)


def test_a_soprano_is_shifted_and_does_not_turn_to_noise() -> None:
    power = spectrum(shifted_voice(vowel(1000.0), RATE, 4)) ** 2
    target = 1000.0 * 2 ** (4 / 12)
    harmonic = (np.arange(len(power)) * 2.0 + 0.02 * target) % target < 0.04 * target
    assert power[harmonic].sum() > 0.9 * power.sum()


def test_what_wavers_fast_is_not_smoothed() -> None:
    time = np.arange(2 * RATE) / RATE
    pitch = 220.0 * 2 ** (np.sin(2 * np.pi * 20.0 * time) / 12)  # a semitone either way
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sung = sum(np.sin(n * phase) / n for n in range(1, 20))
    wanted = pitch * 2 ** (4 / 12)
    # The fundamental alone, and how fast its phase turns.
    shifted = np.fft.fft(shifted_voice(0.1 * sung, RATE, 4))
    hz = np.fft.fftfreq(len(time), 1 / RATE)
    shifted[(hz < 200) | (hz > 400)] = 0.0
    found = np.diff(np.unwrap(np.angle(np.fft.ifft(shifted)))) * RATE / (2 * np.pi)
    inside = slice(RATE // 2, -RATE // 2)
    cents = 1200 * np.log2(found[inside] / wanted[1:][inside])
    assert np.sqrt(np.mean(cents**2)) < 8.0


def test_silence_and_length(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shifted_voice(np.zeros(4000), RATE, 3).any()
    monkeypatch.setattr(vocoder, "MOST_VOICE_SECONDS", 0.5)
    with pytest.raises(InputError, match="at most"):
        shifted_voice(vowel(140.0), RATE, 3)
