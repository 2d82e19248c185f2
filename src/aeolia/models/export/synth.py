"""The four released graphs of a synthesiser: decoder, envelope, encoder, prior."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from aeolia.models.export.step import Step, largest_step_difference, open_graph, trace_step
from aeolia.models.export.tracing import trace
from aeolia.models.synth.frames import DecoderInput
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.nn.gaussian import Gaussian

__all__ = ["graphs", "largest_difference"]

#: (voices, frames): all differ, and no product of two is another's size.
_EXAMPLE, _PROBES = (3, 2), ((2, 5), (7, 11))
#: Voices, and frames per call, in the check.
_CHECK_VOICES, _CHECK_FRAMES = (1, 3), (1, 4, 64)
_AXES = {0: "voices", 1: "frames"}


class _Encode(nn.Module):
    """`encode`, as a module that can be traced."""

    def __init__(self, model: Synthesiser) -> None:
        super().__init__()
        self.model = model

    def forward(self, audio: Tensor, pitch_hz: Tensor) -> Gaussian:
        return self.model.encode(audio, pitch_hz)


def graphs(model: Synthesiser) -> dict[str, onnx.ModelProto]:
    """Graphs by the part of the released file's name: "", "envelope", "encode", "prior"."""
    return {
        "": _decoder_graph(model),
        "envelope": _graph(
            model.envelope,
            lambda voices, frames: _note(model, voices, frames),
            ["loudness_db"],
            {"loudness_db": _AXES},
        ),
        "encode": _graph(
            _Encode(model),
            lambda voices, frames: _recording(model, frames),
            ["mean", "log_variance"],
            {},
        ),
        "prior": _graph(
            model.prior,
            lambda voices, frames: _conditions(model, voices),
            ["mean", "log_variance"],
            {"mean": {0: "voices"}, "log_variance": {0: "voices"}},
        ),
    }


def _decoder_graph(model: Synthesiser) -> onnx.ModelProto:
    axes = dict.fromkeys(("latent", "instrument"), {0: "voices"})
    axes |= dict.fromkeys(("pitch_hz", "loudness_db"), _AXES)
    axes |= dict.fromkeys(("noise", "output"), {0: "voices", 1: "samples"})
    state_axes = dict.fromkeys(model.decoder.state_shapes(), ["voices"])
    examples = [
        (_frames(model, voices, frames, 0), model.decoder.initial_state(voices))
        for voices, frames in (_EXAMPLE, *_PROBES)
    ]
    return trace_step(model, _step(model), examples, axes, state_axes)


def _step(model: Synthesiser) -> Step:
    return lambda inputs, state: model.step(DecoderInput(*inputs), state)


def _graph(
    module: nn.Module,
    example: Callable[[int, int], dict[str, Tensor]],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> onnx.ModelProto:
    """A graph without state, whose inputs' free axes are those in which two examples differ."""
    values, *probes = (example(*sizes) for sizes in (_EXAMPLE, *_PROBES))
    free = {
        name: {
            axis: ("voices", "frames")[axis]
            for axis in range(value.dim())
            if value.shape[axis] != probes[0][name].shape[axis]
        }
        for name, value in values.items()
    }
    return trace(module, values, outputs, {**free, **axes}, probes)


def _generator(*sizes: int) -> torch.Generator:
    return torch.Generator().manual_seed(sum(size << (8 * i) for i, size in enumerate(sizes)))


def _instruments(model: Synthesiser, voices: int) -> Tensor:
    count = len(model.config.instruments)
    return torch.eye(count)[torch.arange(voices) % count]


def _frames(model: Synthesiser, voices: int, frames: int, call: int) -> dict[str, Tensor]:
    """Inputs of the decoder: gliding voices, some of them unvoiced, one below audibility."""
    generator = _generator(voices, frames, call)
    config = model.config
    hz = 110.0 * 2.0 ** (4.0 * torch.rand(voices, frames, generator=generator))
    hz = hz * (torch.rand(voices, frames, generator=generator) > 0.1)
    loudness_db = -10.0 - 90.0 * torch.rand(voices, frames, generator=generator)
    return DecoderInput(
        torch.randn(voices, config.latent_dim, generator=_generator(voices)),
        _instruments(model, voices),
        hz,
        loudness_db,
        torch.randn(voices, frames * config.hop_length, generator=generator),
    )._asdict()


def _conditions(model: Synthesiser, voices: int) -> dict[str, Tensor]:
    """Inputs of the prior."""
    generator = _generator(voices)
    return {
        "instrument": _instruments(model, voices),
        "pitch_midi": 40.0 + 40.0 * torch.rand(voices, generator=generator),
        "velocity": torch.rand(voices, generator=generator),
    }


def _note(model: Synthesiser, voices: int, frames: int) -> dict[str, Tensor]:
    """Inputs of the envelope: notes released after half a second."""
    times = torch.arange(frames).float().expand(voices, -1) / 10.0
    latent = torch.randn(voices, model.config.latent_dim, generator=_generator(voices))
    return {
        "latent": latent,
        **_conditions(model, voices),
        "since_onset": times.contiguous(),
        "since_release": times - 0.5,
    }


def _recording(model: Synthesiser, frames: int) -> dict[str, Tensor]:
    """Inputs of the encoder: a tone in noise; never shorter than the encoder's stride."""
    frames = 8 * frames + 3
    time = torch.arange(frames * model.config.hop_length) / model.config.sample_rate
    noise = torch.randn(time.shape, generator=_generator(frames))
    audio = 0.1 * torch.sin(2.0 * torch.pi * 220.0 * time) + 0.01 * noise
    return {"audio": audio.unsqueeze(0), "pitch_hz": torch.full((1, frames), 220.0)}


def largest_difference(model: Synthesiser, files: Mapping[str, bytes]) -> float:
    """Largest difference from PyTorch of any output of the four graphs.

    Samples count as they are; contours in dB and latents relative to their largest value.
    """
    session = open_graph(files[""])

    def calls(voices: int) -> Iterator[dict[str, Tensor]]:
        for call, frames in enumerate(_CHECK_FRAMES):
            yield _frames(model, voices, frames, call)

    worst = max(
        largest_step_difference(
            _step(model), session, model.decoder.initial_state(voices), calls(voices)
        )
        for voices in _CHECK_VOICES
    )
    for part, module, inputs in (
        ("envelope", model.envelope, _note(model, 2, 31)),
        ("encode", _Encode(model), _recording(model, 9)),
        ("prior", model.prior, _conditions(model, 4)),
    ):
        session = open_graph(files[part])
        with torch.no_grad():
            result = module(*inputs.values())
        used = {node.name for node in session.get_inputs()}
        given = {name: value.numpy() for name, value in inputs.items() if name in used}
        outputs = [result] if isinstance(result, Tensor) else list(result)
        for found, expected in zip(session.run(None, given), outputs, strict=True):
            size = max(1.0, float(expected.abs().max()))
            worst = max(worst, float(np.abs(found - expected.numpy()).max()) / size)
    return worst
