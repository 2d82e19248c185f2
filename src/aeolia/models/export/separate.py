"""The released graphs of a separator: its step, and the voice encoder of one by speaker."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.models.export.tracing import flat_names, trace
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.spectral.voice import VOICE_SAMPLE_RATE, VoiceNetwork

__all__ = [
    "largest_separator_difference",
    "largest_voice_difference",
    "separator_graph",
    "voice_graph",
]

#: (channels, sources, frames): all differ, and no product of two is another's size.
_EXAMPLE, _PROBES = (2, 3, 2), ((2, 3, 5), (5, 7, 11))
#: (channels, sources) and frames per call in the check.
_CHECK_COUNTS = ((1, 1), (2, 1), (1, 2), (2, 6))
_CHECK_FRAMES = (1, 3, 64)
#: Seconds of the clips in the check of the voice encoder.
_CLIP_SECONDS = (2.0, 7.3)


class _FlatStep(nn.Module):
    """`step` with the state as positional arguments, as the exporter wants it."""

    def __init__(self, model: ConditionalAutoencoder) -> None:
        super().__init__()
        self.model = model
        self.names = list(model.state_shapes())

    def forward(
        self, audio: Tensor, condition: Tensor, partition: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        states = dict(zip(self.names, state, strict=True))
        output, following = self.model.step(audio, condition, partition, states)
        return (output, *(following[name] for name in self.names))


def separator_graph(model: ConditionalAutoencoder) -> onnx.ModelProto:
    """The graph of a separator's step, for one mixture of any channels and sources."""
    inputs, outputs = flat_names(["audio", "condition", "partition"], model.state_shapes())
    axes: dict[str, dict[int, str]] = {
        "audio": {1: "channels", 2: "samples"},
        "condition": {1: "sources"},
        "output": {1: "sources", 2: "channels", 3: "samples"},
    }
    for name, axis in model.state_axes().items():
        if axis != "one":
            axes[f"state_{name}"] = axes[f"next_state_{name}"] = {0: axis}

    def example(channels: int, sources: int, frames: int) -> dict[str, Tensor]:
        values = (
            torch.zeros(1, channels, frames * model.config.hop_length),
            torch.zeros(1, sources, model.condition_width),
            torch.zeros(1),
            *model.initial_state(1, sources, channels).values(),
        )
        return dict(zip(inputs, values, strict=True))

    probes = [example(*probe) for probe in _PROBES]
    return trace(_FlatStep(model), example(*_EXAMPLE), outputs, axes, probes)


def voice_graph(voice: VoiceNetwork) -> onnx.ModelProto:
    """The graph of a voice encoder: `audio` [1, samples] to `voice` [1, K]."""
    example, *probes = (
        {"audio": torch.randn(1, round(seconds * VOICE_SAMPLE_RATE))} for seconds in (2.5, 2.0, 3.1)
    )
    return trace(voice, example, ["voice"], {"audio": {1: "samples"}}, probes)


def largest_separator_difference(model: ConditionalAutoencoder, data: bytes) -> float:
    """Largest absolute difference of any output sample from PyTorch.

    Over block lengths, channels, sources, and with and without the sharing of the remainder.
    """
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return max(
        _difference(model, session, channels, sources, partition)
        for channels, sources in _CHECK_COUNTS
        for partition in (0.0, 1.0)
    )


def _difference(
    model: ConditionalAutoencoder,
    session: onnxruntime.InferenceSession,
    channels: int,
    sources: int,
    partition: float,
) -> float:
    generator = np.random.default_rng(0)
    torch_state = model.initial_state(1, sources, channels)
    onnx_state = {f"state_{name}": value.numpy() for name, value in torch_state.items()}
    condition = _conditions(model, sources)
    worst = 0.0
    for frames in _CHECK_FRAMES:
        shape = (1, channels, frames * model.config.hop_length)
        audio = (0.1 * generator.standard_normal(shape)).astype(np.float32)
        whole = np.array([partition], np.float32)
        with torch.no_grad():
            expected, torch_state = model.step(
                torch.from_numpy(audio),
                torch.from_numpy(condition),
                torch.from_numpy(whole),
                torch_state,
            )
        inputs = {"audio": audio, "condition": condition, "partition": whole, **onnx_state}
        output, *following = session.run(None, inputs)
        onnx_state = dict(zip(onnx_state, following, strict=True))
        worst = max(worst, float(np.abs(output - expected.numpy()).max()))
    return worst


def _conditions(model: ConditionalAutoencoder, sources: int) -> np.ndarray:
    """Conditions [1, S, K] as they come: single classes, or unit vectors."""
    width = model.condition_width
    if model.voice is None:
        return np.eye(width, dtype=np.float32)[np.arange(sources) % width][None]
    vectors = np.random.default_rng(1).standard_normal((1, sources, width))
    return (vectors / np.linalg.norm(vectors, axis=2, keepdims=True)).astype(np.float32)


def largest_voice_difference(voice: VoiceNetwork, data: bytes) -> float:
    """Largest absolute difference of any value of the voice from PyTorch."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    worst = 0.0
    for seconds in _CLIP_SECONDS:
        audio = generator.standard_normal((1, round(seconds * VOICE_SAMPLE_RATE)))
        audio[:, : audio.shape[1] // 4] *= 1e-6  # a pause
        audio = audio.astype(np.float32)
        with torch.no_grad():
            expected = voice(torch.from_numpy(audio)).numpy()
        (found,) = session.run(["voice"], {"audio": audio})
        worst = max(worst, float(np.abs(found - expected).max()))
    return worst
