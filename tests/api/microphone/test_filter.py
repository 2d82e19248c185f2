"""The virtual microphone plays what Python's stream gives, at a strength that may change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.api.microphone.engine import Filter

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def noisy() -> np.ndarray:
    samples, _ = soundfile.read(EXAMPLES / "cafe.noisy.wav", dtype="float32")
    return np.asarray(samples[: 256 * 150])


def through(filter_: Filter, samples: np.ndarray) -> np.ndarray:
    return np.concatenate([filter_.process(hop) for hop in samples.reshape(-1, filter_.hop)])


@pytest.mark.parametrize("limit", [None, 0.0, 12.0])
def test_the_same_as_a_stream(noisy: np.ndarray, limit: float | None) -> None:
    filter_ = Filter("denoise-16k", limit)
    found = through(filter_, noisy)
    stream = aeolia.Stream("denoise-16k", 16000, attenuation_limit_db=limit)
    expected = np.concatenate([stream.push(noisy), stream.flush()])
    latency = filter_.blocks.latency
    assert not found[:latency].any()
    assert np.abs(found[latency:] - expected[:-latency]).max() < 1e-6


def test_a_strength_that_changes_leaves_no_click(noisy: np.ndarray) -> None:
    half = len(noisy) // 2
    filter_ = Filter("denoise-16k", None)
    before = through(filter_, noisy[:half])
    filter_.limit(0.0)
    after = through(filter_, noisy[half:])
    full = through(Filter("denoise-16k", None), noisy)
    assert np.array_equal(before, full[:half])
    latency, hop = filter_.blocks.latency, filter_.hop
    # From the next hop on the sound as it was; within it, a ramp between the two.
    assert np.array_equal(after[hop:], noisy[half + hop - latency : -latency])
    wet, dry = full[half : half + hop], noisy[half - latency : half - latency + hop]
    ramp = np.linspace(0, 1, hop)
    assert np.abs(after[:hop] - (ramp * dry + (1 - ramp) * wet)).max() < 1e-6


def test_what_is_no_number_does_not_stay(noisy: np.ndarray) -> None:
    filter_ = Filter("denoise-16k", None)
    filter_.process(np.full(filter_.hop, np.nan, np.float32))
    assert np.isfinite(through(filter_, noisy)).all()
