"""Loudness against EBU Tech 3341's signals, the printed coefficients, and a library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aeolia.audio.loudness import SILENCE_LUFS, k_weighting, loudest_moment, loudness
from aeolia.errors import InputError

RATE = 48000


def sine(level_dbfs: float, seconds: float, sample_rate: int = RATE) -> np.ndarray:
    """1 kHz, its peak at this level."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * 1000 * time)


def stereo(*parts: tuple[float, float], sample_rate: int = RATE) -> np.ndarray:
    """(level, seconds) one after another, the same in both channels."""
    one = np.concatenate([sine(level, seconds, sample_rate) for level, seconds in parts])
    return np.stack([one, one], axis=1)


# EBU Tech 3341 (2016), table 1, test cases 1 to 6: what a meter must show, within 0.1 LU.
CASES = {
    "1: a sine": (stereo((-23, 20)), -23.0),
    "2: a softer sine": (stereo((-33, 20)), -33.0),
    "3: relative gate": (stereo((-36, 10), (-23, 60), (-36, 10)), -23.0),
    "4: both gates": (stereo((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
    "5: blocks overlap": (stereo((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    "6: five channels": (
        np.stack([sine(level, 20) for level in (-28, -28, -24, -30, -30)], axis=1),
        -23.0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_ebu_signals(case: str) -> None:
    audio, expected = CASES[case]
    assert loudness(audio, RATE) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("sample_rate", [8000, 11025, 16000, 22050, 44100, 96000, 192000])
def test_the_same_at_every_rate(sample_rate: int) -> None:
    audio = stereo((-23, 3), sample_rate=sample_rate)
    assert loudness(audio, sample_rate) == pytest.approx(-23.0, abs=0.05)


def test_one_channel_at_full_scale_reads_minus_3_01() -> None:
    """BS.1770-4, annex 1: 997 Hz in one front channel."""
    time = np.arange(5 * RATE) / RATE
    assert loudness(np.sin(2 * np.pi * 997 * time), RATE) == pytest.approx(-3.01, abs=0.01)


def test_coefficients_are_those_printed_for_48_khz() -> None:
    """BS.1770-4, tables 1 and 2."""
    (shelf, shelf_poles), (high_pass, high_pass_poles) = k_weighting(48000)
    printed = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    assert shelf == pytest.approx(printed, abs=1e-9)
    assert shelf_poles == pytest.approx([1.0, -1.69065929318241, 0.73248077421585], abs=1e-9)
    assert high_pass == pytest.approx([1.0, -2.0, 1.0])
    assert high_pass_poles == pytest.approx([1.0, -1.99004745483398, 0.99007225036621], abs=1e-9)


def uneven_noise(sample_rate: int, seconds: int, seed: int) -> np.ndarray:
    """Stereo noise whose level jumps by up to 60 dB every half second."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(10 ** rng.uniform(-4, -1, 2 * seconds), math.ceil(sample_rate / 2))
    noise = rng.standard_normal((seconds * sample_rate, 2))
    return noise * levels[: len(noise), None]


def test_equals_filtering_sample_by_sample() -> None:
    """The definition written out with scipy's recursive filter, longer than one piece."""
    signal = pytest.importorskip("scipy.signal")
    audio = uneven_noise(RATE, 6, seed=1)
    weighted = audio
    for zeros, poles in k_weighting(RATE):
        weighted = signal.lfilter(zeros, poles, weighted, axis=0)
    starts = range(0, len(audio) - 19200 + 1, 4800)
    powers = np.array([np.mean(weighted[at : at + 19200] ** 2, axis=0).sum() for at in starts])
    levels = -0.691 + 10 * np.log10(powers)
    gate = -0.691 + 10 * np.log10(powers[levels > -70].mean()) - 10
    expected = -0.691 + 10 * np.log10(powers[(levels > -70) & (levels > gate)].mean())
    assert loudness(audio, RATE) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("sample_rate", [8000, 11025, 44100, 48000])
def test_agrees_with_pyloudnorm(sample_rate: int) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    audio = uneven_noise(sample_rate, 5, seed=2)
    meter = pyloudnorm.Meter(sample_rate, filter_class="DeMan")
    assert loudness(audio, sample_rate) == pytest.approx(meter.integrated_loudness(audio), abs=1e-3)


def test_gain_moves_loudness_by_as_much() -> None:
    audio = 0.1 * np.random.default_rng(3).standard_normal((RATE, 2))
    assert loudness(audio / 4, RATE) == pytest.approx(loudness(audio, RATE) - 12.041, abs=1e-3)


def test_silence_short_clips_and_nothing() -> None:
    assert loudness(np.zeros(RATE), RATE) == SILENCE_LUFS
    assert loudness(sine(-80, 1), RATE) == SILENCE_LUFS
    # 0.2 s of sound in one block of 0.4 s: half the power.
    short = loudness(sine(-20, 0.2), RATE)
    assert short == pytest.approx(loudness(sine(-20, 0.4), RATE) - 3.01, abs=0.1)
    with pytest.raises(InputError, match=r"shape \[0\]"):
        loudness(np.zeros(0), RATE)


def test_the_loudest_moment_is_not_lowered_by_what_is_around() -> None:
    one = stereo((-40, 2), (-23, 0.5), (-40, 2))
    assert loudest_moment(one, RATE) == pytest.approx(-23.0, abs=0.1)
    assert loudness(one, RATE) < -23.5
    assert loudest_moment(stereo((-80, 1)), RATE) == SILENCE_LUFS
    # A hit that dies away is as loud however long it is listened to.
    hit = sine(-6, 6.0) * np.exp(-8 * np.arange(6 * RATE) / RATE)
    assert loudest_moment(hit, RATE) == loudest_moment(hit[: RATE // 2], RATE)
