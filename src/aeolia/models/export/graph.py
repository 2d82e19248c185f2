"""Simplify an exported graph: what does not depend on the input becomes a constant.

The exporter spells every reshape as a chain of Shape, Gather, Unsqueeze and Concat nodes. Live
audio runs the graph once per hop, where a hundred such nodes cost as much as the network. ONNX
can say the same with a constant: 0 copies the input's axis, -1 is what remains. ONNX Runtime's
basic optimisations, which keep to standard operators, then fold the rest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

__all__ = ["simplify", "store_small"]

#: Constants of fewer values are left as they are.
_LEAST_VALUES = 256


def simplify(proto: onnx.ModelProto, probes: Sequence[dict[str, np.ndarray]]) -> onnx.ModelProto:
    """The same graph with constant reshapes and folded constants, in standard operators.

    Args:
        probes: inputs by name for two runs, which differ in the size of every free axis and in
            no other.
    """
    reshapes = [node for node in proto.graph.node if node.op_type == "Reshape"]
    # A session that is given no names of outputs returns all of them.
    observed = [_observe(proto, reshapes, probe) for probe in probes] if reshapes else []
    for i, node in enumerate(reshapes):
        target = _constant_target([seen[i] for seen in observed])
        if target is None:
            continue
        name = f"{node.output[0]}_shape"
        proto.graph.initializer.append(numpy_helper.from_array(np.array(target, np.int64), name))
        node.input[1] = name
    _drop_unused(proto.graph)
    return _folded(proto)


def _folded(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Let ONNX Runtime fold constants and drop what does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        folded = onnx.load(path)
    # ONNX Runtime names every operator set it knows; one of a future version, though unused,
    # would make older runtimes refuse the file.
    used = {node.domain for node in folded.graph.node}
    named = [entry for entry in folded.opset_import if entry.domain in used]
    del folded.opset_import[:]
    folded.opset_import.extend(named)
    return folded


def _observe(
    proto: onnx.ModelProto, reshapes: list[onnx.NodeProto], probe: dict[str, np.ndarray]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Shapes before and after each reshape when the graph runs on a probe."""
    watched = onnx.ModelProto()
    watched.CopyFrom(proto)
    names = [name for node in reshapes for name in (node.input[0], node.output[0])]
    known = {output.name for output in watched.graph.output}
    for name in dict.fromkeys(names):
        if name not in known:
            watched.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = iter(session.run(names, probe))
    return [(before.shape, after.shape) for before, after in zip(values, values, strict=True)]


def _constant_target(
    observed: list[tuple[tuple[int, ...], tuple[int, ...]]],
) -> list[int] | None:
    """The reshape's target as a constant, or None where it needs two free axes."""
    target = []
    for axis in range(len(observed[0][1])):
        sizes = {after[axis] for _, after in observed}
        if len(sizes) == 1:
            target.append(sizes.pop())
        elif all(axis < len(before) and before[axis] == after[axis] for before, after in observed):
            target.append(0)
        else:
            target.append(-1)
    return target if target.count(-1) <= 1 else None


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Remove nodes none of whose outputs reach the graph's outputs."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    for initializer in [i for i in graph.initializer if i.name not in needed]:
        graph.initializer.remove(initializer)


def store_small(proto: onnx.ModelProto) -> None:
    """Keep equal constants once, and those that half precision holds exactly in half precision.

    What is computed does not change: ONNX Runtime casts them once, when it loads the graph.
    """
    graph = proto.graph
    known: dict[bytes, str] = {}
    same: dict[str, str] = {}
    kept, casts = [], []
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < _LEAST_VALUES:
            kept.append(constant)
            continue
        name = known.setdefault(str(values.shape).encode() + values.tobytes(), constant.name)
        if name != constant.name:
            same[constant.name] = name
            continue
        halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            kept.append(constant)
            continue
        kept.append(numpy_helper.from_array(halves, f"{name}_half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = list(graph.node)
    for node in nodes:
        for index, name in enumerate(node.input):
            node.input[index] = same.get(name, name)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*casts, *nodes])
