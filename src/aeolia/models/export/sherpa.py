"""A denoiser for sherpa-onnx, as a model of its type "gtcrn".

sherpa-onnx (https://github.com/k2-fsa/sherpa-onnx) brings the transform, the loop over frames and
bindings for phones, servers and browsers; of us it needs the network between the transforms:

    x [1, Q, 1, 2], three caches -> clean x [1, Q, 1, 2], the next caches        one frame a call

It names three caches after GTCRN's layers and asks only for their shapes, so all of our state goes
through them as one vector in three pieces.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from aeolia.errors import ModelError
from aeolia.files import write_atomically
from aeolia.models.build import Autoencoder
from aeolia.models.export.causal import refuse_chunks
from aeolia.models.export.step import open_graph
from aeolia.models.export.tracing import trace
from aeolia.models.spectral.autoencoder import CHANNEL_STATES
from aeolia.models.spectral.denoiser import DenoisingAutoencoder

__all__ = ["export_sherpa"]

_CACHES = ("conv_cache", "tra_cache", "inter_cache")
#: State that sherpa-onnx's own transform holds.
_TAILS = ("input_tail", "output_tail")
#: Largest difference from PyTorch, and the frames over which it is looked for.
_TOLERANCE, _CHECK_FRAMES = 1e-3, 40
#: What the format calls its first version, the only one.
_VERSION = 1


class _FrameStep(nn.Module):
    """One frame through the network, in the shapes and the scale of the other program."""

    def __init__(self, model: DenoisingAutoencoder) -> None:
        super().__init__()
        self.model = model
        shapes = model.state_shapes()
        self.shapes = {name: shapes[name] for name in shapes if name not in _TAILS}
        self.lengths = [int(torch.tensor(shape).prod()) for shape in self.shapes.values()]
        third = sum(self.lengths) // 3
        self.pieces = [third, third, sum(self.lengths) - 2 * third]
        window = torch.hann_window(model.config.win_length).sqrt()
        # Theirs is the plain square root of a Hann window, ours the same times a constant.
        self.scale = float(model.spectrum.analysis_window.sum() / window.sum())

    def zeros(self) -> tuple[Tensor, ...]:
        """The caches before the first frame."""
        return tuple(torch.zeros(1, length) for length in self.pieces)

    def forward(self, x: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        """x [1, Q, 1, 2], (real, imaginary) last, and the caches [1, N] each."""
        vectors = torch.cat(caches, dim=1).split(self.lengths, dim=1)
        state = {
            name: vector.reshape(1, *([1] if name in CHANNEL_STATES else []), *shape)
            for (name, shape), vector in zip(self.shapes.items(), vectors, strict=True)
        }
        spectrum = self.scale * x.permute(0, 3, 2, 1).unsqueeze(1)  # of one channel
        clean, following = self.model.step_spectrum(spectrum, state)
        flat = torch.cat([following[name].reshape(1, -1) for name in self.shapes], dim=1)
        return (clean[:, 0].permute(0, 3, 2, 1) / self.scale, *flat.split(self.pieces, dim=1))


def export_sherpa(model: Autoencoder, path: Path) -> float:
    """Write a denoiser as sherpa-onnx's offline and online denoisers read it.

    Returns:
        The largest difference of a bin from PyTorch, over speech-like noise of level 1.

    Raises:
        ModelError: not a denoiser, windows that overlap by other than half, or ONNX Runtime and
            PyTorch differ; nothing is written.
        InputError: the file cannot be written.
    """
    if not isinstance(model, DenoisingAutoencoder):
        raise ModelError(
            f"--for sherpa takes denoisers, and {model.config.name} is for the task "
            f"{model.config.task!r}; export it without --for"
        )
    refuse_chunks(model.config, "sherpa")
    if model.config.win_length != 2 * model.config.hop_length:
        raise ModelError(
            f"--for sherpa takes windows that overlap by half; {model.config.name} has "
            f"win_length {model.config.win_length} and hop_length {model.config.hop_length}"
        )
    step = _FrameStep(model.eval())
    example = _inputs(step, 0)
    outputs = ["enh", *(f"{name}_out" for name in _CACHES)]
    probes = [_inputs(step, 1), _inputs(step, 2)]
    proto = trace(step, example, outputs, {}, probes)
    _add_metadata(proto, step)
    data = proto.SerializeToString()
    difference = _largest_difference(step, data)
    if not difference <= _TOLERANCE:
        raise ModelError(
            f"not exported: ONNX Runtime and PyTorch differ by {difference:.2e}, and at most "
            f"{_TOLERANCE:.0e} is allowed; retrain, or report this model"
        )
    write_atomically(path, data)
    return difference


def _inputs(step: _FrameStep, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, step.model.config.n_bins, 1, 2, generator=generator)
    return {"x": x, **dict(zip(_CACHES, step.zeros(), strict=True))}


def _add_metadata(proto: onnx.ModelProto, step: _FrameStep) -> None:
    config = step.model.config
    values = {
        "model_type": "gtcrn",
        "sample_rate": config.sample_rate,
        "version": _VERSION,
        "n_fft": config.win_length,
        "hop_length": config.hop_length,
        "window_length": config.win_length,
        "window_type": "hann_sqrt",
        **{
            f"{name}_shape": f"1,{length}"
            for name, length in zip(_CACHES, step.pieces, strict=True)
        },
        "comment": f"aeolia {config.name}",
    }
    for key, value in values.items():
        proto.metadata_props.add(key=key, value=str(value))


@torch.no_grad()
def _largest_difference(step: _FrameStep, data: bytes) -> float:
    session, caches, worst = open_graph(data), step.zeros(), 0.0
    theirs = [cache.numpy() for cache in caches]
    for frame in range(_CHECK_FRAMES):
        x = _inputs(step, frame)["x"]
        expected, *caches = step(x, *caches)
        feed = {"x": x.numpy(), **dict(zip(_CACHES, theirs, strict=True))}
        found, *theirs = session.run(None, feed)
        worst = max(worst, float((expected - torch.from_numpy(found)).abs().max()))
    return worst
