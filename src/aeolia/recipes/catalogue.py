"""Presets: `aeolia train TASK --preset NAME`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aeolia.config import AnyConfig, DenoiseConfig, SeparateConfig, SynthConfig
from aeolia.errors import ConfigError

__all__ = ["DEFAULT_PRESETS", "PRESETS", "Preset", "preset"]


@dataclass(frozen=True)
class Preset:
    """A model's structure, and what its training differs in from the defaults of its task."""

    about: str
    model: AnyConfig
    #: Values of the sections of a run's settings, by key.
    train: Mapping[str, Any] = field(default_factory=dict)
    loss: Mapping[str, Any] = field(default_factory=dict)
    mix: Mapping[str, Any] = field(default_factory=dict)


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

#: A network whose input reaches to 8 kHz, on audio at 48 kHz: windows last as long as at 16 kHz,
#: so that the weights are the same.
_FULL_BAND: dict[str, Any] = {
    "sample_rate": 48000,
    "win_length": 1536,
    "hop_length": 768,
    "network_hz": 8000,
}

_SEPARATE_16K = SeparateConfig(name="separate-16k", hidden_dim=144, **_DEEP_TRUNK)

_SPEAKER_16K = replace(_SEPARATE_16K, name="separate-speaker-16k", condition="speaker", classes=())

#: Clean speech plus white Gaussian noise and nothing else.
_TEXTBOOK_MIX: dict[str, Any] = {
    "noise_only": 0.0,
    "clean_only": 0.0,
    "recorded": 0.0,
    "coloured": 0.0,
    "gaussian": 1.0,
    "babble": 0.0,
    "tones": 0.0,
    "second_noise": 0.0,
    "hum": 0.0,
    "reverb": 0.0,
    "measured_rooms": 0.0,
    "equaliser": 0.0,
    "band_limit": 0.0,
    "clipping": 0.0,
    "packet_loss": 0.0,
    "salt_and_pepper": 0.0,
}
_TEXTBOOK_LOSS = {"kind": "mse"}

_TEXTBOOK = replace(
    _DENOISE_16K,
    name="textbook",
    encoder="conv",
    decoder="conv",
    latent_dim=32,
    skips=False,
    output="magnitude",
)

#: The preset of each task where none is named.
DEFAULT_PRESETS = {"denoise": "denoise-16k", "separate": "separate", "synth": "notes"}

PRESETS: dict[str, Preset] = {
    found.model.name: found
    for found in (
        Preset("Wide band: telephony, speech recognition, small machines.", _DENOISE_16K),
        Preset(
            "Full band: the same bins and bands up to 8 kHz, so it can start from denoise-16k.",
            replace(
                _DENOISE_16K,
                name="denoise",
                sample_rate=48000,
                win_length=1536,
                hop_length=768,
                band_groups=((8000, 32), (24000, 16)),
                **_TRUNK,
            ),
        ),
        Preset(
            "The part of denoise below 8 kHz, to be trained on its own at less cost.",
            replace(_DENOISE_16K, name="denoise-low", **_TRUNK),
        ),
        Preset(
            "The textbook autoencoder: a narrow latent is all that the decoder sees.",
            _TEXTBOOK,
            loss=_TEXTBOOK_LOSS,
            mix=_TEXTBOOK_MIX,
        ),
        Preset(
            "The textbook autoencoder with recurrent layers.",
            replace(_TEXTBOOK, name="textbook-lstm", encoder="lstm", decoder="lstm"),
            loss=_TEXTBOOK_LOSS,
            mix=_TEXTBOOK_MIX,
        ),
        Preset("Any source class, or sum of classes; starts from denoise-16k.", _SEPARATE_16K),
        Preset(
            "The weights of separate-16k on full-band audio: what lies above 8 kHz follows the "
            "highest band.",
            replace(_SEPARATE_16K, name="separate", **_FULL_BAND),
        ),
        Preset("One speaker's voice, by a clip of it; starts from denoise-16k.", _SPEAKER_16K),
        Preset(
            "The weights of separate-speaker-16k on full-band audio.",
            replace(_SPEAKER_16K, name="separate-speaker", **_FULL_BAND),
        ),
        Preset(
            "The textbook conditional autoencoder: the condition beside the latent, no skips.",
            SeparateConfig(
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
            loss=_TEXTBOOK_LOSS,
        ),
        Preset("Pitched instruments: pulses and noise through filters.", SynthConfig()),
        Preset(
            "Drums: no pitch; the network draws the low bins itself.",
            SynthConfig(
                name="drums",
                harmonics=1,
                residual_bins=80,
                channels=96,
                condition_dim=48,
                encoder_channels=48,
                latent_dim=16,
                temperature=0.7,
            ),
            mix={"kind": "drum"},
        ),
        Preset(
            "The light one: a bank of harmonics and filtered noise.",
            SynthConfig(
                name="notes-light", decoder="additive", harmonics=64, channels=96, layers=3
            ),
        ),
        Preset(
            "The textbook autoencoder of spectrograms; phases by Griffin-Lim.",
            SynthConfig(name="textbook-vae", decoder="spectrogram", prior="standard"),
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        ConfigError: no such preset; the message names the nearest one.
    """
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name, PRESETS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(PRESETS)}"
    raise ConfigError(f"no preset is called {name!r}; {hint}")
