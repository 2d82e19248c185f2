"""Export: the ONNX file is the PyTorch step, at every length and number of channels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from aeolia.config import DenoiseConfig, config_from_json
from aeolia.errors import ModelError
from aeolia.models.export import onnx as export
from aeolia.models.export.graph import store_small
from aeolia.models.export.onnx import export_onnx, largest_difference
from aeolia.recipes.catalogue import PRESETS
from made.tiny_models import TINY, noise, random_model, with_layers

EXPORTED = [
    pytest.param(TINY, id="tiny"),
    pytest.param(replace(TINY, hop_length=128), id="four overlaps"),
    pytest.param(replace(TINY, filter_taps=1, skips=False), id="one tap, no skips"),
    pytest.param(with_layers(TINY, "lstm", "conv_gru"), id="lstm-conv_gru"),
    *(
        pytest.param(preset.model, id=f"preset {name}")
        for name, preset in PRESETS.items()
        if preset.model.task == "denoise"
    ),
]


def run(
    session: onnxruntime.InferenceSession, audio: np.ndarray, state: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(None, {"audio": audio, **state}), strict=True))
    output = values.pop("output")
    return output, {name.removeprefix("next_"): value for name, value in values.items()}


@pytest.mark.parametrize("config", EXPORTED)
def test_onnx_equals_pytorch(config: DenoiseConfig, tmp_path: Path) -> None:
    model = random_model(config)
    path = tmp_path / "model.onnx"
    difference = export_onnx(model, path, "# card")
    assert 0.0 < difference < 1e-4
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    assert [node.name for node in session.get_inputs()] == [
        "audio",
        *(f"state_{name}" for name in model.state_shapes()),
    ]
    for sizes in ((1, 1), (3, 1), (1, 2), (2, 3)):
        theirs = model.initial_state(*sizes)
        ours = {f"state_{name}": value.numpy() for name, value in theirs.items()}
        for frames in (1, 5, 64, 2):  # the state goes on from length to length
            audio = noise(*sizes, frames * config.hop_length, seed=frames)
            with torch.no_grad():
                expected, theirs = model.step(audio, theirs)
            output, ours = run(session, audio.numpy(), ours)
            assert np.abs(output - expected.numpy()).max() < 2e-5
            for name, value in theirs.items():
                assert ours[f"state_{name}"].shape == value.shape
                assert np.abs(ours[f"state_{name}"] - value.numpy()).max() < 1e-3
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    # Live audio runs the graph once per hop: no arithmetic on shapes, standard operators alone.
    # Band memories alone must know both free sizes, to take frames and channels apart again.
    nodes = onnx.load(path).graph.node
    shapes = set() if config.band_memory else {"Shape", "ConstantOfShape"}
    assert not {node.op_type for node in nodes} & {*shapes, "Range", "If"}
    assert all(node.domain == "" for node in nodes)


def test_the_file_describes_itself(tmp_path: Path) -> None:
    export_onnx(random_model(TINY), tmp_path / "model.onnx", "# tiny\n\nÜber alles.\n")
    proto = onnx.load(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    assert metadata["aeolia_format"] == "1"
    assert config_from_json(DenoiseConfig, metadata["aeolia_config"]) == TINY
    assert metadata["aeolia_card"] == "# tiny\n\nÜber alles.\n"
    # Older runtimes refuse a file that names newer versions of operators it never uses.
    assert [(entry.domain, entry.version) for entry in proto.opset_import] == [("", 17)]
    assert proto.ir_version <= 8
    shapes = {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in proto.graph.input
    }
    assert shapes["audio"] == ["batch", "channels", "samples"]
    assert shapes["state_input_tail"] == ["batch", "channels", 256]
    assert shapes["state_encoder_hidden"] == ["batch", 8]


@pytest.mark.parametrize("difference", [2e-4, float("nan"), float("inf")])
def test_a_file_that_differs_is_not_written(
    difference: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "largest_difference", lambda model, files: difference)
    with pytest.raises(ModelError, match="not exported: ONNX Runtime and PyTorch differ") as caught:
        export_onnx(random_model(TINY), tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_check_sees_other_weights(tmp_path: Path) -> None:
    export_onnx(random_model(TINY), tmp_path / "model.onnx")
    other = random_model(TINY, seed=1)
    assert largest_difference(other, {"": (tmp_path / "model.onnx").read_bytes()}) > 1e-3


def test_constants_are_stored_once_and_in_half_precision_where_that_is_exact() -> None:
    exact = np.arange(400, dtype=np.float32).reshape(20, 20)
    other = exact + np.float32(1e-3)
    names = {"a": exact, "b": exact.copy(), "c": other}
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "a"], ["xa"]),
            helper.make_node("MatMul", ["xa", "b"], ["xab"]),
            helper.make_node("MatMul", ["xab", "c"], ["y"]),
        ],
        "three",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 20])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 20])],
        [onnx.numpy_helper.from_array(value, name) for name, value in names.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x = {"x": noise(3, 20).numpy()}

    def answer() -> np.ndarray:
        session = onnxruntime.InferenceSession(
            proto.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return session.run(None, x)[0]

    before, size = answer(), proto.ByteSize()
    store_small(proto)
    onnx.checker.check_model(proto)
    assert np.array_equal(answer(), before)
    assert proto.ByteSize() < size - 1600 - 700
