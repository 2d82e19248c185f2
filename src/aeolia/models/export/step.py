"""A model's step as a graph, and how far the graph is from PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.models.export.tracing import trace
from aeolia.nn.state import State

__all__ = ["Step", "largest_step_difference", "open_graph", "trace_step"]

#: A model's `step`: its inputs in order, then its state.
Step = Callable[[Sequence[Tensor], State], tuple[Tensor, State]]


class _FlatStep(nn.Module):
    """A step whose state is positional arguments and results, as the exporter needs it."""

    def __init__(self, model: nn.Module, step: Step, n_inputs: int, states: Iterable[str]) -> None:
        """`model` holds the weights that `step` works with."""
        super().__init__()
        self.model = model
        self.run = step
        self.n_inputs = n_inputs
        self.states = list(states)

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Inputs and state tensors to the output and the next state tensors, in the same order."""
        state = dict(zip(self.states, values[self.n_inputs :], strict=True))
        output, following = self.run(values[: self.n_inputs], state)
        return (output, *(following[name] for name in self.states))


def trace_step(
    model: nn.Module,
    step: Step,
    examples: Sequence[tuple[dict[str, Tensor], State]],
    axes: Mapping[str, dict[int, str]],
    state_axes: Mapping[str, Sequence[str]],
) -> onnx.ModelProto:
    """The graph of a step, its state as inputs `state_<name>` and outputs `next_state_<name>`.

    Args:
        examples: inputs by name and a state: the traced call, then the probes of `trace`.
        axes: names of the free axes of the inputs and of the output, which is called "output".
        state_axes: names of the leading axes of every state tensor whose leading axes are free.
    """
    n_inputs, states = len(examples[0][0]), list(examples[0][1])
    free = dict(axes)
    for name, leading in state_axes.items():
        free[f"state_{name}"] = free[f"next_state_{name}"] = dict(enumerate(leading))
    example, *probes = (
        {**inputs, **{f"state_{name}": value for name, value in state.items()}}
        for inputs, state in examples
    )
    outputs = ["output", *(f"next_state_{name}" for name in states)]
    return trace(_FlatStep(model, step, n_inputs, states), example, outputs, free, probes)


def open_graph(data: bytes) -> onnxruntime.InferenceSession:
    """A session on the processor, the only one that a released model has to run on."""
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


@torch.no_grad()
def largest_step_difference(
    step: Step,
    session: onnxruntime.InferenceSession,
    state: State,
    calls: Iterable[dict[str, Tensor]],
) -> float:
    """Largest absolute difference of an output sample between PyTorch and ONNX Runtime.

    Args:
        state: where both begin; each goes on with its own.
        calls: inputs by name, in the order of the step's arguments, for one call after another.
    """
    onnx_state = {f"state_{name}": value.numpy() for name, value in state.items()}
    worst = 0.0
    for inputs in calls:
        expected, state = step(tuple(inputs.values()), state)
        given = {name: value.numpy() for name, value in inputs.items()}
        output, *following = session.run(None, {**given, **onnx_state})
        onnx_state = dict(zip(onnx_state, following, strict=True))
        worst = max(worst, float(np.abs(output - expected.numpy()).max()))
    return worst
