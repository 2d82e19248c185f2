"""The released graph of a denoiser: its step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx
import torch
from torch import Tensor

from aeolia.models.export.step import Step, largest_step_difference, open_graph, trace_step
from aeolia.models.spectral.autoencoder import CHANNEL_STATES
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.nn.state import State

__all__ = ["graphs", "largest_difference"]

#: (batch, channels, frames) of the traced call and of two inputs that differ in every size.
_EXAMPLE, _PROBES = (1, 2, 2), ((2, 3, 5), (5, 7, 11))
#: (batch, channels) in the check, and frames per call: a live hop, and two lengths that no trace
#: had.
_CHECK_SIZES, _CHECK_FRAMES = ((1, 1), (2, 1), (1, 2), (2, 3)), (1, 3, 64)


def graphs(model: DenoisingAutoencoder) -> dict[str, onnx.ModelProto]:
    """The graph of the step, under "": see `runtime.onnx_backend`."""

    def example(batch: int, channels: int, frames: int) -> tuple[dict[str, Tensor], State]:
        audio = torch.zeros(batch, channels, frames * model.config.hop_length)
        return {"audio": audio}, model.initial_state(batch, channels)

    axes = dict.fromkeys(("audio", "output"), {0: "batch", 1: "channels", 2: "samples"})
    state_axes = {
        name: ("batch", "channels") if name in CHANNEL_STATES else ("batch",)
        for name in model.state_shapes()
    }
    examples = [example(*sizes) for sizes in (_EXAMPLE, *_PROBES)]
    return {"": trace_step(model, _step(model), examples, axes, state_axes)}


def largest_difference(model: DenoisingAutoencoder, files: Mapping[str, bytes]) -> float:
    """Largest absolute difference of any output sample from PyTorch.

    Over block lengths, batches and channels.
    """

    def calls(*sizes: int) -> Iterator[dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        for frames in _CHECK_FRAMES:
            shape = (*sizes, frames * model.config.hop_length)
            yield {"audio": 0.1 * torch.randn(shape, generator=generator)}

    session = open_graph(files[""])
    return max(
        largest_step_difference(_step(model), session, model.initial_state(*sizes), calls(*sizes))
        for sizes in _CHECK_SIZES
    )


def _step(model: DenoisingAutoencoder) -> Step:
    def step(inputs: Sequence[Tensor], state: State) -> tuple[Tensor, State]:
        (audio,) = inputs
        return model.step(audio, state)

    return step
