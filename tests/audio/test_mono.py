"""One signal of several channels: the plain mean where they agree, and nothing cancels."""

from __future__ import annotations

import numpy as np
import pytest

from aeolia.audio.mono import MonoMixer, mono
from made.recordings import noise_like, voice_like

RATE, HOP = 16000, 160


def pair(right: float, noise_db: float = -20.0) -> tuple[np.ndarray, np.ndarray]:
    """A voice [T] and a stereo recording [T, 2] of it, each channel with noise of its own."""
    voice = voice_like(3.0, RATE)
    level = np.sqrt(np.mean(voice**2)) * 10 ** (noise_db / 20)
    noises = np.stack([noise_like(3.0, RATE, seed=seed) for seed in (1, 2)], axis=1) * 10.0
    return voice, np.stack([voice, right * voice], axis=1) + level * noises


def streamed(audio: np.ndarray, hops: int) -> np.ndarray:
    mixer = MonoMixer(audio.shape[1], HOP, RATE)
    state, parts = mixer.initial_state(), []
    for start in range(0, len(audio) // HOP * HOP, hops * HOP):
        stop = min(start + hops * HOP, len(audio) // HOP * HOP)
        part, state = mixer.step(np.ascontiguousarray(audio[start:stop].T), state)
        parts.append(part)
    return np.concatenate(parts)


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    target = np.dot(reference, estimate) / np.dot(reference, reference) * reference
    return float(10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2)))


@pytest.mark.parametrize("right", [1.0, 0.3, 0.0])
def test_channels_that_agree_are_their_mean_bit_for_bit(right: float) -> None:
    _, audio = pair(right)
    audio = audio.astype(np.float32)
    np.testing.assert_array_equal(mono(audio), audio.mean(axis=1))
    np.testing.assert_array_equal(streamed(audio, 7), audio.mean(axis=1))


def test_one_channel_is_itself() -> None:
    voice = voice_like(1.0, RATE)
    for audio in (voice, voice[:, None]):
        found = mono(audio)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, voice)
    np.testing.assert_array_equal(streamed(voice[:, None], 3), voice)


@pytest.mark.parametrize("right", [-1.0, -0.5, -3.0])
@pytest.mark.parametrize("noise_db", [-20.0, 0.0])
def test_opposite_phase_is_as_good_as_in_phase(right: float, noise_db: float) -> None:
    voice, inverted = pair(right, noise_db)
    _, expected = pair(-right, noise_db)
    assert si_sdr(voice, mono(inverted)) > si_sdr(voice, mono(expected)) - 0.2
    late = slice(RATE // 2, None)
    assert (
        si_sdr(voice[late], streamed(inverted, 5)[late])
        > si_sdr(voice[late], streamed(expected, 5)[late]) - 0.2
    )


def test_the_first_hop_is_as_good() -> None:
    _, audio = pair(-1.0, -40.0)
    first = streamed(audio[:HOP], 1)
    np.testing.assert_allclose(first, 0.5 * (audio[:HOP, 0] - audio[:HOP, 1]))


@pytest.mark.parametrize("hops", [1, 2, 100])
def test_any_cut_is_the_same(hops: int) -> None:
    _, audio = pair(-1.0, 0.0)
    audio = np.concatenate([audio, audio * [1.0, -1.0], 0.0 * audio, audio])
    np.testing.assert_array_equal(streamed(audio, hops), streamed(audio, 7))


def test_a_cable_that_is_changed_makes_no_click() -> None:
    time = np.arange(4 * RATE) / RATE
    tone = np.sin(2 * np.pi * 100.0 * time)
    turned = np.where(time < 2.0, 1.0, -1.0)
    found = streamed(np.stack([tone, turned * tone], axis=1), 7)
    # Until it is noticed the channels cancel; then they are turned over one hop.
    assert np.abs(np.diff(found[2 * RATE + HOP :])).max() < 0.1
    assert np.abs(found[-RATE:]).max() > 0.99


def test_several_channels_of_which_some_are_inverted() -> None:
    voice = voice_like(1.0, RATE)
    audio = np.stack([0.0 * voice, voice, -voice, 0.5 * voice, -voice], axis=1)
    assert np.abs(mono(audio)).max() > 0.6 * np.abs(voice).max()


def test_silence_and_nothing() -> None:
    assert not mono(np.zeros((100, 2), np.float32)).any()
    assert mono(np.zeros((0, 2), np.float32)).shape == (0,)
    assert np.isfinite(mono(np.full((100, 3), 1e30))).all()
