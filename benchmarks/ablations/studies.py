"""What is compared: for each task the variants, how they are trained and scored, on `choose`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from aeolia import separate
from aeolia.data.heldout import denoise as denoise_sets
from aeolia.data.heldout import separate as separate_sets
from aeolia.data.heldout import synth as synth_sets
from aeolia.data.synth.notes import RecordedNote
from aeolia.metrics import si_sdr
from aeolia.models.checkpoint import load_checkpoint
from aeolia.models.export.onnx import export_onnx
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.runtime.catalogue import load
from benchmarks.denoise.quality import our_system, score
from benchmarks.synth.ear import spectral_distances
from benchmarks.synth.unseen import SECONDS

__all__ = ["STUDIES", "Clips", "Study"]

#: Each metric's value per held-out clip.
Clips = dict[str, list[float]]
#: What a variant changes of "model", "train", "loss" and "mix"; "preset" is another structure,
#: and "textbook" says that it shares the textbook's base.
Variants = dict[str, dict[str, Any]]

#: Songs that no separator learns from.
_SONGS = ("4_potassium",)

_DENOISE: Variants = {
    "as released": {},
    "AdamW": {"train": {"optimizer": "adamw"}},
    "no ESTOI term": {"loss": {"intelligibility": 0.0}},
    "no quality term": {"loss": {"quality": 0.0}},
    "neither ESTOI nor quality term": {"loss": {"intelligibility": 0.0, "quality": 0.0}},
    "no SNR term": {"loss": {"snr": 0.0}},
    "SI-SDR in place of the SNR term": {"loss": {"snr": 0.0, "si_sdr": 1.0}},
    "no magnitude term": {"loss": {"magnitude": 0.0}},
    "no complex term": {"loss": {"complex": 0.0}},
    "three band memories (denoise-low)": {"preset": "denoise-low"},
    "one band memory, 32 wide": {"model": {"band_memory": 32}},
    "hidden 96": {"model": {"hidden_dim": 96}},
    "hidden 192": {"model": {"hidden_dim": 192}},
    "latent 40": {"model": {"latent_dim": 40}},
    "no skips": {"model": {"skips": False}},
    "one complex tap": {"model": {"filter_taps": 1}},
    "five complex taps": {"model": {"filter_taps": 5}},
    "no recurrence in the decoder": {"model": {"decoder": "conv"}},
    "linear bins only to 1 kHz": {"model": {"n_linear_bins": 32, "band_groups": [[8000, 96]]}},
    "windows of 48 ms (16 ms more look-ahead)": {"model": {"win_length": 768}},
    "windows of 16 ms": {
        "model": {
            "win_length": 256,
            "hop_length": 128,
            "n_linear_bins": 48,
            "band_groups": [[8000, 80]],
        }
    },
    "no rooms": {"mix": {"reverb": 0.0}},
    "no babble": {"mix": {"babble": 0.0}},
    "no tones": {"mix": {"tones": 0.0}},
    "no equaliser": {"mix": {"equaliser": 0.0}},
    "recorded noise only": {
        "mix": {
            "recorded": 1.0,
            "coloured": 0.0,
            "gaussian": 0.0,
            "babble": 0.0,
            "tones": 0.0,
            "hum": 0.0,
        }
    },
    "no recorded noise": {"mix": {"recorded": 0.0}},
    "levels of -30 to -20 dB only": {"mix": {"level_dbfs": [-30, -20]}},
    "SNR up to 25 dB": {"mix": {"snr_db": [-10, 25]}},
    "crops of 1.5 s, batch 16": {"train": {"batch_size": 16}, "mix": {"crop_seconds": 1.5}},
    "crops of 6 s, batch 4": {"train": {"batch_size": 4}, "mix": {"crop_seconds": 6.0}},
    "batch 16": {"train": {"batch_size": 16}},
    "no weight averaging": {"train": {"ema_decay": 0.0}},
    "learning rate 3e-4": {"train": {"learning_rate": 3e-4}},
    "learning rate 3e-3": {"train": {"learning_rate": 3e-3}},
    "no decay of the learning rate": {"train": {"decay_share": 0.0}},
    "textbook": {"preset": "textbook", "textbook": True},
    "textbook-lstm": {"preset": "textbook-lstm", "textbook": True},
}
#: What a model without recurrences over and in bands is set to.
_NO_MEMORY = {"band_memory": 0, "band_memories": 1, "band_mixing": 0}
#: FiLM is what "as released" has.
_SEPARATE: Variants = {
    "as released": {},
    "concatenated condition": {"model": {"fusion": "concat"}},
    "cross-attention": {"model": {"fusion": "attention"}},
    "no recurrences over and in bands": {"model": _NO_MEMORY},
    "one pair of recurrences over and in bands": {"model": {"band_memories": 1}},
    "AdamW": {"train": {"optimizer": "adamw"}},
    "convolutional U-Net": {"model": {"encoder": "conv", "decoder": "conv", **_NO_MEMORY}},
    "U-Net twice as wide": {
        "model": {
            "encoder": "conv",
            "decoder": "conv",
            "channels": [32, 64, 96],
            **_NO_MEMORY,
        }
    },
    "no skips": {"model": {"skips": False}},
    "latent 32": {"model": {"latent_dim": 32}},
    "no absent classes": {"loss": {"absent_share": 0.0}},
    "no partitions": {"loss": {"partition_share": 0.0}},
    "no arrangements": {"mix": {"arranged": 0.0, "arranged_vocals": 0.0}},
    "batch 16": {"train": {"batch_size": 16}},
    "textbook-cae": {
        "loss": {"kind": "mse"},
        "model": {
            "encoder": "conv",
            "decoder": "conv",
            "latent_dim": 32,
            "skips": False,
            "output": "magnitude",
            "fusion": "concat",
            **_NO_MEMORY,
        },
    },
}
#: The decoders of the synthesiser; "as released" is the source-filter one.
_SYNTH: Variants = {
    "as released": {},
    "additive (notes-light)": {"preset": "notes-light"},
    "spectrogram (textbook-vae)": {"preset": "textbook-vae", "textbook": True},
}


@dataclass(frozen=True)
class Study:
    """One task's comparison; the first of the variants is what the others differ from."""

    preset: str
    variants: Variants
    #: What all variants share but the textbook's presets, which bring their own loss and sounds.
    base: dict[str, dict[str, Any]]
    textbook: dict[str, dict[str, Any]]
    #: The recordings, as `aeolia train` takes them; {} stands for their folder.
    recordings: tuple[str, ...]
    #: Key, title and digits of each metric.
    metrics: tuple[tuple[str, str, int], ...]
    #: Scores of a trained run on what training held out of a folder.
    measure: Callable[[Path, Path], Clips]


def _exported(run: Path, folder: str) -> Path:
    model = Path(folder, "model.onnx")
    export_onnx(load_checkpoint(run), model)
    return model


def _denoised(run: Path, data: Path) -> Clips:
    """Every second mixture of `choose`: all SNRs, half the time."""
    pairs = denoise_sets.draw(data, "choose")["mixtures"][::2]
    with TemporaryDirectory() as folder:  # scores of a passing model are not worth remembering
        model = _exported(run, folder)
        scores = score(our_system(str(model)), "mixtures", pairs, Path(folder))
    return {name: scores[name] for name in ("pesq_wb", "estoi", "si_sdr")}


def _separated(run: Path, data: Path) -> Clips:
    """Improvement of SI-SDR for speech, music and noise at 0 dB to each other."""
    found: Clips = {}
    with TemporaryDirectory() as folder:
        model = load(_exported(run, folder), "separate")
        for clip in separate_sets.draw(data, "choose", songs=_SONGS)["classes"]:
            sources = list(clip.references)
            sounds = separate(clip.mixture, clip.sample_rate, sources=sources, model=model)
            for name, reference in clip.references.items():
                gained = si_sdr(reference, sounds[name]) - si_sdr(reference, clip.mixture)
                found.setdefault(name, []).append(gained)
    return found


def _sounded(run: Path, data: Path) -> Clips:
    """Distances of notes held out by pitch, encoded and decoded, from the recordings.

    Through PyTorch, because the textbook's decoder has no step that could be exported.
    """
    model = load_checkpoint(run)
    assert isinstance(model, Synthesiser), "the study trains synthesisers"
    recordings = synth_sets.draw(data, "choose", config=model.config)
    found: Clips = {"log_spectral": [], "mel": []}
    for index, name in enumerate(model.config.instruments):
        instrument = torch.eye(len(model.config.instruments))[index : index + 1]
        for note in recordings.unseen[name][:2]:
            reference = synth_sets.sound(note, SECONDS, model.config.sample_rate)
            with torch.no_grad():
                made = _resounded(model, note, instrument, len(reference))
            [(log, mel)] = spectral_distances(reference, [made], model.config.sample_rate)
            found["log_spectral"].append(log)
            found["mel"].append(mel)
    return found


def _resounded(
    model: Synthesiser, note: RecordedNote, instrument: torch.Tensor, length: int
) -> np.ndarray:
    """A note [T] from its posterior's mean and its own contours."""
    pitch = torch.from_numpy(note.pitch_hz)[None]
    length_heard = pitch.shape[1] * model.config.hop_length
    audio = torch.from_numpy(note.audio.astype(np.float32))[None, :length_heard]
    latent = model.encode(audio / audio.abs().max(), pitch).mean
    frames = length // model.config.hop_length
    loudness = torch.from_numpy(note.loudness_db)[None, :frames]
    made: np.ndarray = model.decode(latent, pitch[:, :frames], loudness, instrument)[0].numpy()
    return made


STUDIES = {
    "denoise": Study(
        "denoise-16k",
        _DENOISE,
        {
            "train": {
                "validation_clips": 0,
                "batch_size": 8,
                "optimizer": "muon",
                "warmup_steps": 60,
                "decay_share": 0.75,
                "ema_decay": 0.99,
            },
            "loss": {"snr": 1.0, "intelligibility": 2.0, "quality": 0.8},
            "mix": {"crop_seconds": 3.0, "snr_db": [-10, 15], "second_noise": 0.35},
        },
        {"train": {"validation_clips": 0, "batch_size": 8}, "mix": {"crop_seconds": 3.0}},
        ("--speech", "{}/manifest.csv", "--noise", "{}/manifest.csv", "--rooms", "{}/manifest.csv"),
        (("pesq_wb", "PESQ-WB", 3), ("estoi", "ESTOI", 3), ("si_sdr", "SI-SDR dB", 2)),
        _denoised,
    ),
    "separate": Study(
        "separate-16k",
        _SEPARATE,
        {
            "train": {
                "validation_clips": 0,
                "decay_share": 0.75,
                "batch_size": 6,
                "warmup_steps": 60,
                "ema_decay": 0.99,
            },
            "mix": {"hold_out": list(_SONGS)},
        },
        {},
        ("--data", "{}/manifest.csv"),
        (("speech", "speech dB", 2), ("music", "music dB", 2), ("noise", "noise dB", 2)),
        _separated,
    ),
    "synth": Study(
        "notes",
        _SYNTH,
        {
            "train": {"validation_clips": 0, "decay_share": 0.75, "ema_decay": 0.99},
            "loss": {"spread": 1.5},
            "mix": {"held_out": ["epiano_wurlitzer"], "crop_frames": 80},
        },
        {"train": {"validation_clips": 0}, "mix": {"held_out": ["epiano_wurlitzer"]}},
        ("{}/notes",),
        (("log_spectral", "log-spectral dB", 2), ("mel", "mel dB", 2)),
        _sounded,
    ),
}
