"""Live blocks: as many samples out as in, at the declared latency; the meter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.live import LiveBlocks, Meter
from aeolia.runtime.onnx_backend import OnnxBackend


@settings(max_examples=12, deadline=None)
@given(
    rate=st.sampled_from([16000, 44100, 48000]),
    sizes=st.lists(st.integers(8, 2000), min_size=1, max_size=4),
)
def test_every_block_is_answered_in_full(gain_model: Path, rate: int, sizes: list[int]) -> None:
    backend = OnnxBackend(gain_model)
    audio = 0.1 * np.random.default_rng(0).standard_normal((20_000, 2)).astype(np.float32)
    stream = DenoisingStream(backend, rate, 2, resample_quality="LQ")
    expected = stream.process(audio)
    blocks = LiveBlocks(stream)
    pieces, start, turn = [], 0, 0
    while start < len(audio):
        block = audio[start : start + sizes[turn % len(sizes)]]
        pieces.append(blocks.process(block))
        assert pieces[-1].shape == block.shape
        start, turn = start + len(block), turn + 1
    output = np.concatenate(pieces)
    assert np.all(output[: blocks.latency] == 0)
    np.testing.assert_allclose(
        output[blocks.latency :], expected[: len(audio) - blocks.latency], atol=1e-5
    )


def test_values_that_are_not_finite_become_silence(gain_model: Path) -> None:
    blocks = LiveBlocks(DenoisingStream(OnnxBackend(gain_model)))
    block = np.full((1024, 1), np.nan, np.float32)
    assert np.all(blocks.process(block) == 0)


def test_meter() -> None:
    meter = Meter()
    meter.count(0.001, 0.01, False)
    meter.count(0.003, 0.01, True)
    meter.count(0.02, 0.01, False)
    assert (meter.n_blocks, meter.n_dropped) == (3, 2)
    assert meter.read() == (pytest.approx(0.8), pytest.approx(2.0))
    assert meter.read() == (0.0, 0.0)
