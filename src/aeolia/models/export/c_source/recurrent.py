"""GRU and LSTM: the inputs' part of all steps as one product, then a kernel over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aeolia.errors import ModelError
from aeolia.models.export.c_source.products import multiplied
from aeolia.models.export.c_source.program import Program
from aeolia.models.export.c_source.views import View

__all__ = ["gru", "lstm"]

_KNOWN = {"direction", "hidden_size", "layout", "linear_before_reset", "input_forget"}


def gru(
    program: Program,
    inputs: Sequence[View | None],
    values: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any],
) -> Sequence[View]:
    """ONNX's GRU with `linear_before_reset`, as PyTorch's is: gates z, r, n."""
    if attributes.get("linear_before_reset") != 1:
        raise _refusal("GRU")
    return _layer(program, inputs, values, attributes, "gru", 3)


def lstm(
    program: Program,
    inputs: Sequence[View | None],
    values: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any],
) -> Sequence[View]:
    """ONNX's LSTM without peepholes: gates i, o, f, c."""
    return _layer(program, inputs, values, attributes, "lstm", 4)


def _layer(
    program: Program,
    inputs: Sequence[View | None],
    values: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any],
    kernel: str,
    n_gates: int,
) -> Sequence[View]:
    """X [T, B, I] to Y [T, 1, B, H] and the last states [1, B, H]."""
    x, _, _, _, lengths, *rest = [*inputs, *[None] * (8 - len(inputs))][:8]
    weight, recurrent, bias = values[1:4]
    n_states = 1 if kernel == "gru" else 2
    backward = attributes.get("direction", b"forward") == b"reverse"
    usual = (
        x is not None
        and weight is not None
        and recurrent is not None
        and weight.shape[0] == 1
        and lengths is None
        and not any(rest[n_states:])
        and set(attributes) <= _KNOWN
        and not attributes.get("layout")
        and not attributes.get("input_forget")
    )
    if not usual:
        raise _refusal(kernel.upper())
    assert x is not None and weight is not None and recurrent is not None
    n_steps, batch, _ = x.shape
    hidden = recurrent.shape[2]
    biases = np.zeros((1, 2 * n_gates * hidden), np.float32) if bias is None else bias
    given, own = np.split(biases[0], 2)
    if backward:
        x = x.at(x.index[::-1])
    # Weights lie with the outputs side by side, so that a vector holds several of them.
    gates = multiplied(program, x, program.constant(weight[0].T), program.constant(given))
    states = [_state(program, state, batch, hidden) for state in rest[:n_states]]
    y, scratch = program.new((n_steps, 1, batch, hidden)), program.new((batch, n_gates * hidden))
    matrix, vector = program.constant(recurrent[0].T), program.constant(own)
    views = [y, *states, gates, matrix, vector, scratch]
    program.call(kernel, views, n_steps, batch, hidden)
    return [y.at(y.index[::-1]) if backward else y, *states]


def _state(program: Program, state: View | None, batch: int, hidden: int) -> View:
    """A copy that the kernel may change."""
    copy = program.new((1, batch, hidden))
    program.loop(copy, "{0}", [0.0 if state is None else state], "state")
    return copy


def _refusal(operator: str) -> ModelError:
    return ModelError(
        f"--for c takes a {operator} of one direction as PyTorch exports it; export this model as "
        f".onnx, without --for"
    )
