"""A model file refers to no other file, wherever in the graph the reference stands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeolia.errors import ModelError
from aeolia.runtime import graph_file
from aeolia.runtime.checksums import released_folder
from aeolia.runtime.graph_file import read_graph
from aeolia.runtime.session import open_session

onnx = pytest.importorskip("onnx")
SECRET = "secret.bin"


def outside() -> Any:
    """A tensor whose values lie in another file."""
    tensor = onnx.TensorProto(name="secret", data_type=onnx.TensorProto.FLOAT, dims=[2])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=SECRET)
    return tensor


def half_outside() -> Any:
    """One that only names the other file."""
    tensor = outside()
    tensor.ClearField("data_location")
    return tensor


def sparse() -> Any:
    tensor = onnx.SparseTensorProto(dims=[4])
    tensor.values.CopyFrom(outside())
    return tensor


def node(**attribute: Any) -> Any:
    """A node with one attribute, the field of `AttributeProto` named, which may be a list."""
    made = onnx.NodeProto(op_type="Constant", output=["secret"])
    entry = made.attribute.add(name="value", type=onnx.AttributeProto.TENSOR)
    ((name, value),) = attribute.items()
    field = getattr(entry, name)
    field.CopyFrom(value) if hasattr(field, "CopyFrom") else field.append(value)
    return made


def graph(*nodes: Any, initializers: tuple[Any, ...] = ()) -> Any:
    floats = onnx.TensorProto.FLOAT
    info = onnx.helper.make_tensor_value_info
    whole = [onnx.helper.make_node("Add", ["x", "secret"], ["y"]), *nodes]
    ends = [info("x", floats, [2])], [info("y", floats, [2])]
    return onnx.helper.make_graph(whole, "g", *ends, list(initializers))


def model(made: Any) -> Any:
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(made, opset_imports=opset, ir_version=8)


def in_function() -> Any:
    whole = model(graph())
    whole.functions.add(name="f", domain="d").node.append(node(t=outside()))
    return whole


def in_default_of_function() -> Any:
    whole = model(graph())
    default = whole.functions.add(name="f", domain="d").attribute_proto.add(name="value")
    default.t.CopyFrom(outside())
    return whole


def in_training() -> Any:
    whole = model(graph())
    whole.training_info.add().algorithm.CopyFrom(graph(initializers=(outside(),)))
    return whole


def in_sparse_initializer() -> Any:
    made = graph()
    made.sparse_initializer.append(sparse())
    return model(made)


HIDDEN: dict[str, Callable[[], Any]] = {
    "an initializer": lambda: model(graph(initializers=(outside(),))),
    "one that only names the file": lambda: model(graph(initializers=(half_outside(),))),
    "a sparse initializer": in_sparse_initializer,
    "an attribute": lambda: model(graph(node(t=outside()))),
    "a list of tensors": lambda: model(graph(node(tensors=outside()))),
    "a sparse attribute": lambda: model(graph(node(sparse_tensor=sparse()))),
    "a list of sparse tensors": lambda: model(graph(node(sparse_tensors=sparse()))),
    "a subgraph": lambda: model(graph(node(g=graph(initializers=(outside(),))))),
    "a list of subgraphs": lambda: model(graph(node(graphs=graph(node(t=outside()))))),
    "a subgraph of a subgraph": lambda: model(
        graph(node(g=graph(node(g=graph(node(t=outside()))))))
    ),
    "a function": in_function,
    "a function's default": in_default_of_function,
    "a training graph": in_training,
}


@pytest.mark.parametrize("where", HIDDEN)
def test_a_reference_to_another_file_is_refused(where: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(HIDDEN[where]().SerializeToString())
    with pytest.raises(ModelError, match="another file.*aeolia export"):
        read_graph(path)


def test_the_file_beside_a_model_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a path that every version of ONNX Runtime follows; the control is that it does."""
    import onnxruntime

    (tmp_path / SECRET).write_bytes(np.array([3.0, 4.0], np.float32).tobytes())
    path = tmp_path / "model.onnx"
    path.write_bytes(model(graph(initializers=(outside(),))).SerializeToString())
    monkeypatch.chdir(tmp_path)
    alone = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (read,) = alone.run(["y"], {"x": np.zeros(2, np.float32)})
    np.testing.assert_array_equal(read, [3.0, 4.0])
    with pytest.raises(ModelError, match="another file"):
        open_session(path)


def test_parts_that_come_twice_are_looked_into_twice(tmp_path: Path) -> None:
    """Readers of protobuf join messages that come twice, so the second counts as the first does."""
    path = tmp_path / "model.onnx"
    second = onnx.ModelProto()
    second.graph.initializer.append(outside())
    path.write_bytes(model(graph()).SerializeToString() + second.SerializeToString())
    with pytest.raises(ModelError, match="another file"):
        read_graph(path)


def test_what_stands_in_the_file_itself_may_stay(gain_model: Path) -> None:
    assert read_graph(gain_model) == gain_model.read_bytes()


@pytest.mark.parametrize("path", sorted(released_folder().glob("*.onnx")), ids=lambda p: p.name)
def test_released_models_pass(path: Path) -> None:
    assert len(read_graph(path)) == path.stat().st_size


def deep(levels: int) -> bytes:
    """A graph in a node in a graph and so on, as bytes: onnx itself would refuse to build it."""

    def field(number: int, content: bytes) -> bytes:
        length, size = len(content), b""
        while length > 0x7F:
            size += bytes([length & 0x7F | 0x80])
            length >>= 7
        return bytes([number << 3 | 2]) + size + bytes([length]) + content

    content = b""
    for _ in range(levels):
        content = field(1, field(5, field(6, content)))  # node, attribute, g
    return field(7, content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no graph"),
        (b"this is text", "."),
        (b"\x18\x00\x00\x00ORTM" + bytes(64), "ONNX Runtime's format"),
        (deep(50), "nested too deep"),
        (b"\x3a\xff\xff\xff\xff\x07", "ends too early"),
        (b"\x3a" + b"\xff" * 12, "damaged"),
        (b"\x3b\x3c", "damaged"),
    ],
)
def test_what_is_no_model(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"not a readable ONNX model.*{why}") as caught:
        read_graph(path)
    assert "\n" not in str(caught.value)


def test_many_parts_are_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_file, "_MOST_FIELDS", 1000)
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x01" * 2000)
    with pytest.raises(ModelError, match="too many parts"):
        read_graph(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.touch()
    os.truncate(path, 1 << 40)  # a hole, which takes no room
    with pytest.raises(ModelError, match="1048576 MB; a model has 512 MB at most"):
        read_graph(path)
