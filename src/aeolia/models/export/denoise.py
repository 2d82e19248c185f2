"""The released graph of a denoiser: its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx
import torch
from torch import Tensor

from aeolia.models.export.step import Step, largest_step_difference, open_graph, trace_step
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.nn.state import State

__all__ = ["graphs", "largest_difference"]

#: (batch, frames) of the traced call and of two inputs whose axes differ in every size.
_EXAMPLE, _PROBES = (1, 2), ((2, 3), (5, 7))
#: Channels in the check, and frames per call: a live hop, and two lengths that no trace had.
_CHECK_BATCH, _CHECK_FRAMES = 2, (1, 3, 64)


def graphs(model: DenoisingAutoencoder) -> dict[str, onnx.ModelProto]:
    """The graph of the step, under "": `audio` [batch, 1, samples], state batch first."""

    def example(batch: int, frames: int) -> tuple[dict[str, Tensor], State]:
        audio = torch.zeros(batch, 1, frames * model.config.hop_length)
        return {"audio": audio}, model.initial_state(batch)

    axes = dict.fromkeys(("audio", "output"), {0: "batch", 2: "samples"})
    state_axes = dict.fromkeys(model.state_shapes(), "batch")
    examples = [example(*sizes) for sizes in (_EXAMPLE, *_PROBES)]
    return {"": trace_step(model, _step(model), examples, axes, state_axes)}


def largest_difference(model: DenoisingAutoencoder, files: Mapping[str, bytes]) -> float:
    """Largest absolute difference of any output sample from PyTorch, over block lengths."""

    def calls() -> Iterator[dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        for frames in _CHECK_FRAMES:
            shape = (_CHECK_BATCH, 1, frames * model.config.hop_length)
            yield {"audio": 0.1 * torch.randn(shape, generator=generator)}

    state = model.initial_state(_CHECK_BATCH)
    return largest_step_difference(_step(model), open_graph(files[""]), state, calls())


def _step(model: DenoisingAutoencoder) -> Step:
    def step(inputs: Sequence[Tensor], state: State) -> tuple[Tensor, State]:
        (audio,) = inputs
        return model.step(audio, state)

    return step
