"""What is compared: for each task a recipe, and what is changed of it, one thing at a time.

The recipes are the textbook ones: small enough that many seeds are within anybody's reach. What
holds for them in some hundred steps need not hold for the released models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["STUDIES", "Study", "Values"]

#: SECTION.KEY of a recipe -> its value.
Values = Mapping[str, Any]

#: The kinds of noise that the released denoisers learn from, in about their shares.
_MANY_NOISES = {
    "mix.recorded": 0.6,
    "mix.coloured": 0.1,
    "mix.gaussian": 0.1,
    "mix.babble": 0.15,
    "mix.tones": 0.05,
}
_NO_NOISE = dict.fromkeys(_MANY_NOISES, 0.0)


@dataclass(frozen=True)
class Study:
    """One task's comparison."""

    #: What is trained, and with `base` what all variants share: the control.
    recipe: str
    base: Values
    #: Name -> what it changes of the control.
    variants: Mapping[str, Values]
    #: Score on `choose`, its title and digits.
    metrics: tuple[tuple[str, str, int], ...]
    #: What is scored, in words.
    scored: str


_DENOISE = Study(
    "textbook",
    # With magnitudes, seeds of some hundred steps lie 5 dB apart.
    {
        "model.output": "filter",
        "model.filter_taps": 1,
        "mix.crop_seconds": 1.5,
        **_MANY_NOISES,
    },
    {
        "spectral loss": {"loss.kind": "spectral"},
        "skips": {"model.skips": True},
        "magnitudes in place of a filter for the noisy spectrum": {
            "model.output": "magnitude",
            "model.filter_taps": 3,
        },
        "latent 8": {"model.latent_dim": 8},
        "latent 128": {"model.latent_dim": 128},
        "white noise only": {**_NO_NOISE, "mix.gaussian": 1.0},
        "no recorded noise": {"mix.recorded": 0.0},
        "AdamW": {"train.optimizer": "adamw", "train.learning_rate": 1e-3},
        "LSTM": {"model.encoder": "lstm", "model.decoder": "lstm"},
    },
    (
        ("si_sdr", "SI-SDR dB", 2),
        ("pesq_wb", "PESQ-WB", 3),
        ("estoi", "ESTOI", 3),
    ),
    "mixtures of many kinds of noise at -5 to 15 dB",
)
_SEPARATE = Study(
    "textbook-cae",
    {"mix.crop_seconds": 1.5},
    {
        "FiLM": {"model.fusion": "film"},
        "cross-attention": {"model.fusion": "attention"},
        "spectral loss": {"loss.kind": "spectral"},
        "skips": {"model.skips": True},
        "magnitudes in place of a filter for the mixture's spectrum": {
            "model.output": "magnitude",
            "model.filter_taps": 3,
        },
        "latent 8": {"model.latent_dim": 8},
        "latent 128": {"model.latent_dim": 128},
        "no partitions": {"loss.partition_share": 0.0},
    },
    (
        ("speech_si_sdri", "speech dB", 2),
        ("music_si_sdri", "music dB", 2),
        ("noise_si_sdri", "noise dB", 2),
    ),
    "mixtures of up to three of speech, music and noise; improvement of SI-SDR",
)
_SYNTH = Study(
    "textbook-vae",
    {},
    {
        "conditional prior": {"model.prior": "conditional"},
        "mixture prior": {"model.prior": "mixture"},
        "latent 4": {"model.latent_dim": 4},
        "latent 128": {"model.latent_dim": 128},
        "a tenth of the observations": {"loss.observations": 1000.0},
        "twice the divergence": {"loss.beta": 2.0},
        "no free nats": {"loss.free_nats": 0.0},
        "Muon": {"train.optimizer": "muon"},
    },
    (
        ("logarithmic", "log-spectral", 3),
        ("envelope_db", "envelope dB", 2),
        ("active_units", "active units", 1),
    ),
    "notes, encoded and decoded",
)

STUDIES = {"denoise": _DENOISE, "separate": _SEPARATE, "synth": _SYNTH}
