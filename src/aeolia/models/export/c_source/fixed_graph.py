"""A released step whose sizes are all numbers: one hop of so many channels, constants computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

__all__ = ["FixedGraph", "Node", "fix_sizes"]

#: What these make depends on the sizes of their inputs alone, or of their values.
_OF_SIZES = ("Shape", "Size")


@dataclass(frozen=True)
class Node:
    """One operator; an input that is left out is ""."""

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class FixedGraph:
    """What is left to compute, in order, and the sizes of all that is computed."""

    nodes: list[Node]
    constants: dict[str, np.ndarray]
    shapes: dict[str, tuple[int, ...]]
    #: Name of an input or state -> its shape.
    inputs: dict[str, tuple[int, ...]]
    outputs: list[str]


def fix_sizes(data: bytes, sizes: Mapping[str, tuple[int, ...]]) -> FixedGraph:
    """The graph for inputs of these sizes, without nodes that come to the same for any input.

    Args:
        data: an ONNX file.
        sizes: name of each input -> its shape.
    """
    proto = onnx.load_from_string(data)
    values = _all_values(proto, sizes)
    constants = {entry.name: numpy_helper.to_array(entry) for entry in proto.graph.initializer}
    kept = []
    for node in map(_read_node, proto.graph.node):
        if node.operator in _OF_SIZES or _is_constant(node, constants):
            constants.update((name, values[name]) for name in node.outputs if name)
        else:
            kept.append(node)
    outputs = [output.name for output in proto.graph.output]
    return FixedGraph(
        _needed(kept, outputs),
        constants,
        {name: value.shape for name, value in values.items()},
        dict(sizes),
        outputs,
    )


def _read_node(node: onnx.NodeProto) -> Node:
    attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
    return Node(node.op_type, node.name, tuple(node.input), tuple(node.output), attributes)


def _is_constant(node: Node, constants: Mapping[str, np.ndarray]) -> bool:
    # The step makes a one for every frame as a sample times nothing and one.
    if node.operator == "Mul" and any(
        name in constants and not constants[name].any() for name in node.inputs
    ):
        return True
    return all(name in constants for name in node.inputs if name)


def _all_values(
    proto: onnx.ModelProto, sizes: Mapping[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """Every value that the graph computes, for noise of these sizes."""
    watched = onnx.ModelProto()
    watched.CopyFrom(proto)
    known = {output.name for output in watched.graph.output}
    names = [name for node in proto.graph.node for name in node.output if name]
    watched.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in names if name not in known
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    random = np.random.default_rng(0)
    feed = {
        name: 0.1 * random.standard_normal(shape).astype(np.float32)
        for name, shape in sizes.items()
    }
    return {**feed, **dict(zip(names, session.run(names, feed), strict=True))}


def _needed(nodes: list[Node], outputs: list[str]) -> list[Node]:
    """The nodes that reach the outputs."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return kept[::-1]
