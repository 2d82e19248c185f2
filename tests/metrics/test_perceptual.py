"""PESQ, STOI and ESTOI are those of their packages, fed the right way round."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia import metrics
from aeolia.errors import InputError

pesq = pytest.importorskip("pesq")
pystoi = pytest.importorskip("pystoi")


def _speech(rate: int, seconds: float = 3.0) -> np.ndarray:
    """Buzz with moving formants and pauses: enough like speech for PESQ's level meter."""
    time = np.arange(int(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = np.zeros_like(time)
    for harmonic in range(1, 30):
        formant = 500 + 300 * np.sin(2 * np.pi * 2.3 * time)
        voice += np.cos(harmonic * phase) / (1 + ((harmonic * pitch - formant) / 300) ** 2)
    syllables = np.clip(np.sin(2 * np.pi * 1.7 * time), 0, None)
    return 0.1 * voice * syllables


def _noisy(speech: np.ndarray) -> np.ndarray:
    return speech + 0.03 * np.random.default_rng(0).standard_normal(speech.size)


def test_pesq_equals_the_package_at_16_khz() -> None:
    speech = _speech(16000)
    noisy = _noisy(speech)
    expected = pesq.pesq(16000, speech, noisy, "wb")
    assert metrics.pesq_wb(speech, noisy, 16000) == pytest.approx(expected)
    assert metrics.pesq_wb(speech, speech, 16000) == pytest.approx(4.64, abs=0.01)


def test_pesq_resamples_other_rates() -> None:
    signal = pytest.importorskip("scipy.signal")
    speech = _speech(48000)
    noisy = _noisy(speech)
    low = [signal.resample_poly(x, 1, 3) for x in (speech, noisy)]
    expected = pesq.pesq(16000, low[0], low[1], "wb")
    assert metrics.pesq_wb(speech, noisy, 48000) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rate", [10000, 16000, 48000])
def test_stoi_and_estoi_equal_the_package(rate: int) -> None:
    speech = _speech(rate)
    noisy = _noisy(speech)
    for metric, extended in ((metrics.stoi, False), (metrics.estoi, True)):
        expected = pystoi.stoi(speech, noisy, rate, extended=extended)
        assert metric(speech, noisy, rate) == pytest.approx(expected, abs=1e-6)
        assert metric(speech, speech, rate) == pytest.approx(1.0, abs=1e-6)


def test_scores_repeat_exactly_and_leave_the_random_state_alone() -> None:
    speech = _speech(16000)
    before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
    first = metrics.estoi(speech, _noisy(speech), 16000)
    assert metrics.estoi(speech, _noisy(speech), 16000) == first
    assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]


def test_a_silent_estimate_scores_low_not_nan() -> None:
    speech = _speech(16000)
    assert 0.9 < metrics.pesq_wb(speech, 0 * speech, 16000) < 2.0
    assert metrics.stoi(speech, 0 * speech, 16000) < 0.2
    # What a network that diverged gives: not zeros, but squares that vanish in 32-bit floats.
    assert 0.9 < metrics.pesq_wb(speech, 1e-30 * speech, 16000) < 2.0
    assert metrics.pesq_wb(speech, 1e-9 * speech, 16000) > 4.5


def test_too_little_speech_is_refused_not_scored() -> None:
    speech = np.zeros(16000)
    speech[:1600] = _speech(16000)[2000:3600]
    for metric in (metrics.stoi, metrics.estoi):
        with pytest.raises(InputError, match="once pauses are removed"):
            metric(speech, speech, 16000)
    with pytest.raises(InputError, match="needs at least 0.25 s"):
        metrics.pesq_wb(_speech(16000)[:3000], _speech(16000)[:3000], 16000)
