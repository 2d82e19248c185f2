"""DenoisingStream: exact length, alignment, any partition, declared latency, attenuation limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.errors import InputError
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000]


@pytest.fixture(scope="module")
def backend(gain_model: Path) -> OnnxBackend:
    return OnnxBackend(gain_model)


def noise(length: int, channels: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (0.2 * generator.standard_normal((length, channels))).astype(np.float32)


def band_limited(length: int, channels: int, sample_rate: int) -> np.ndarray:
    """Tones below 3 kHz, fading in and out, so that resampling can return them exactly."""
    t = np.arange(length)[:, None] / sample_rate
    tones = np.sin(2 * np.pi * (440 * (1 + np.arange(channels))) * t)
    return (0.3 * np.hanning(length)[:, None] * tones).astype(np.float32)


def in_pieces(stream: DenoisingStream, audio: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Push `audio` in blocks of the given sizes (cycled), checking the latency on the way."""
    latency, pieces, pushed, returned, turn = stream.latency, [stream.push(audio[:0])], 0, 0, 0
    while pushed < len(audio):
        block = audio[pushed : pushed + sizes[turn % len(sizes)]]
        pieces.append(stream.push(block))
        pushed, returned, turn = pushed + len(block), returned + len(pieces[-1]), turn + 1
        assert pushed - latency <= returned <= pushed
    pieces.append(stream.flush())
    return np.concatenate(pieces)


@settings(max_examples=40, deadline=None)
@given(
    length=st.one_of(st.integers(0, 40), st.integers(0, 6000)),
    channels=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
)
def test_any_partition_equals_the_known_answer(
    backend: OnnxBackend, length: int, channels: int, sizes: list[int]
) -> None:
    audio = noise(length, channels)
    output = in_pieces(DenoisingStream(backend, channels=channels), audio, sizes)
    np.testing.assert_allclose(output, 0.5 * audio, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 12345, 22050, 44100, 48000, 96000, 192000]),
    length=st.one_of(st.integers(0, 40), st.integers(0, 9000)),
    channels=st.integers(1, 3),
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
)
def test_any_partition_at_other_rates(
    backend: OnnxBackend, rate: int, length: int, channels: int, sizes: list[int]
) -> None:
    audio = noise(length, channels)
    stream = DenoisingStream(backend, rate, channels)
    whole = stream.process(audio)
    assert whole.shape == audio.shape
    np.testing.assert_allclose(in_pieces(stream, audio, sizes), whole, atol=1e-5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("quality", ["HQ", "LQ"])
def test_aligned_at_every_rate(backend: OnnxBackend, rate: int, quality: str) -> None:
    audio = band_limited(rate, 2, rate)
    output = DenoisingStream(backend, rate, 2, resample_quality=quality).process(audio)
    np.testing.assert_allclose(output, 0.5 * audio, atol=2e-3)


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("limit", [0.0, 6.0, 20.0])
def test_attenuation_limit(backend: OnnxBackend, rate: int, limit: float) -> None:
    audio = band_limited(rate // 2, 2, rate)
    share = 10 ** (-limit / 20)
    stream = DenoisingStream(backend, rate, 2, attenuation_limit_db=limit)
    output = in_pieces(stream, audio, [1000, 37])
    expected = share * audio + (1 - share) * 0.5 * audio
    np.testing.assert_allclose(output, expected, atol=1e-3 if rate != 16000 else 1e-6)


def test_full_attenuation_limit_returns_the_input(backend: OnnxBackend) -> None:
    audio = noise(5000, 1)
    output = DenoisingStream(backend, 44100, attenuation_limit_db=0).process(audio)
    np.testing.assert_allclose(output, audio, atol=1e-6)


def test_a_hop_comes_out_as_soon_as_it_is_complete(backend: OnnxBackend) -> None:
    stream = DenoisingStream(backend)
    assert stream.latency == 511
    assert len(stream.push(np.zeros(511, np.float32))) == 0
    assert len(stream.push(np.zeros(1, np.float32))) == 256
    assert len(stream.push(np.zeros(255, np.float32))) == 0
    assert len(stream.push(np.zeros(1, np.float32))) == 256


def test_mono_blocks_may_have_one_or_two_axes(backend: OnnxBackend) -> None:
    audio = noise(1000, 1)
    flat, column = (
        DenoisingStream(backend).process(audio[:, 0]),
        DenoisingStream(backend).process(audio),
    )
    assert flat.shape == (1000,) and column.shape == (1000, 1)
    np.testing.assert_array_equal(flat, column[:, 0])
    assert DenoisingStream(backend, channels=2).flush().shape == (0, 2)


def test_reset_and_flush_begin_anew(backend: OnnxBackend) -> None:
    audio = noise(3000, 1)
    stream = DenoisingStream(backend, 44100)
    first = stream.process(audio)
    stream.push(audio)
    stream.reset()
    second = np.concatenate([stream.push(audio), stream.flush()])
    third = stream.process(audio)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


def test_many_channels_stay_apart(backend: OnnxBackend) -> None:
    audio = noise(700, 70)
    np.testing.assert_allclose(
        DenoisingStream(backend, channels=70).process(audio), 0.5 * audio, atol=1e-7
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(backend: OnnxBackend, bad: float) -> None:
    stream = DenoisingStream(backend, channels=2)
    stream.push(np.zeros((100, 2), np.float32))
    block = np.zeros((50, 2), np.float32)
    block[7, 1] = bad
    with pytest.raises(InputError, match=r"sample 107 of channel 1 is -?(nan|inf)"):
        stream.push(block)


def test_blocks_of_wrong_form(backend: OnnxBackend) -> None:
    stream = DenoisingStream(backend, channels=2)
    with pytest.raises(InputError, match=r"\(5, 3\) came; \[T, 2\] is needed"):
        stream.push(np.zeros((5, 3), np.float32))
    with pytest.raises(InputError, match=r"\(5,\) came"):
        stream.push(np.zeros(5, np.float32))
    with pytest.raises(InputError, match="type int64; floating point"):
        stream.push(np.zeros((5, 2), np.int64))


def test_arguments_out_of_range(backend: OnnxBackend) -> None:
    with pytest.raises(InputError, match="7999 Hz; 8000 to 192000"):
        DenoisingStream(backend, 7999)
    with pytest.raises(InputError, match="channels is 0"):
        DenoisingStream(backend, channels=0)
    with pytest.raises(InputError, match="attenuation_limit_db is -3"):
        DenoisingStream(backend, attenuation_limit_db=-3)
    with pytest.raises(InputError, match="attenuation_limit_db is nan"):
        DenoisingStream(backend, attenuation_limit_db=float("nan"))
    with pytest.raises(InputError, match="choose from QQ"):
        DenoisingStream(backend, resample_quality="best")


def test_integers_are_the_same_audio(gain_model: Path) -> None:
    whole = (8000 * np.sin(np.arange(3000))).astype(np.int16)
    stream = DenoisingStream(OnnxBackend(gain_model), 16000)
    expected = stream.process(whole / 32768.0)
    np.testing.assert_allclose(stream.process(whole), expected, atol=1e-6)
    pushed = [stream.push(block) for block in np.array_split(whole, 7)]
    np.testing.assert_allclose(np.concatenate([*pushed, stream.flush()]), expected, atol=1e-6)
