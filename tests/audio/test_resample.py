"""Resampling: alignment, length, and streams equal to the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.audio.resample import StreamResampler, resample, resampling_lag


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 16000), (8000, 48000), (22050, 16000)])
def test_a_tone_stays_in_place(rates: tuple[int, int]) -> None:
    from_rate, to_rate = rates

    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 1000 * np.arange(rate) / rate) * np.hanning(rate)

    output = resample(tone(from_rate), from_rate, to_rate)
    assert output.shape == (to_rate,)
    np.testing.assert_allclose(output, tone(to_rate), atol=1e-3)


def test_same_rate_returns_the_same_array() -> None:
    audio = np.ones((5, 2))
    assert resample(audio, 16000, 16000) is audio
    assert resample(audio[:0], 16000, 48000).shape == (0, 2)


@settings(max_examples=20, deadline=None)
@given(
    rates=st.permutations([8000, 16000, 44100, 48000]),
    sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=5),
    length=st.integers(1, 12000),
)
def test_stream_equals_whole_within_its_lag(
    rates: list[int], sizes: list[int], length: int
) -> None:
    from_rate, to_rate = rates[:2]
    audio = np.random.default_rng(0).standard_normal((length, 2)).astype(np.float32)
    resampler = StreamResampler(from_rate, to_rate, 2)
    lag = resampling_lag(from_rate, to_rate)
    pieces, pushed, turn = [], 0, 0
    while pushed < length:
        block = audio[pushed : pushed + sizes[turn % len(sizes)]]
        pieces.append(resampler.push(block))
        pushed, turn = pushed + len(block), turn + 1
        returned = sum(len(piece) for piece in pieces)
        assert pushed / from_rate - returned / to_rate <= lag
    pieces.append(resampler.flush())
    whole = resample(audio, from_rate, to_rate)
    np.testing.assert_allclose(np.concatenate(pieces)[: len(whole)], whole, atol=1e-6)


def test_no_lag_without_resampling() -> None:
    assert resampling_lag(48000, 48000) == 0.0
