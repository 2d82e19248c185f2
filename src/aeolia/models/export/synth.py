"""The four released graphs of a synthesiser: decoder, envelope, encoder, prior."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from aeolia.models.export.tracing import flat_names, trace
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["largest_synth_difference", "synthesiser_graphs"]

#: (voices, frames): all differ, and no product of two is another's size.
_EXAMPLE, _PROBES = (3, 2), ((2, 5), (7, 11))
#: Voices, and frames per call, in the check.
_CHECK_VOICES, _CHECK_FRAMES = (1, 3), (1, 4, 64)
_AXES = {0: "voices", 1: "frames"}


class _FlatStep(nn.Module):
    """The decoder's step with the state as positional arguments, as the exporter wants it."""

    def __init__(self, model: Synthesiser) -> None:
        super().__init__()
        self.model = model
        self.names = list(model.decoder.state_shapes())

    def forward(
        self,
        latent: Tensor,
        instrument: Tensor,
        pitch_hz: Tensor,
        loudness_db: Tensor,
        noise: Tensor,
        *state: Tensor,
    ) -> tuple[Tensor, ...]:
        states = dict(zip(self.names, state, strict=True))
        output, following = self.model.step(
            latent, instrument, pitch_hz, loudness_db, noise, states
        )
        return (output, *(following[name] for name in self.names))


class _Encode(nn.Module):
    """`encode` with its Gaussian as two tensors."""

    def __init__(self, model: Synthesiser) -> None:
        super().__init__()
        self.model = model

    def forward(self, audio: Tensor, pitch_hz: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.model.encode(audio, pitch_hz)
        return mean, log_variance


def synthesiser_graphs(model: Synthesiser) -> dict[str, onnx.ModelProto]:
    """Graphs by the part of the released file's name: "", "envelope", "encode", "prior"."""
    return {
        "": _decoder_graph(model),
        "envelope": _graph(
            model.envelope,
            lambda v, f: _played(model, v, f),
            ["loudness_db"],
            {"loudness_db": _AXES},
        ),
        "encode": _graph(
            _Encode(model), lambda v, f: _recorded(model, f), ["mean", "log_variance"], {}
        ),
        "prior": _graph(
            model.prior,
            lambda v, f: _asked(model, v),
            ["mean", "log_variance"],
            {"mean": {0: "voices"}, "log_variance": {0: "voices"}},
        ),
    }


def _decoder_graph(model: Synthesiser) -> onnx.ModelProto:
    shapes = model.decoder.state_shapes()
    inputs, outputs = flat_names(
        ["latent", "instrument", "pitch_hz", "loudness_db", "noise"], shapes
    )
    axes: dict[str, dict[int, str]] = {name: {0: "voices"} for name in (*inputs, *outputs)}
    axes["pitch_hz"] = axes["loudness_db"] = _AXES
    axes["noise"] = axes["output"] = {0: "voices", 1: "samples"}

    def example(voices: int, frames: int) -> dict[str, Tensor]:
        state = {f"state_{k}": v for k, v in model.decoder.initial_state(voices).items()}
        return {**_sounded(model, voices, frames, 0), **state}

    probes = [example(*probe) for probe in _PROBES]
    return trace(_FlatStep(model), example(*_EXAMPLE), outputs, axes, probes)


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


def _sounded(model: Synthesiser, voices: int, frames: int, call: int) -> dict[str, Tensor]:
    """Inputs of the decoder: gliding voices, some of them unvoiced, one below audibility."""
    generator = _generator(voices, frames, call)
    config = model.config
    hz = 110.0 * 2.0 ** (4.0 * torch.rand(voices, frames, generator=generator))
    hz = hz * (torch.rand(voices, frames, generator=generator) > 0.1)
    loudness_db = -10.0 - 90.0 * torch.rand(voices, frames, generator=generator)
    return {
        "latent": torch.randn(voices, config.latent_dim, generator=_generator(voices)),
        "instrument": _instruments(model, voices),
        "pitch_hz": hz,
        "loudness_db": loudness_db,
        "noise": torch.randn(voices, frames * config.hop_length, generator=generator),
    }


def _asked(model: Synthesiser, voices: int) -> dict[str, Tensor]:
    generator = _generator(voices)
    return {
        "instrument": _instruments(model, voices),
        "pitch_midi": 40.0 + 40.0 * torch.rand(voices, generator=generator),
        "velocity": torch.rand(voices, generator=generator),
    }


def _played(model: Synthesiser, voices: int, frames: int) -> dict[str, Tensor]:
    times = torch.arange(frames).float().expand(voices, -1) / 10.0
    latent = torch.randn(voices, model.config.latent_dim, generator=_generator(voices))
    return {
        "latent": latent,
        **_asked(model, voices),
        "since_onset": times.contiguous(),
        "since_release": times - 0.5,
    }


def _recorded(model: Synthesiser, frames: int) -> dict[str, Tensor]:
    """A tone in noise; never shorter than the encoder's stride."""
    frames = 8 * frames + 3
    time = torch.arange(frames * model.config.hop_length) / model.config.sample_rate
    noise = torch.randn(time.shape, generator=_generator(frames))
    audio = 0.1 * torch.sin(2.0 * torch.pi * 220.0 * time) + 0.01 * noise
    return {"audio": audio.unsqueeze(0), "pitch_hz": torch.full((1, frames), 220.0)}


def largest_synth_difference(model: Synthesiser, graphs: dict[str, bytes]) -> float:
    """Largest absolute difference from PyTorch of any output of the four graphs."""
    sessions = {
        part: onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        for part, data in graphs.items()
    }
    worst = max(_decoder_difference(model, sessions[""], voices) for voices in _CHECK_VOICES)
    for part, module, inputs in (
        ("envelope", model.envelope, _played(model, 2, 31)),
        ("encode", _Encode(model), _recorded(model, 9)),
        ("prior", model.prior, _asked(model, 4)),
    ):
        with torch.no_grad():
            expected = module(*inputs.values())
        feeds = {node.name for node in sessions[part].get_inputs()}
        given = {name: value.numpy() for name, value in inputs.items() if name in feeds}
        expected = [expected] if isinstance(expected, Tensor) else list(expected)
        for found, wanted in zip(sessions[part].run(None, given), expected, strict=True):
            # Contours are in dB and latents in their own units: relative to their size.
            size = max(1.0, float(wanted.abs().max()))
            worst = max(worst, float(np.abs(found - wanted.numpy()).max()) / size)
    return worst


def _decoder_difference(
    model: Synthesiser, session: onnxruntime.InferenceSession, voices: int
) -> float:
    torch_state = model.decoder.initial_state(voices)
    onnx_state = {f"state_{name}": value.numpy() for name, value in torch_state.items()}
    worst = 0.0
    for call, frames in enumerate(_CHECK_FRAMES):
        inputs = _sounded(model, voices, frames, call)
        with torch.no_grad():
            expected, torch_state = model.step(**inputs, state=torch_state)
        given = {name: value.numpy() for name, value in inputs.items()}
        output, *following = session.run(None, {**given, **onnx_state})
        onnx_state = dict(zip(onnx_state, following, strict=True))
        worst = max(worst, float(np.abs(output - expected.numpy()).max()))
    return worst
