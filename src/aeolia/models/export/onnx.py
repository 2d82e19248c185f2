"""Export of a model's `step` to ONNX, checked against PyTorch before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.config import AnyConfig, config_to_json
from aeolia.errors import ModelError
from aeolia.files import write_atomically
from aeolia.models.build import Autoencoder
from aeolia.models.export.separate import (
    largest_separator_difference,
    largest_voice_difference,
    separator_graph,
    voice_graph,
)
from aeolia.models.export.synth import largest_synth_difference, synthesiser_graphs
from aeolia.models.export.tracing import flat_names, trace
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.models.synth.tags import with_tags

__all__ = ["FORMAT_VERSION", "TOLERANCE", "export_onnx", "largest_difference"]

FORMAT_VERSION = "1"
#: Largest difference between ONNX Runtime and PyTorch that a released file may have.
TOLERANCE = 1e-4
#: Frames per call in the check: a live hop, and two block lengths that the trace never saw.
_CHECK_FRAMES = (1, 3, 64)
#: Two inputs whose axes differ in every size: (batch, frames).
_PROBES = ((2, 3), (5, 7))


class _FlatStep(nn.Module):
    """`step` with the state as positional arguments, as the exporter wants it."""

    def __init__(self, model: DenoisingAutoencoder) -> None:
        super().__init__()
        self.model = model
        self.names = list(model.state_shapes())

    def forward(self, audio: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        output, following = self.model.step(audio, dict(zip(self.names, state, strict=True)))
        return (output, *(following[name] for name in self.names))


def export_onnx(model: Autoencoder, path: Path, card: str = "") -> float:
    """Write `model` as a released file; returns the largest difference from PyTorch.

    The graph's inputs and outputs are those of the backends in `aeolia.runtime`; config, card and
    format version stand in the metadata. Beside the graph of a separator by speaker,
    `path`.voice.onnx is its voice encoder; beside a synthesiser's decoder are `path`.envelope.onnx,
    `path`.encode.onnx and `path`.prior.onnx.

    Raises:
        ModelError: ONNX Runtime and PyTorch differ by more than `TOLERANCE`; nothing is written.
    """
    model, path = model.eval(), Path(path)
    files: dict[Path, bytes] = {}
    if isinstance(model, Synthesiser):
        if model.config.decoder == "spectrogram":
            raise ModelError(
                f"{model.config.name} cannot be exported: its phases need whole notes; it is there "
                "to be compared with, train the preset notes instead"
            )
        config = with_tags(model)
        parts = {
            part: _with_metadata(graph, config, card)
            for part, graph in synthesiser_graphs(model).items()
        }
        difference = largest_synth_difference(model, parts)
        files = {
            path.with_suffix(f".{part}.onnx") if part else path: data
            for part, data in parts.items()
        }
    elif isinstance(model, ConditionalAutoencoder):
        files[path] = _with_metadata(separator_graph(model), model.config, card)
        difference = largest_separator_difference(model, files[path])
        if model.voice is not None:
            voice = path.with_suffix(".voice.onnx")
            files[voice] = _with_metadata(voice_graph(model.voice), model.config, card)
            difference = max(difference, largest_voice_difference(model.voice, files[voice]))
    else:
        files[path] = _with_metadata(_graph(model), model.config, card)
        difference = largest_difference(model, files[path])
    if not difference <= TOLERANCE:
        raise ModelError(
            f"not exported: ONNX Runtime and PyTorch differ by {difference:.2e}, "
            f"and at most {TOLERANCE:.0e} is allowed; retrain, or report this model"
        )
    for file, data in files.items():
        write_atomically(file, data)
    return difference


def _with_metadata(proto: onnx.ModelProto, config: AnyConfig, card: str) -> bytes:
    for key, value in (
        ("aeolia_format", FORMAT_VERSION),
        ("aeolia_config", config_to_json(config)),
        ("aeolia_card", card),
    ):
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    return proto.SerializeToString()


def _graph(model: DenoisingAutoencoder) -> onnx.ModelProto:
    """The graph of a denoiser's step: `audio` [batch, 1, samples], state batch first."""
    inputs, outputs = flat_names(["audio"], model.state_shapes())
    axes: dict[str, dict[int, str]] = {name: {0: "batch"} for name in (*inputs, *outputs)}
    axes["audio"][2] = axes["output"][2] = "samples"

    def example(batch: int, frames: int) -> dict[str, Tensor]:
        audio = torch.zeros(batch, 1, frames * model.config.hop_length)
        return dict(zip(inputs, (audio, *model.initial_state(batch).values()), strict=True))

    probes = [example(*probe) for probe in _PROBES]
    return trace(_FlatStep(model), example(1, 2), outputs, axes, probes)


def largest_difference(model: DenoisingAutoencoder, data: bytes) -> float:
    """Largest absolute difference of any output sample, over block lengths and two channels."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = list(model.state_shapes())
    generator = np.random.default_rng(0)
    torch_state = model.initial_state(2)
    onnx_state = {f"state_{name}": value.numpy() for name, value in torch_state.items()}
    worst = 0.0
    for frames in _CHECK_FRAMES:
        shape = (2, 1, frames * model.config.hop_length)
        audio = (0.1 * generator.standard_normal(shape)).astype(np.float32)
        with torch.no_grad():
            expected, torch_state = model.step(torch.from_numpy(audio), torch_state)
        output, *following = session.run(None, {"audio": audio, **onnx_state})
        onnx_state = {f"state_{name}": value for name, value in zip(names, following, strict=True)}
        worst = max(worst, float(np.abs(output - expected.numpy()).max()))
    return worst
