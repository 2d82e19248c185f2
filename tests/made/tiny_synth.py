"""A synthesiser of four tiny graphs in the release format, whose sound is known in advance.

A voice is a sum of up to eight harmonics, or noise where it has no pitch, at exactly the loudness
asked for. Instrument n prefers harmonic n + 1; latent 0 adds the second harmonic. A note fades by
`DECAY_DB` a second, and by 60 dB within `RELEASE_SECONDS` of its release.
"""

from __future__ import annotations

import dataclasses
import io
import math
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from aeolia.config import SynthConfig, config_to_json

__all__ = ["DECAY_DB", "DRUMS", "FULL_DB", "NOTES", "RELEASE_SECONDS", "write_synth"]

FULL_DB, VELOCITY_DB, DECAY_DB, RELEASE_SECONDS = -16.0, 40.0, 6.0, 0.1

NOTES = SynthConfig(
    name="notes",
    sample_rate=48000,
    hop_length=480,
    latent_dim=4,
    instruments=("piano", "double_bass", "alto_sax"),
    ranges=((21.0, 108.0), (28.0, 60.0), (49.0, 81.0)),
    held_seconds=(3.0, 3.0, 3.0),
    instrument_words=(
        ("piano", "keys", "struck"),
        ("double", "bass", "plucked"),
        ("alto", "sax", "reed", "blown"),
    ),
    tags=("bright", "dark"),
    tag_directions=((1.0, 0.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0)),
)

DRUMS = dataclasses.replace(
    NOTES,
    name="drums",
    instruments=("kick", "snare", "hihat"),
    ranges=((36.0, 36.0), (38.0, 38.0), (42.0, 42.0)),
    held_seconds=(1.0, 1.0, 1.0),
    instrument_words=(("kick", "drum"), ("snare", "drum"), ("hihat", "cymbal")),
    tags=(),
    tag_directions=(),
)


class _Decode(nn.Module):
    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        latent, instrument, pitch_hz, loudness_db, noise, phase, level = inputs
        hop, rate = self.config.hop_length, self.config.sample_rate
        hz = pitch_hz.unsqueeze(2).expand(-1, -1, hop).flatten(1)
        total = phase.double() + torch.cumsum(hz.double() / rate, dim=1)
        cycles = (total - torch.floor(total)).float()
        following = cycles[:, -1:]
        gain = 10.0 ** (loudness_db / 20.0)
        before = torch.cat([level, gain[:, :-1]], dim=1).unsqueeze(2)
        share = torch.arange(1, hop + 1) / hop
        gains = (before + (gain.unsqueeze(2) - before) * share).flatten(1)
        numbers = torch.arange(1, 9)
        weights = torch.zeros(1, 8) + nn.functional.pad(instrument, (0, 8 - instrument.shape[1]))
        weights = weights + (numbers == 2) * torch.sigmoid(latent[:, :1])
        fits = (hz.unsqueeze(2) * numbers < 0.5 * rate).float()
        waves = torch.sin(2 * math.pi * cycles.unsqueeze(2) * numbers) * fits * weights[:, None]
        power = (weights.square().sum(1, keepdim=True) / 2).clamp(min=1e-9).sqrt()
        voice = torch.where(hz > 0, waves.sum(2) / power, noise)
        return voice * gains, following, gain[:, -1:]


class _Envelope(nn.Module):
    def forward(self, *inputs: Tensor) -> Tensor:
        latent, instrument, pitch_midi, velocity, since_onset, since_release = inputs
        level = FULL_DB - VELOCITY_DB * (1 - velocity.unsqueeze(1)) - DECAY_DB * since_onset
        level = level - 60.0 * since_release.clamp(min=0.0) / RELEASE_SECONDS
        unused = 0.0 * (latent.sum(1) + instrument.sum(1) + pitch_midi).unsqueeze(1)
        return (level + unused).clamp(min=-90.0)


class _Encode(nn.Module):
    """Latent 0: how bright the audio is, as the log ratio of its slope's power to its own."""

    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim

    def forward(self, audio: Tensor, pitch_hz: Tensor) -> tuple[Tensor, Tensor]:
        slope = (audio[:, 1:] - audio[:, :-1]).square().mean(1, keepdim=True)
        bright = torch.log((slope + 1e-9) / (audio.square().mean(1, keepdim=True) + 1e-9))
        voiced = (pitch_hz > 0).float().mean(1, keepdim=True)
        mean = torch.cat([bright, voiced, torch.zeros(1, self.latent_dim - 2)], dim=1)
        return mean, mean * 0.0 - 4.0


class _Prior(nn.Module):
    def __init__(self, config: SynthConfig) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim

    def forward(
        self, instrument: Tensor, pitch_midi: Tensor, velocity: Tensor
    ) -> tuple[Tensor, Tensor]:
        first = torch.stack([pitch_midi / 100, velocity], dim=1)
        mean = torch.cat([first, instrument[:, : self.latent_dim - 2]], dim=1)
        mean = nn.functional.pad(mean, (0, self.latent_dim))[:, : self.latent_dim]
        return mean, mean * 0.0 - 1.0


def write_synth(folder: Path, config: SynthConfig = NOTES) -> Path:
    """Write the four graphs of a tiny synthesiser; returns the path of the decoder."""
    latent, instruments = torch.zeros(2, config.latent_dim), torch.zeros(2, len(config.instruments))
    scalar, frames = torch.zeros(2), torch.zeros(2, 3)
    voice, flat = {0: "voices"}, {0: "voices", 1: "frames"}
    path = folder / f"{config.name}.onnx"
    _export(
        _Decode(config),
        path,
        {
            "latent": (latent, voice),
            "instrument": (instruments, voice),
            "pitch_hz": (frames, flat),
            "loudness_db": (frames, flat),
            "noise": (torch.zeros(2, 3 * config.hop_length), {0: "voices", 1: "samples"}),
            "state_phase": (torch.zeros(2, 1), voice),
            "state_level": (torch.zeros(2, 1), voice),
        },
        ["output", "next_state_phase", "next_state_level"],
        {
            "aeolia_format": "1",
            "aeolia_config": config_to_json(config),
            "aeolia_card": f"# {config.name}\n\nSines.\n",
        },
    )
    _export(
        _Envelope(),
        path.with_suffix(".envelope.onnx"),
        {
            "latent": (latent, voice),
            "instrument": (instruments, voice),
            "pitch_midi": (scalar, voice),
            "velocity": (scalar, voice),
            "since_onset": (frames, flat),
            "since_release": (frames, flat),
        },
        ["loudness_db"],
    )
    _export(
        _Encode(config),
        path.with_suffix(".encode.onnx"),
        {
            "audio": (torch.zeros(1, 3 * config.hop_length), {1: "samples"}),
            "pitch_hz": (torch.zeros(1, 3), {1: "frames"}),
        },
        ["mean", "log_variance"],
    )
    _export(
        _Prior(config),
        path.with_suffix(".prior.onnx"),
        {
            "instrument": (instruments, voice),
            "pitch_midi": (scalar, voice),
            "velocity": (scalar, voice),
        },
        ["mean", "log_variance"],
    )
    return path


def _export(
    module: nn.Module,
    path: Path,
    inputs: dict[str, tuple[Tensor, dict[int, str]]],
    outputs: list[str],
    metadata: dict[str, str] | None = None,
) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(value for value, _ in inputs.values()),
            buffer,
            input_names=list(inputs),
            output_names=outputs,
            opset_version=17,
            dynamo=False,
            dynamic_axes={name: axes for name, (_, axes) in inputs.items()},
        )
    proto = onnx.load_from_string(buffer.getvalue())
    for key, value in (metadata or {}).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    path.write_bytes(proto.SerializeToString())
