"""Anchors against BS.1534-3's mask, and levels after matching."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.loudness import loudness
from aeolia.evaluation.listening.sounds import (
    HEADROOM_DB,
    TARGET_LUFS,
    can_anchor,
    low_pass,
    match_loudness,
)


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
@pytest.mark.parametrize("cutoff_hz", [3500, 7000])
def test_low_pass_keeps_to_the_mask(sample_rate: int, cutoff_hz: int) -> None:
    """Ripple within 0.1 dB to 3.5 kHz, 25 dB at 4 kHz, 50 dB at 4.5 kHz; the same times two."""
    impulse = np.zeros(8192)
    impulse[4096] = 1
    response = np.abs(np.fft.rfft(low_pass(impulse, sample_rate, cutoff_hz)))
    levels = 20 * np.log10(response + 1e-12)
    frequencies = np.fft.rfftfreq(8192, 1 / sample_rate) / cutoff_hz
    assert np.abs(levels[frequencies <= 1]).max() < 0.1
    assert levels[frequencies >= 4 / 3.5].max(initial=-99) < -25
    assert levels[frequencies >= 4.5 / 3.5].max(initial=-99) < -50


def test_low_pass_is_aligned_and_keeps_shape_and_type() -> None:
    time = np.arange(4800) / 48000
    low = np.sin(2 * np.pi * 800 * time)
    audio = np.stack([low, low + np.sin(2 * np.pi * 12000 * time)], axis=1).astype(np.float32)
    filtered = low_pass(audio, 48000, 3500)
    assert filtered.shape == audio.shape and filtered.dtype == np.float32
    inside = slice(500, -500)
    assert np.abs(filtered[inside] - low[inside, None]).max() < 0.01


def test_what_can_be_anchored() -> None:
    assert can_anchor(3500, 8000) and not can_anchor(7000, 8000)
    assert can_anchor(7000, 16000) and not can_anchor(7000, 15000)


def noise(level: float, seed: int = 0) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal((32000, 1))).astype(np.float32)


def test_every_version_gets_the_target_loudness() -> None:
    sounds = [noise(0.1), noise(0.01, 1), noise(0.03, 2)]
    matched, distance = match_loudness(sounds, 16000)
    assert [loudness(sound, 16000) for sound in matched] == pytest.approx([TARGET_LUFS] * 3, 1e-4)
    assert distance == pytest.approx(20, abs=0.2)
    assert all(sound.dtype == np.float32 for sound in matched)


def test_peaks_keep_off_full_scale_and_levels_stay_equal() -> None:
    click = noise(0.001)
    click[16000] = 0.9
    matched, _ = match_loudness([noise(0.1, 1), click], 16000)
    assert np.abs(matched[1]).max() == pytest.approx(10 ** (-HEADROOM_DB / 20), rel=1e-4)
    assert loudness(matched[0], 16000) == pytest.approx(loudness(matched[1], 16000), abs=1e-3)


def test_silence_stays_silent() -> None:
    silence = np.zeros((32000, 1), np.float32)
    matched, distance = match_loudness([noise(0.1), silence], 16000)
    assert not matched[1].any() and distance == 0
    assert loudness(matched[0], 16000) == pytest.approx(TARGET_LUFS, abs=1e-3)
    assert not match_loudness([silence], 16000)[0][0].any()
