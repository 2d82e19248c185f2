"""Conditioning: offsets taken off, any level to the usual one and back, nothing at usual levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.metrics import si_sdr
from aeolia.runtime.backend import State
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.conditioning import Conditioning
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from tests.made.recordings import voice_like

RATE, HOP, DELAY = 16000, 160, 320


def speech(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    """Words with pauses of a low noise, float64 [T], active level about -20 dBFS."""
    voice = voice_like(seconds, RATE, seed=seed).astype(np.float64)
    time = np.arange(len(voice)) / RATE
    words = np.clip(3.0 * np.sin(2 * np.pi * 1.3 * time), 0.0, 1.0)
    floor = 1e-4 * np.random.default_rng(seed).standard_normal(len(voice))
    return words * voice + floor


def through(audio: np.ndarray, hops: int = 7, linked: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """What a network gets, and what comes of it if the network only delays; both [C, T]."""
    audio = np.atleast_2d(audio).astype(np.float32)
    stage = Conditioning(HOP, RATE, DELAY, len(audio), linked=linked)
    held = np.zeros((len(audio), DELAY), np.float32)
    inside, outside = [], []
    for start in range(0, audio.shape[1] // HOP * HOP, hops * HOP):
        block, _ = stage.enter(
            audio[:, start : min(start + hops * HOP, audio.shape[1] // HOP * HOP)]
        )
        held = np.concatenate([held, block], axis=1)
        output, held = held[:, : block.shape[1]], held[:, block.shape[1] :]
        inside.append(block)
        outside.append(stage.leave(output))
    return np.concatenate(inside, axis=1), np.concatenate(outside, axis=1)


def level_db(audio: np.ndarray) -> float:
    """Of the loudest tenth of hops."""
    power = np.square(audio.reshape(-1, HOP), dtype=np.float64).mean(axis=1)
    return float(10.0 * np.log10(np.sort(power)[-len(power) // 10 :].mean()))


@pytest.mark.parametrize("gain_db", [-10.0, 0.0, 15.0])
def test_a_usual_level_passes_bit_for_bit(gain_db: float) -> None:
    audio = (speech() * 10.0 ** (gain_db / 20.0)).astype(np.float32)
    inside, outside = through(audio)
    np.testing.assert_array_equal(inside[0], audio)
    np.testing.assert_array_equal(outside[0, DELAY:], audio[:-DELAY])


@pytest.mark.parametrize("rms_dbfs", [-75.0, -65.0, -55.0, -45.0, 20.0, 80.0])
def test_any_level_enters_near_the_usual_one_and_leaves_as_it_was(rms_dbfs: float) -> None:
    audio = speech(6.0)
    audio *= 10.0 ** (rms_dbfs / 20.0) / np.sqrt(np.mean(audio**2))
    inside, outside = through(audio)
    assert -33.0 < level_db(inside[0, 2 * RATE :]) < 8.0
    np.testing.assert_allclose(outside[0, DELAY:], audio[:-DELAY], rtol=1e-5)


def test_a_gain_that_is_found_stays() -> None:
    inside, _ = through(speech(12.0) * 1e-3)
    gain = inside[0, 3 * RATE :] / (1e-3 * speech(12.0)[3 * RATE :])
    assert np.ptp(20.0 * np.log10(np.abs(gain))) < 1e-2


@pytest.mark.parametrize("hops", [1, 3, 64, 1000])
def test_blocks_equal_the_whole(hops: int) -> None:
    audio = np.stack([1e-3 * speech() + 0.01, speech(seed=1)])
    audio[:, RATE : 2 * RATE] *= 1e-3
    for linked in (False, True):
        for got, expected in zip(
            through(audio, hops, linked), through(audio, 7, linked), strict=True
        ):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("offset", [0.005, 0.02, -0.05, 0.3, 2.0])
def test_an_offset_is_taken_off_from_the_first_pause(offset: float) -> None:
    pause = 1e-4 * np.random.default_rng(5).standard_normal(RATE // 5)
    audio = np.concatenate([pause, speech()])
    inside, outside = through(audio + offset)
    for got, delay in ((inside, 0), (outside, DELAY)):
        error = got[0, delay + 2 * HOP :] - audio[2 * HOP : len(audio) - delay]
        assert np.abs(error).max() < 1.5e-3  # of speech that reaches 0.5


def test_an_offset_that_jumps_is_gone_again_after_some_seconds() -> None:
    audio = speech(12.0)
    audio[6 * RATE :] += 0.05
    inside, _ = through(audio)
    assert abs(np.mean(inside[0, 11 * RATE :] - audio[11 * RATE :] + 0.05)) < 5e-3


def test_a_floor_and_a_click_say_nothing_about_the_level() -> None:
    floor = 1e-4 * np.random.default_rng(0).standard_normal(3 * RATE)
    np.testing.assert_array_equal(through(floor)[0][0], floor.astype(np.float32))
    quiet = 1e-3 * speech(6.0)
    clicked = quiet.copy()
    clicked[4 * RATE] = 1.0
    inside, expected = through(clicked)[0], through(quiet)[0]
    np.testing.assert_allclose(inside[0, 4 * RATE + 2 * HOP :], expected[0, 4 * RATE + 2 * HOP :])


def test_each_channel_has_its_own_gain_unless_they_are_linked() -> None:
    audio = np.stack([speech(), 1e-3 * speech(seed=1)])
    apart, together = through(audio, linked=False)[0], through(audio)[0]
    assert level_db(apart[1, RATE:]) > -33.0
    np.testing.assert_array_equal(apart[0], audio[0].astype(np.float32))
    np.testing.assert_array_equal(together, audio.astype(np.float32))


class Counting:
    """A network that remembers only how many samples it was given, and returns that."""

    def __init__(self, backend: OnnxBackend) -> None:
        self.config = backend.config

    links_channels = False

    def initial_state(self, batch: int, channels: int = 1) -> State:
        return {"n": np.zeros((batch, 1, 1), np.float32)}

    def step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        counts = state["n"] + np.arange(1, audio.shape[2] + 1)
        return (1e-3 * counts).astype(np.float32), {"n": counts[:, :, -1:].astype(np.float32)}


@pytest.mark.parametrize("before", [0.0, 1e-6, 2e-5])
def test_a_network_forgets_silence_before_a_recording_and_no_pause(
    gain_model: Path, before: float
) -> None:
    backend = Counting(OnnxBackend(gain_model))
    hop, delay = backend.config.hop_length, backend.config.delay
    rate = backend.config.sample_rate
    pause = before * np.random.default_rng(0).standard_normal(10 * rate // hop * hop)
    audio = np.concatenate([pause, np.resize(speech(2.0), 2 * rate)]).astype(np.float32)
    counts = DenoisingStream(backend).process(audio) * 1e3
    assert counts[len(pause) + delay] < 20 * hop, "begun anew"
    short = DenoisingStream(backend).process(audio[len(pause) - rate // 2 :]) * 1e3
    assert short[rate // 2 + delay] > rate // 2, "half a second of pause is remembered"


def remarks_on(backend: OnnxBackend, audio: np.ndarray, block: int) -> tuple[str, ...]:
    stream = DenoisingStream(backend)
    for start in range(0, len(audio), block):
        stream.push(audio[start : start + block])
    assert stream.remarks == (), "a recording that goes on"
    stream.flush()
    return stream.remarks


@pytest.mark.parametrize("block", [333, 8000])
def test_an_offset_is_said_once(gain_model: Path, block: int) -> None:
    backend = OnnxBackend(gain_model)
    assert remarks_on(backend, speech(), block) == ()
    (said,) = remarks_on(backend, speech() + 0.05, block)
    assert said.startswith("a constant offset (DC) of 0.05, of samples that reach 0.")
    stream = DenoisingStream(backend)
    stream.process(speech() + 0.05)
    assert stream.remarks == (said,)
    quiet = 1e-3 * speech()
    assert remarks_on(backend, quiet, block) == ()
    assert len(remarks_on(backend, quiet + 3e-4, block)) == 1, "small, but of a quiet recording"
    stream.process(speech())
    assert stream.remarks == ()


def test_an_odd_scale_is_said_once_and_kept(gain_model: Path) -> None:
    backend = OnnxBackend(gain_model)
    audio = speech() / np.abs(speech()).max() * 32767
    (said,) = remarks_on(backend, audio, 1000)
    assert said.startswith("samples reach 32767, and full scale is 1: perhaps integers")
    output = DenoisingStream(backend).process(audio)
    np.testing.assert_allclose(output, 0.5 * audio, rtol=1e-4, atol=0.1)
    assert remarks_on(backend, 2.0 * speech(), 1000) == (), "merely hot"


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_usual_beginning_prepares_for_nothing(linked: bool, channels: int) -> None:
    audio = np.stack([speech(seed=seed) for seed in range(channels)]).astype(np.float32)
    prepared, fresh = (Conditioning(HOP, RATE, DELAY, channels, linked=linked) for _ in range(2))
    prepared.prepare(audio)
    np.testing.assert_array_equal(prepared.enter(audio)[0], fresh.enter(audio)[0])


@pytest.mark.parametrize("rms_dbfs", [-75.0, -65.0, -55.0, 20.0])
@pytest.mark.parametrize("offset", [0.0, 2.0])
def test_a_known_beginning_enters_at_the_usual_level(rms_dbfs: float, offset: float) -> None:
    audio = speech(6.0)
    gain = 10.0 ** (rms_dbfs / 20.0) / np.sqrt(np.mean(audio**2))
    audio = (gain * (audio + offset)).astype(np.float32)[None]
    stage = Conditioning(HOP, RATE, DELAY, 1, linked=True)
    stage.prepare(audio)
    inside, _ = stage.enter(audio)
    first = inside[0, : RATE // 2]
    again = np.dot(first, speech(6.0)[: RATE // 2]) / np.square(speech(6.0)[: RATE // 2]).sum()
    np.testing.assert_allclose(first, again * speech(6.0)[: RATE // 2], atol=0.02 * again)
    assert -13.0 < 20.0 * np.log10(again) < 25.0


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_prepared_stream_is_the_whole(gain_model: Path, rate: int) -> None:
    """And so is a file: it is prepared with its own beginning."""
    audio = 1e-3 * np.stack([speech(), speech(seed=1)], axis=1) + 0.01
    backend = OnnxBackend(gain_model)
    whole = DenoisingStream(backend, rate, 2).process(audio)
    stream = DenoisingStream(backend, rate, 2)
    stream.prepare(audio)
    parts = [stream.push(audio[start : start + 777]) for start in range(0, len(audio), 777)]
    np.testing.assert_allclose(np.concatenate([*parts, stream.flush()]), whole, atol=1e-7)


@pytest.mark.parametrize("lower_db", [30.0, 40.0, 50.0, -90.3])
def test_a_quiet_recording_is_as_good_as_a_usual_one(lower_db: float) -> None:
    """Within 0.5 dB, from its first sample on; with an offset as well."""
    voice = voice_like(3.0, RATE)
    noise = np.random.default_rng(0).standard_normal(len(voice))
    noisy = voice + noise * np.sqrt(np.mean(voice**2)) * 10.0 ** (-10.0 / 20.0)
    stream = DenoisingStream(OnnxBackend(released_models()["denoise-16k"]))
    gain = 10.0 ** (-lower_db / 20.0)
    expected, quiet, shifted = (
        si_sdr(voice, stream.process(audio)) for audio in (noisy, gain * noisy, gain * noisy + 0.1)
    )
    assert expected > si_sdr(voice, noisy) + 2.0
    assert quiet > expected - 0.5
    assert shifted > expected - 1.0


@pytest.fixture(scope="module")
def released() -> OnnxBackend:
    return OnnxBackend(released_models()["denoise-16k"])


def pushed(stream: DenoisingStream, audio: np.ndarray) -> np.ndarray:
    return np.concatenate([stream.push(audio), stream.flush()])


@pytest.mark.parametrize("offset", [0.005, 0.02, -0.05, 0.3])
@pytest.mark.parametrize("snr_db", [10.0, 200.0])
def test_an_offset_costs_nothing(released: OnnxBackend, offset: float, snr_db: float) -> None:
    """Within 1 dB, of clean and of noisy speech, live and as a whole."""
    voice = asymmetric_speech()
    noise = np.random.default_rng(0).standard_normal(len(voice)) * 10.0 ** (-snr_db / 20.0)
    noisy = voice + noise * np.sqrt(np.mean(voice**2))
    stream = DenoisingStream(released)
    expected = si_sdr(voice, stream.process(noisy))
    assert si_sdr(voice, stream.process(noisy + offset)) > expected - 1.0
    assert si_sdr(voice, pushed(stream, noisy + offset)) > expected - 1.0


def asymmetric_speech() -> np.ndarray:
    """Words with digital silence between them; a voice's pulses have a mean of their own."""
    voice = speech(5.0)
    voice = voice + 0.3 * np.maximum(voice, 0.0)
    return np.where(np.abs(np.convolve(voice, np.ones(400), "same")) > 0.02, voice, 0.0)


@pytest.mark.parametrize("before", [0.0, 1e-6])
def test_after_ten_seconds_of_nothing_the_first_second_is_as_good(
    released: OnnxBackend, before: float
) -> None:
    rng = np.random.default_rng(0)
    voice = voice_like(3.0, RATE)
    noisy = voice + rng.standard_normal(len(voice)) * np.sqrt(np.mean(voice**2)) * 0.4
    late = np.concatenate([before * rng.standard_normal(10 * RATE), noisy])
    stream, first = DenoisingStream(released), slice(0, RATE)
    expected = si_sdr(voice[first], stream.process(noisy)[first])
    found = pushed(stream, late)[10 * RATE :]
    assert si_sdr(voice[first], found[first]) > expected - 1.0
