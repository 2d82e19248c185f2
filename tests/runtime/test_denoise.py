"""DenoisingStream: exact length, alignment, any partition, declared latency, attenuation limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.errors import InputError
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from made.recordings import voice_like

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


@pytest.fixture(scope="module")
def released() -> OnnxBackend:
    return OnnxBackend(released_models()["denoise-16k"])


def in_the_middle(left_db: float, right_db: float, right: float = 1.0) -> tuple[np.ndarray, ...]:
    """A voice [T], and stereo [T, 2] of it in noises at these SNRs, at 16 kHz."""
    voice = voice_like(4.0, 16000)
    noises = noise(len(voice), 2, seed=3) / 0.2 * np.sqrt(np.mean(voice**2))
    levels = 10 ** (-np.array([left_db, right_db], np.float32) / 20)
    return voice, np.stack([voice, right * voice], axis=1) + levels * noises


def image_db(output: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """How much louder a voice is on the left than on the right, for every half second."""
    parts = output[: len(output) // 8000 * 8000].reshape(-1, 8000, 2)
    of_voice = np.einsum("nt,ntc->nc", voice[: len(parts) * 8000].reshape(-1, 8000), parts)
    return 20 * np.log10(of_voice[:, 0] / of_voice[:, 1])


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    target = np.dot(reference, estimate) / np.dot(reference, reference) * reference
    return float(10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2)))


def test_a_voice_stays_where_it_is_in_uneven_noise(released: OnnxBackend) -> None:
    voice, mixture = in_the_middle(0.0, 15.0)
    linked = DenoisingStream(released, channels=2).process(mixture)
    apart = DenoisingStream(released, channels=2, dual_mono=True).process(mixture)
    assert image_db(linked, voice)[1:].std() < 0.5
    assert np.abs(image_db(linked, voice)[1:].mean()) < 0.5
    assert np.abs(image_db(apart, voice)[1:].mean()) > 1.0, "what it is for"


def test_opposite_phase_is_as_good_as_in_phase(released: OnnxBackend) -> None:
    voice, mixture = in_the_middle(5.0, 5.0)
    inverted = mixture * [1.0, -1.0]  # the noise as well, which does not matter to it
    outputs = [DenoisingStream(released, channels=2).process(x) for x in (mixture, inverted)]
    expected = si_sdr(voice, outputs[0][:, 0])
    assert expected > si_sdr(voice, mixture[:, 0]) + 3.0
    assert si_sdr(voice, outputs[1][:, 0]) > expected - 0.5
    assert si_sdr(-voice, outputs[1][:, 1]) > expected - 0.5


def test_dual_mono_is_each_channel_by_itself(released: OnnxBackend) -> None:
    _, mixture = in_the_middle(0.0, 15.0)
    apart = DenoisingStream(released, channels=2, dual_mono=True).process(mixture)
    for channel in range(2):
        alone = DenoisingStream(released).process(mixture[:, channel])
        np.testing.assert_allclose(apart[:, channel], alone, atol=1e-6)


def test_alike_channels_come_out_as_one_would(released: OnnxBackend) -> None:
    _, mixture = in_the_middle(5.0, 5.0)
    alone = DenoisingStream(released, 44100).process(mixture[:, 0])
    alike = DenoisingStream(released, 44100, 6).process(np.repeat(mixture[:, :1], 6, axis=1))
    np.testing.assert_allclose(alike, np.repeat(alone[:, None], 6, axis=1), atol=1e-5)


def test_a_file_of_one_channel_serves_several_one_by_one(backend: OnnxBackend) -> None:
    """Models that were exported before channels were linked."""
    assert not backend.links_channels
    audio = noise(3000, 3)
    whole = DenoisingStream(backend, channels=3).process(audio)
    np.testing.assert_array_equal(
        whole, DenoisingStream(backend, channels=3, dual_mono=True).process(audio)
    )
    np.testing.assert_array_equal(whole[:, 1], DenoisingStream(backend).process(audio[:, 1]))


def test_values_beyond_32_bits_are_refused(released: OnnxBackend) -> None:
    audio = noise(3000, 2).astype(np.float64)
    audio[700, 1] = 1e39
    stream = DenoisingStream(released, channels=2)
    with pytest.raises(
        InputError, match=r"sample 700 of channel 1 is 1e\+39; at most 1e\+18 .* sc"
    ):
        stream.process(audio)
    stream.push(audio[:500])
    with pytest.raises(InputError, match="sample 700 of channel 1"):
        stream.push(audio[500:])


@pytest.mark.parametrize("burst", [10.0, 1e6, 1e18])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_after_a_burst_all_is_finite_and_well_again(
    released: OnnxBackend, burst: float, rate: int
) -> None:
    voice = np.resize(voice_like(3.0, rate), 12 * rate)
    audio = voice.astype(np.float64)
    audio[rate : rate + 100] = burst
    output = DenoisingStream(released, rate).process(audio)
    assert np.isfinite(output).all()
    expected = DenoisingStream(released, rate).process(voice)
    late = slice(8 * rate, None)
    if burst == 1e18 and rate != 16000:
        return  # a resampler rings for longer than a click lasts
    assert si_sdr(expected[late], output[late]) > 20.0
