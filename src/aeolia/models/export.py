"""Export of a model's `step` to ONNX, checked against PyTorch before anything is written."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.config import config_to_json
from aeolia.errors import ModelError
from aeolia.models.autoencoder import DenoisingAutoencoder
from aeolia.models.checkpoint import write_atomically
from aeolia.models.graph import simplify

__all__ = ["FORMAT_VERSION", "TOLERANCE", "export_onnx", "largest_difference"]

FORMAT_VERSION = "1"
#: Largest difference between ONNX Runtime and PyTorch that a released file may have.
TOLERANCE = 1e-4
_OPSET = 17
#: Frames per call in the check: a live hop, and two block lengths that the trace never saw.
_CHECK_FRAMES = (1, 3, 64)


class _FlatStep(nn.Module):
    """`step` with the state as positional arguments, as the exporter wants it."""

    def __init__(self, model: DenoisingAutoencoder) -> None:
        super().__init__()
        self.model = model
        self.names = list(model.state_shapes())

    def forward(self, audio: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        output, following = self.model.step(audio, dict(zip(self.names, state, strict=True)))
        return (output, *(following[name] for name in self.names))


def export_onnx(model: DenoisingAutoencoder, path: Path, card: str = "") -> float:
    """Write `model` as a released file; returns the largest difference from PyTorch.

    Inputs `audio` [batch, 1, samples] and `state_<name>`, outputs `output` and
    `next_state_<name>`; config, card and format version in the metadata.

    Raises:
        ModelError: ONNX Runtime and PyTorch differ by more than `TOLERANCE`; nothing is written.
    """
    model = model.eval()
    proto = _trace(model)
    for key, value in (
        ("aeolia_format", FORMAT_VERSION),
        ("aeolia_config", config_to_json(model.config)),
        ("aeolia_card", card),
    ):
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    data = proto.SerializeToString()
    difference = largest_difference(model, data)
    if not difference <= TOLERANCE:
        raise ModelError(
            f"not exported: ONNX Runtime and PyTorch differ by {difference:.2e}, "
            f"and at most {TOLERANCE:.0e} is allowed; retrain, or report this model"
        )
    write_atomically(Path(path), data)
    return difference


def _trace(model: DenoisingAutoencoder) -> onnx.ModelProto:
    flat = _FlatStep(model)
    state = model.initial_state(1)
    audio = torch.zeros(1, 1, 2 * model.config.hop_length)
    inputs = ["audio", *(f"state_{name}" for name in flat.names)]
    outputs = ["output", *(f"next_state_{name}" for name in flat.names)]
    axes: dict[str, dict[int, str]] = {name: {0: "batch"} for name in (*inputs, *outputs)}
    axes["audio"][2] = axes["output"][2] = "samples"
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter keeps the time axis of recurrent layers dynamic.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            flat,
            (audio, *state.values()),
            buffer,  # type: ignore[arg-type]  # this exporter writes to files too
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    proto = onnx.load_from_string(buffer.getvalue())
    proto = simplify(proto, model.config.hop_length, model.state_shapes())
    onnx.checker.check_model(proto)
    return proto


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
        onnx_state = {
            f"state_{name}": value for name, value in zip(names, following, strict=True)
        }
        worst = max(worst, float(np.abs(output - expected.numpy()).max()))
    return worst
