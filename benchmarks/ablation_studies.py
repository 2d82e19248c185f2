"""What is compared in ablations.py: for each task the variants, how they are trained and scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from heldout import build_sets
from quality import our_system, score

from aeolia.api import separate
from aeolia.data.separation_rows import class_rows
from aeolia.data.separation_sets import class_mixtures
from aeolia.metrics import si_sdr

__all__ = ["STUDIES", "Clips", "Study"]

#: Each metric's value per held-out clip.
Clips = dict[str, list[float]]
#: What a variant changes of "model", "train" and "mix"; "preset" is another structure.
Variants = dict[str, dict[str, Any]]

_DENOISE: Variants = {
    "as released": {},
    "magnitude weight 10, SNR weight 1": {
        "train": {"magnitude_weight": 10.0, "snr_weight": 1.0}
    },
    "no SNR term": {"train": {"snr_weight": 0.0}},
    "no magnitude term": {"train": {"magnitude_weight": 0.0}},
    "no complex term": {"train": {"complex_weight": 0.0}},
    "no skips": {"model": {"skips": False}},
    "one complex tap": {"model": {"filter_taps": 1}},
    "five complex taps": {"model": {"filter_taps": 5}},
    "latent 40": {"model": {"latent_dim": 40}},
    "hidden 96": {"model": {"hidden_dim": 96}},
    "hidden 192": {"model": {"hidden_dim": 192}},
    "linear bins only to 1 kHz": {
        "model": {"n_linear_bins": 32, "band_groups": [[8000, 96]]}
    },
    "no recurrence in the decoder": {"model": {"decoder": "conv"}},
    "no rooms": {"mix": {"reverb": 0.0}},
    "no babble": {"mix": {"babble": 0.0}},
    "no equaliser": {"mix": {"equaliser": 0.0}},
    "recorded noise only": {
        "mix": {"recorded": 1.0, "coloured": 0.0, "gaussian": 0.0, "babble": 0.0, "tones": 0.0,
                "hum": 0.0}
    },
    "SNR up to 25 dB": {"mix": {"snr_db": [-8, 25]}},
    "crops of 2 s, batch 24": {"train": {"batch_size": 24}, "mix": {"crop_seconds": 2.0}},
    "crops of 6 s, batch 8": {"train": {"batch_size": 8}, "mix": {"crop_seconds": 6.0}},
    "no tones": {"mix": {"tones": 0.0}},
    "with one minus ESTOI, weight 2": {"train": {"intelligibility_weight": 2.0}},
    "with the quality term, weight 0.8": {"train": {"quality_weight": 0.8}},
    "batch 8": {"train": {"batch_size": 8}},
    "no weight averaging": {"train": {"ema_decay": 0.0}},
    "learning rate 3e-4": {"train": {"learning_rate": 3e-4}},
    "learning rate 2e-3": {"train": {"learning_rate": 2e-3}},
    "Muon for the matrices": {"train": {"optimizer": "muon"}},
    "no decay of the learning rate": {"train": {"decay_share": 0.0}},
    "textbook": {"preset": "textbook"},
    "textbook-lstm": {"preset": "textbook-lstm"},
}
#: FiLM is what "as released" has.
_SEPARATE: Variants = {
    "as released": {},
    "concatenated condition": {"model": {"fusion": "concat"}},
    "cross-attention": {"model": {"fusion": "attention"}},
    "no recurrences over and in bands": {"model": {"band_memory": 0}},
    "one pair of recurrences over and in bands": {"model": {"band_memories": 1}},
    "AdamW": {"train": {"optimizer": "adamw"}},
    "convolutional U-Net": {"model": {"encoder": "conv", "decoder": "conv", "band_memory": 0}},
    "U-Net twice as wide": {
        "model": {
            "encoder": "conv", "decoder": "conv", "channels": [32, 64, 96], "band_memory": 0,
        }
    },
    "no skips": {"model": {"skips": False}},
    "latent 32": {"model": {"latent_dim": 32}},
    "no absent classes": {"train": {"absent_share": 0.0}},
    "no partitions": {"train": {"partition_share": 0.0}},
    "no arrangements": {"mix": {"arranged": 0.0, "arranged_vocals": 0.0}},
    "batch 16": {"train": {"batch_size": 16}},
    "textbook-cae": {
        "train": {"loss": "mse"},
        "model": {
            "encoder": "conv", "decoder": "conv", "latent_dim": 32, "skips": False,
            "output": "magnitude", "filter_taps": 1, "fusion": "concat", "band_memory": 0,
        },
    },
}  # fmt: skip


@dataclass(frozen=True)
class Study:
    """One task's comparison; the first of the variants is what the others differ from."""

    preset: str
    variants: Variants
    #: What all variants share.
    base: dict[str, dict[str, Any]]
    #: The recordings, as `aeolia train` takes them; {} stands for the manifest.
    recordings: tuple[str, ...]
    #: Key, title and digits of each metric.
    metrics: tuple[tuple[str, str, int], ...]
    #: Scores of an exported model on the held-out mixtures that a manifest leaves.
    measure: Callable[[Path, Path], Clips]


def _denoised(model: Path, manifest: Path) -> Clips:
    pairs = build_sets(manifest)["mixtures"]
    with TemporaryDirectory() as folder:  # scores of a passing model are not worth remembering
        scores = score(our_system(str(model)), "mixtures", pairs, Path(folder), lambda _: None)
    return {name: [clip[name] for clip in scores] for name in ("pesq_wb", "estoi", "si_sdr")}


def _separated(model: Path, manifest: Path) -> Clips:
    """Improvement of SI-SDR for speech, music and noise at 0 dB to each other."""
    rows, _ = class_rows(manifest, hold_out=["4_potassium"])
    found: Clips = {}
    for clip in class_mixtures(rows, 60):
        wanted = list(clip.references)
        sounds = separate(clip.mixture, clip.sample_rate, sources=wanted, model=str(model))
        for name, reference in clip.references.items():
            gained = si_sdr(reference, sounds[name]) - si_sdr(reference, clip.mixture)
            found.setdefault(name, []).append(gained)
    return found


STUDIES = {
    "denoise": Study(
        "denoise-16k",
        _DENOISE,
        {"train": {"validation_clips": 0, "decay_share": 0.5},
         "mix": {"crop_seconds": 3.0, "snr_db": [-8, 20]}},
        ("--speech", "{}", "--noise", "{}", "--rooms", "{}"),
        (("pesq_wb", "PESQ-WB", 3), ("estoi", "ESTOI", 3), ("si_sdr", "SI-SDR dB", 2)),
        _denoised,
    ),
    "separate": Study(
        "separate-16k",
        _SEPARATE,
        {"train": {"validation_clips": 0, "decay_share": 0.5, "batch_size": 6,
                   "hold_out": ["4_potassium"]}},
        ("--data", "{}"),
        (("speech", "speech dB", 2), ("music", "music dB", 2), ("noise", "noise dB", 2)),
        _separated,
    ),
}  # fmt: skip
