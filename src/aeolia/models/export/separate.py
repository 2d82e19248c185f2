"""The released graphs of a separator: its step, and the voice network of one by speaker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
import torch
from torch import Tensor

from aeolia.models.export.step import Step, largest_step_difference, open_graph, trace_step
from aeolia.models.export.tracing import trace
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.spectral.voice import VOICE_SAMPLE_RATE, VoiceNetwork
from aeolia.nn.state import State

__all__ = ["graphs", "largest_difference"]

#: (channels, sources, frames): all differ, and no product of two is another's size.
_EXAMPLE, _PROBES = (2, 3, 2), ((2, 3, 5), (5, 7, 11))
#: (channels, sources) and frames per call in the check.
_CHECK_COUNTS = ((1, 1), (2, 1), (1, 2), (2, 6))
_CHECK_FRAMES = (1, 3, 64)
#: Seconds of the clips in the check of the voice network.
_CLIP_SECONDS = (2.0, 7.3)


def graphs(model: ConditionalAutoencoder) -> dict[str, onnx.ModelProto]:
    """The graph of the step, under "", and of the voice network, under "voice", if it has one."""
    found = {"": _step_graph(model)}
    if model.voice is not None:
        found["voice"] = _voice_graph(model.voice)
    return found


def largest_difference(model: ConditionalAutoencoder, files: Mapping[str, bytes]) -> float:
    """Largest absolute difference from PyTorch of any output sample or value of a voice.

    Over block lengths, channels, sources, and with and without the sharing of the remainder.
    """
    session = open_graph(files[""])
    worst = max(
        largest_step_difference(
            _step(model),
            session,
            model.initial_state(1, sources, channels),
            _calls(model, channels, sources, partition),
        )
        for channels, sources in _CHECK_COUNTS
        for partition in (0.0, 1.0)
    )
    if model.voice is None:
        return worst
    return max(worst, _voice_difference(model.voice, files["voice"]))


def _step(model: ConditionalAutoencoder) -> Step:
    def step(inputs: Sequence[Tensor], state: State) -> tuple[Tensor, State]:
        audio, condition, partition = inputs
        return model.step(audio, condition, partition, state)

    return step


def _step_graph(model: ConditionalAutoencoder) -> onnx.ModelProto:
    """The graph of a separator's step, for one mixture of any channels and sources."""

    def example(channels: int, sources: int, frames: int) -> tuple[dict[str, Tensor], State]:
        inputs = {
            "audio": torch.zeros(1, channels, frames * model.config.hop_length),
            "condition": torch.zeros(1, sources, model.condition_width),
            "partition": torch.zeros(1),
        }
        return inputs, model.initial_state(1, sources, channels)

    axes = {
        "audio": {1: "channels", 2: "samples"},
        "condition": {1: "sources"},
        "output": {1: "sources", 2: "channels", 3: "samples"},
    }
    state_axes = {name: [axis] for name, axis in model.state_axes().items() if axis != "one"}
    examples = [example(*sizes) for sizes in (_EXAMPLE, *_PROBES)]
    return trace_step(model, _step(model), examples, axes, state_axes)


def _voice_graph(voice: VoiceNetwork) -> onnx.ModelProto:
    """The graph of a voice network: `audio` [1, samples] to `voice` [1, K]."""
    example, *probes = (
        {"audio": torch.randn(1, round(seconds * VOICE_SAMPLE_RATE))} for seconds in (2.5, 2.0, 3.1)
    )
    return trace(voice, example, ["voice"], {"audio": {1: "samples"}}, probes)


def _calls(
    model: ConditionalAutoencoder, channels: int, sources: int, partition: float
) -> Iterator[dict[str, Tensor]]:
    """Mixtures of noise, and conditions as they come: single classes, or unit vectors."""
    generator, width = torch.Generator().manual_seed(0), model.condition_width
    if model.voice is None:
        condition = torch.eye(width)[torch.arange(sources) % width]
    else:
        condition = torch.randn(sources, width, generator=generator)
        condition = condition / condition.norm(dim=1, keepdim=True)
    for frames in _CHECK_FRAMES:
        shape = (1, channels, frames * model.config.hop_length)
        yield {
            "audio": 0.1 * torch.randn(shape, generator=generator),
            "condition": condition.unsqueeze(0),
            "partition": torch.tensor([partition]),
        }


@torch.no_grad()
def _voice_difference(voice: VoiceNetwork, data: bytes) -> float:
    """Largest absolute difference of any value of the voice from PyTorch."""
    session, generator = open_graph(data), torch.Generator().manual_seed(0)
    worst = 0.0
    for seconds in _CLIP_SECONDS:
        audio = torch.randn(1, round(seconds * VOICE_SAMPLE_RATE), generator=generator)
        audio[:, : audio.shape[1] // 4] *= 1e-6  # a pause
        (found,) = session.run(["voice"], {"audio": audio.numpy()})
        worst = max(worst, float(np.abs(found - voice(audio).numpy()).max()))
    return worst
