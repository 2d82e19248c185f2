"""OnnxBackend: the release format, and every way a model file can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import ModelError
from aeolia.runtime.onnx_backend import OnnxBackend, OnnxSeparator
from made.tiny_separators import SHARES, write_separator


def test_step_is_pure_and_takes_the_state_along(gain_model: Path) -> None:
    backend = OnnxBackend(gain_model)
    assert backend.config.win_length == 512
    assert backend.card.startswith("# gain")
    audio = np.random.default_rng(0).standard_normal((3, 1, 512)).astype(np.float32)
    state = backend.initial_state(3)
    first, next_state = backend.step(audio, state)
    again, _ = backend.step(audio, state)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[:, :, :256], 0)
    np.testing.assert_array_equal(first[:, :, 256:], 0.5 * audio[:, :, :256])
    second, _ = backend.step(audio, next_state)
    np.testing.assert_array_equal(second[:, :, :256], 0.5 * audio[:, :, 256:])


def _fails(path: Path, match: str) -> None:
    with pytest.raises(ModelError, match=match) as caught:
        OnnxBackend(path)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    _fails(tmp_path / "none.onnx", "no such model file")


@pytest.mark.parametrize("content", [b"", b"this is text", bytes(range(256)) * 9])
def test_not_a_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        OnnxBackend(path)
    assert "\n" not in str(caught.value)
    assert "broken.onnx" in str(caught.value)


def test_truncated_model(tmp_path: Path, gain_model: Path) -> None:
    path = tmp_path / "half.onnx"
    content = gain_model.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    _fails(path, "not a readable ONNX model")


def test_model_of_someone_else(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])],
        "neg",
        [info("x", floats, [1])],
        [info("y", floats, [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "other.onnx"
    path.write_bytes(model.SerializeToString())
    _fails(path, "not one of Aeolia's")


def test_other_version(make_gain_model: Callable[..., Path]) -> None:
    _fails(make_gain_model(metadata={"aeolia_format": "7"}), "release format '7'.* reads format 1")


def test_other_task(make_gain_model: Callable[..., Path]) -> None:
    path = make_gain_model(metadata={"aeolia_config": '{"task": "separate"}'})
    _fails(path, "task 'separate'; 'denoise' needed|task 'separate'; 'denoise' needs")


def test_config_with_an_unknown_key(make_gain_model: Callable[..., Path]) -> None:
    path = make_gain_model(metadata={"aeolia_config": '{"task": "denoise", "hop_lenght": 3}'})
    _fails(path, "did you mean 'hop_length'")


def test_config_that_is_no_json(make_gain_model: Callable[..., Path]) -> None:
    _fails(make_gain_model(metadata={"aeolia_config": "{"}), "not JSON")


def test_graph_of_another_form(make_gain_model: Callable[..., Path]) -> None:
    _fails(make_gain_model(state="memory"), "release format 1 has audio")


def test_separators_step_is_pure_and_its_states_have_their_axes(tmp_path: Path) -> None:
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


def test_separators_of_other_tasks_and_forms(
    tmp_path: Path, gain_model: Path, make_gain_model: Callable[..., Path]
) -> None:
    with pytest.raises(ModelError, match="task 'denoise'; 'separate' needs"):
        OnnxSeparator(gain_model)
    with pytest.raises(ModelError, match="task 'separate'; 'denoise' needs"):
        OnnxBackend(write_separator(tmp_path / "tiny.onnx"))
    config = '{"task": "separate", "condition": "speaker"}'
    with pytest.raises(ModelError, match="release format 1 has audio, condition, partition"):
        OnnxSeparator(make_gain_model(metadata={"aeolia_config": config}))


def test_separators_with_an_unknown_axis(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = write_separator(tmp_path / "tiny.onnx")
    model = onnx.load(path)
    (clock,) = (node for node in model.graph.input if node.name == "state_clock")
    clock.type.tensor_type.shape.dim[0].dim_param = "speakers"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="axis of state_clock is 'speakers'; it must be one of"):
        OnnxSeparator(path)
