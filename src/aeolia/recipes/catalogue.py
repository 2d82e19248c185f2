"""Named model configs: `aeolia train TASK --preset NAME`."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any

from aeolia.config import DenoiseConfig, SeparateConfig, SynthConfig
from aeolia.errors import ConfigError

__all__ = ["PRESETS", "SYNTH_MIXES", "SYNTH_PRESETS", "preset", "synth_preset"]

_DENOISE_16K = DenoiseConfig(name="denoise-16k", hidden_dim=144)

#: Where a second of audio may cost more: most layers work where bands are 125 Hz wide.
_TRUNK: dict[str, Any] = {"channels": (16, 64, 64), "band_memory": 64, "band_memories": 3}

#: To tell sources apart takes more than to tell speech from noise: deeper and wider memories.
_DEEP_TRUNK: dict[str, Any] = {
    "channels": (16, 64, 64),
    "band_memory": 128,
    "band_memories": 6,
    "band_mixing": 8,
}

#: A network that hears up to 8 kHz, on audio at 48 kHz: windows last as long as at 16 kHz, so that
#: the weights are the same.
_FULL_BAND: dict[str, Any] = {
    "sample_rate": 48000,
    "win_length": 1536,
    "hop_length": 768,
    "network_hz": 8000,
}

_SEPARATE_16K = SeparateConfig(name="separate-16k", hidden_dim=144, **_DEEP_TRUNK)

_SPEAKER_16K = replace(_SEPARATE_16K, name="separate-speaker-16k", condition="speaker", classes=())

PRESETS: dict[str, DenoiseConfig | SeparateConfig] = {
    # Wide band, 16 kHz: telephony, speech recognition, small machines.
    "denoise-16k": _DENOISE_16K,
    # Full band: the same bins and bands up to 8 kHz, so it can start from the weights above.
    "denoise": replace(
        _DENOISE_16K,
        name="denoise",
        sample_rate=48000,
        win_length=1536,
        hop_length=768,
        band_groups=((8000, 32), (24000, 16)),
        **_TRUNK,
    ),
    # Its part below 8 kHz, to be trained on its own at less cost.
    "denoise-low": replace(_DENOISE_16K, name="denoise-low", **_TRUNK),
    # The textbook autoencoder: a narrow latent is all that the decoder sees.
    "textbook": replace(
        _DENOISE_16K,
        name="textbook",
        encoder="conv",
        decoder="conv",
        latent_dim=32,
        skips=False,
        output="magnitude",
    ),
    # The same idea with recurrent layers.
    "textbook-lstm": replace(
        _DENOISE_16K,
        name="textbook-lstm",
        encoder="lstm",
        decoder="lstm",
        latent_dim=32,
        skips=False,
        output="magnitude",
    ),
    # Any source class, or sum of classes; trained at 16 kHz from "denoise-16k".
    "separate-16k": _SEPARATE_16K,
    # The same weights on full-band audio: the network hears up to 8 kHz, and what lies above
    # follows the highest band.
    "separate": replace(_SEPARATE_16K, name="separate", **_FULL_BAND),
    # One speaker's voice, by an enrolment clip; trained at 16 kHz from "denoise-16k".
    "separate-speaker-16k": _SPEAKER_16K,
    # The same weights on full-band audio.
    "separate-speaker": replace(_SPEAKER_16K, name="separate-speaker", **_FULL_BAND),
    # The textbook conditional autoencoder: the condition beside the latent, no skips.
    "textbook-cae": SeparateConfig(
        name="textbook-cae",
        hidden_dim=144,
        **_FULL_BAND,
        encoder="conv",
        decoder="conv",
        latent_dim=32,
        skips=False,
        output="magnitude",
        fusion="concat",
    ),
}


def preset(name: str) -> DenoiseConfig | SeparateConfig:
    """The config called `name`.

    Raises:
        ConfigError: no such preset; the message names the nearest one.
    """
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name, PRESETS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(PRESETS)}"
    raise ConfigError(f"no preset is called {name!r}; {hint}")


#: Presets of `aeolia train synth`; the instruments come from the recordings.
SYNTH_PRESETS: dict[str, SynthConfig] = {
    # Pitched instruments: pulses and noise through filters.
    "notes": SynthConfig(),
    # Drums: no pitch; the network draws the low bins itself.
    "drums": SynthConfig(
        name="drums",
        harmonics=1,
        residual_bins=80,
        channels=96,
        condition_dim=48,
        encoder_channels=48,
        latent_dim=16,
        temperature=0.7,
    ),
    # The light one: a bank of harmonics and filtered noise.
    "notes-light": SynthConfig(
        name="notes-light", decoder="additive", harmonics=64, channels=96, layers=3
    ),
    # The textbook autoencoder of spectrograms; phases by Griffin-Lim.
    "textbook-vae": SynthConfig(name="textbook-vae", decoder="spectrogram", prior="standard"),
}

#: What a preset's crops differ in from the defaults.
SYNTH_MIXES: dict[str, dict[str, Any]] = {"drums": {"kind": "drum"}}


def synth_preset(name: str) -> SynthConfig:
    """The synthesiser's config called `name`.

    Raises:
        ConfigError: no such preset; the message names the nearest one.
    """
    if name in SYNTH_PRESETS:
        return SYNTH_PRESETS[name]
    near = difflib.get_close_matches(name, SYNTH_PRESETS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(SYNTH_PRESETS)}"
    raise ConfigError(f"no synthesiser's preset is called {name!r}; {hint}")
