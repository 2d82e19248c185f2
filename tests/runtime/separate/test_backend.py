"""OnnxSeparator: its step and states, and files that are no separator of the release format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import ModelError
from aeolia.runtime.onnx_backend import OnnxBackend
from aeolia.runtime.separate.backend import OnnxSeparator
from made.tiny_separators import SHARES, write_separator


def test_step_is_pure_and_its_states_have_their_axes(tmp_path: Path) -> None:
    separator = OnnxSeparator(write_separator(tmp_path / "tiny.onnx"))
    assert separator.card == "# tiny\n"
    state = separator.initial_state(channels=2, sources=3)
    sizes = {name: value.shape[0] for name, value in state.items()}
    assert sizes == {"state_past": 2, "state_out": 6, "state_asked": 3, "state_clock": 1}
    audio = np.random.default_rng(0).standard_normal((1, 2, 1024)).astype(np.float32)
    condition = np.eye(6, dtype=np.float32)[None, :3]
    partition = np.zeros(1, np.float32)
    first, after = separator.step(audio, condition, partition, state)
    again, _ = separator.step(audio, condition, partition, state)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (1, 3, 2, 1024)
    for number, share in enumerate(list(SHARES.values())[:3]):
        np.testing.assert_allclose(first[0, number, :, 512:], share * audio[0, :, :512], atol=1e-6)
    second, _ = separator.step(audio, condition, partition, after)
    np.testing.assert_allclose(second[0, 0, :, :512], 0.4 * audio[0, :, 512:], atol=1e-6)


def test_files_of_other_tasks_and_forms(
    tmp_path: Path, gain_model: Path, make_gain_model: Callable[..., Path]
) -> None:
    with pytest.raises(ModelError, match="task 'denoise'; 'separate' needs"):
        OnnxSeparator(gain_model)
    with pytest.raises(ModelError, match="task 'separate'; 'denoise' needs"):
        OnnxBackend(write_separator(tmp_path / "tiny.onnx"))
    config = '{"task": "separate", "condition": "speaker", "classes": []}'
    with pytest.raises(ModelError, match="release format 1 has audio, condition, partition"):
        OnnxSeparator(make_gain_model(metadata={"aeolia_config": config}))


def test_a_state_with_an_unknown_axis(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = write_separator(tmp_path / "tiny.onnx")
    model = onnx.load(path)
    (clock,) = (node for node in model.graph.input if node.name == "state_clock")
    clock.type.tensor_type.shape.dim[0].dim_param = "speakers"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="axis of state_clock is 'speakers'; it must be one of"):
        OnnxSeparator(path)
