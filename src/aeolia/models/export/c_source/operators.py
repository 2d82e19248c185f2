"""What each operator of a step graph becomes in C: a rearrangement, a loop, or a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aeolia.errors import ModelError
from aeolia.models.export.c_source.fixed_graph import FixedGraph, Node
from aeolia.models.export.c_source.products import convolved, multiplied, transposed_convolved
from aeolia.models.export.c_source.program import Program
from aeolia.models.export.c_source.recurrent import gru, lstm
from aeolia.models.export.c_source.views import View

__all__ = ["Lowering"]

#: Operators that work on each element alone, as C.
_EACH = {
    "Add": "{0} + {1}",
    "Sub": "{0} - {1}",
    "Mul": "{0} * {1}",
    "Div": "{0} / {1}",
    "Pow": "powf({0}, {1})",
    "Sqrt": "sqrtf({0})",
    "PRelu": "({0} < 0.0f ? {1} * {0} : {0})",
    "Relu": "({0} < 0.0f ? 0.0f : {0})",
    "Sigmoid": "sigmoid({0})",
    "Softplus": "(fmaxf({0}, 0.0f) + log1pf(expf(-fabsf({0}))))",
    "Tanh": "hyperbolic({0})",
}


@dataclass(frozen=True)
class _Call:
    """One operator with its inputs."""

    node: Node
    inputs: Sequence[View | None]
    #: Values of the inputs that are constant.
    values: Sequence[np.ndarray | None]

    def __getitem__(self, number: int) -> View:
        view = self.inputs[number]
        assert view is not None, f"{self.node.operator} lacks an input"
        return view

    def integers(self, number: int, attribute: str = "") -> list[int] | None:
        """Integers that came as an input or, in older operator sets, as an attribute."""
        if attribute in self.node.attributes:
            return [int(value) for value in self.node.attributes[attribute]]
        value = self.values[number] if number < len(self.values) else None
        return None if value is None else [int(entry) for entry in value.ravel()]

    def attribute(self, name: str, default: Any) -> Any:
        return self.node.attributes.get(name, default)


class Lowering:
    """Turns the nodes of a graph into statements of a program, one after another."""

    def __init__(self, graph: FixedGraph, program: Program) -> None:
        self._graph = graph
        self._program = program
        self.views: dict[str, View] = {}

    def run(self) -> None:
        """All nodes.

        Raises:
            ModelError: an operator that this export does not know.
        """
        for node in self._graph.nodes:
            made = self._made(node)
            for name, view in zip(node.outputs, made, strict=False):
                self.views[name] = view

    def view(self, name: str) -> View:
        """A tensor that is computed, or a constant."""
        if name not in self.views:
            self.views[name] = self._program.constant(self._graph.constants[name])
        return self.views[name]

    def _made(self, node: Node) -> Sequence[View]:
        inputs = [self._floating(name) for name in node.inputs]
        values = [self._graph.constants.get(name) for name in node.inputs]
        call = _Call(node, inputs, values)
        if node.operator in _EACH:
            return [self._each(call)]
        if node.operator not in _OPERATORS:
            raise ModelError(
                f"--for c does not know the operator {node.operator} of this model's graph; "
                f"export it without --for, as .onnx, or export the model again with this version"
            )
        return _OPERATORS[node.operator](self._program, call, self._shape(node))

    def _floating(self, name: str) -> View | None:
        constant = self._graph.constants.get(name)
        if not name or (constant is not None and constant.dtype != np.float32):
            return None
        return self.view(name)

    def _shape(self, node: Node) -> tuple[int, ...]:
        return self._graph.shapes[node.outputs[0]]

    def _each(self, call: _Call) -> View:
        target = self._program.new(self._shape(call.node))
        operands: list[View | float] = [
            float(value.ravel()[0]) if value is not None and value.size == 1 else call[number]
            for number, value in enumerate(call.values)
        ]
        self._program.loop(target, _EACH[call.node.operator], operands, call.node.operator)
        return target


_Operator = Callable[[Program, _Call, tuple[int, ...]], Sequence[View]]


def _reshape(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    return [call[0].at(call[0].index.reshape(shape))]


def _transpose(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    return [call[0].at(call[0].index.transpose(call.attribute("perm", None)))]


def _slice(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    starts, ends = call.integers(1) or [], call.integers(2) or []
    axes = call.integers(3) or range(len(starts))
    steps = call.integers(4) or [1] * len(starts)
    index = call[0].index
    cut = [slice(None)] * index.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # Backwards to the first element is an end that lies before it.
        past = step < 0 and end < -index.shape[axis]
        cut[axis] = slice(start, None if past else end, step)
    return [call[0].at(index[tuple(cut)])]


def _gather(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    chosen = call.values[1]
    if chosen is None:
        raise ModelError("--for c needs the indices of Gather to be constant; export as .onnx")
    return [call[0].at(np.take(call[0].index, chosen, call.attribute("axis", 0)))]


def _split(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    lengths = call.integers(1) or []
    axis = call.attribute("axis", 0)
    pieces = np.split(call[0].index, np.cumsum(lengths)[:-1], axis)
    return [call[0].at(piece) for piece in pieces]


def _concat(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    target, axis, at = program.new(shape), call.attribute("axis", 0), 0
    for number in range(len(call.inputs)):
        stop = at + call[number].shape[axis]
        part = np.take(target.index, range(at, stop), axis)
        program.loop(target.at(part), "{0}", [call[number]], "Concat")
        at = stop
    return [target]


def _pad(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    widths = call.integers(1) or []
    if call.attribute("mode", b"constant") != b"constant" or min(widths) < 0:
        raise ModelError("--for c pads with constants only; export as .onnx, without --for")
    fill = call.values[2] if len(call.values) > 2 else None
    target = program.new(shape)
    program.loop(target, "{0}", [0.0 if fill is None else float(fill.ravel()[0])], "Pad")
    before = widths[: len(shape)]
    inner = tuple(slice(n, n + size) for n, size in zip(before, call[0].shape, strict=True))
    program.loop(target.at(target.index[inner]), "{0}", [call[0]], "Pad")
    return [target]


def _reduce(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    source = call[0]
    axes = call.integers(1, "axes") or list(range(source.index.ndim))
    axes = sorted(axis % source.index.ndim for axis in axes)
    kept = [1 if axis in axes else size for axis, size in enumerate(source.shape)]
    target = program.new(kept)
    about = call.node.operator
    program.loop(target, "{0}", [0.0], about)
    program.loop(target, "{0}", [source], about, "+=", axes)
    if about == "ReduceMean":
        count = int(np.prod([source.shape[axis] for axis in axes]))
        if count > 1:
            program.loop(target, "{0}", [1.0 / count], about, "*=")
    return [target.at(target.index.reshape(shape))]


def _layer_norm(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    if call.attribute("axis", -1) % len(shape) != len(shape) - 1:
        raise ModelError("--for c normalises the last axis only; export as .onnx, without --for")
    target = program.new(shape)
    size = shape[-1]
    epsilon = program.constant(np.array([call.attribute("epsilon", 1e-5)], np.float32))
    views = [target, *(program.contiguous(call[n]) for n in range(3)), epsilon]
    program.call("layer_norm", views, target.index.size // size, size)
    return [target]


def _matmul(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    return [multiplied(program, call[0], call[1])]


def _convolution(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    attributes = call.node.attributes
    bias = call[2] if len(call.inputs) > 2 else None
    make = convolved if call.node.operator == "Conv" else transposed_convolved
    return [make(program, call[0], call[1], bias, attributes)]


def _recurrent(program: Program, call: _Call, shape: tuple[int, ...]) -> Sequence[View]:
    make = gru if call.node.operator == "GRU" else lstm
    return make(program, call.inputs, call.values, call.node.attributes)


_OPERATORS: dict[str, _Operator] = {
    **dict.fromkeys(("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"), _reshape),
    "Transpose": _transpose,
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
    "Concat": _concat,
    "Pad": _pad,
    "ReduceSum": _reduce,
    "ReduceMean": _reduce,
    "LayerNormalization": _layer_norm,
    "MatMul": _matmul,
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "GRU": _recurrent,
    "LSTM": _recurrent,
}
