"""A model's step as a graph, and how far the graph is from PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.nn.state import State

__all__ = ["FlatStep", "Step", "flat_names", "largest_step_difference", "open_graph"]

#: A model's `step`: its inputs in order, then its state.
Step = Callable[[Sequence[Tensor], State], tuple[Tensor, State]]


class FlatStep(nn.Module):
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


def flat_names(inputs: Sequence[str], states: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names of all inputs and outputs of a graph with these `inputs` and `states`."""
    states = list(states)
    return (
        [*inputs, *(f"state_{name}" for name in states)],
        ["output", *(f"next_state_{name}" for name in states)],
    )


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
