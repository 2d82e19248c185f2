"""OnnxBackend: the release format, and every way a model file can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import ModelError
from aeolia.runtime.onnx_backend import OnnxBackend


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
    _fails(make_gain_model(metadata={"aeolia_config": "{"}), "not valid JSON")


def test_graph_of_another_form(make_gain_model: Callable[..., Path]) -> None:
    _fails(make_gain_model(state="memory"), "release format 1 has audio")


def test_a_graph_of_other_channels(make_gain_model: Callable[..., Path]) -> None:
    onnx = pytest.importorskip("onnx")
    path = make_gain_model()
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[1].dim_value = 7
    path.write_bytes(model.SerializeToString())
    _fails(path, "it takes 7 channels; a denoiser takes one, or any number")


def test_states_of_channels_are_as_many(tmp_path: Path) -> None:
    """What `aeolia export` writes takes any channels, and the network remembers once."""
    pytest.importorskip("torch")
    from aeolia.models.export.onnx import export_onnx
    from made.tiny_models import TINY, random_model

    export_onnx(random_model(TINY), tmp_path / "linked.onnx")
    backend = OnnxBackend(tmp_path / "linked.onnx")
    assert backend.links_channels
    shapes = {name: value.shape for name, value in backend.initial_state(2, 5).items()}
    assert shapes["state_input_tail"] == (2, 5, 256)
    assert shapes["state_encoder_hidden"] == (2, 8)
