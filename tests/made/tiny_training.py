"""Training runs that take a second: made recordings, a tiny model, a few dozen steps."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aeolia.data.denoise.mixer import Batch
from made.recordings import noise_like, voice_like, write
from made.tiny_models import TINY

__all__ = ["Bursts", "make_recordings", "make_voices_and_noises", "write_config"]

#: What a run of these tests differs in from the defaults.
TRAIN = {
    "steps": 20,
    "batch_size": 2,
    "learning_rate": 3e-3,
    "warmup_steps": 5,
    "log_every": 5,
    "checkpoint_every": 10,
    "validate_every": 10,
    "validation_clips": 1,
}
MIX = {"crop_seconds": 1.0, "reverb": 0.0, "equaliser": 0.0}


def make_recordings(folder: Path) -> tuple[Path, Path]:
    """A folder of speech (four speakers) and one of noise."""
    for speaker in range(4):
        audio = voice_like(2.0, 16000, 100.0 + 30.0 * speaker, seed=speaker)
        write(folder / f"speech/s{speaker}/one.wav", audio, 16000)
    for name in ("fan", "rain", "street"):
        audio = noise_like(2.0, 16000, seed=len(name))
        write(folder / f"noise/{name}/{name}.wav", audio, 16000)
    return folder / "speech", folder / "noise"


def make_voices_and_noises(folder: Path) -> Path:
    """Six speakers of 11 s each in speech/, and four noises: enough to separate them."""
    for speaker in range(6):
        for take in range(2):
            audio = voice_like(5.5, 16000, 90.0 + 25.0 * speaker, seed=10 * speaker + take)
            write(folder / f"speech/s{speaker}/take{take}.wav", audio, 16000)
    for number, name in enumerate(("fan", "rain", "street", "sea")):
        write(folder / f"noise/{name}/{name}.wav", noise_like(3.0, 16000, seed=number), 16000)
    return folder


def write_config(path: Path, **train: Any) -> Path:
    """A --config file for a tiny run; `train` overrides."""
    sections = {"model": dataclasses.asdict(TINY), "train": {**TRAIN, **train}, "mix": MIX}
    path.write_text(json.dumps(sections))
    return path


class Bursts:
    """Batches of tone bursts in noise, by step number; NaN at the step `broken`."""

    def __init__(self, broken: int | None = None, seconds: float = 0.5) -> None:
        self.broken = broken
        self.samples = int(16000 * seconds)
        self.asked: list[int] = []

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> Batch:
        self.asked.append(step)
        share = batch_size // world
        items = [self._item(step, rank * share + i) for i in range(share)]
        noisy, reference = (torch.from_numpy(np.stack(part)) for part in zip(*items, strict=True))
        if step == self.broken:
            noisy[0, 100] = float("nan")
        return Batch(noisy, reference, torch.full((share,), 8000.0))

    def _item(self, step: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((7, step, index))
        time = np.arange(self.samples) / 16000.0
        tone = np.sin(2 * np.pi * rng.uniform(150, 600) * time) * (np.sin(40 * time) > 0)
        clean = (0.2 * tone).astype(np.float32)
        return clean + 0.1 * rng.standard_normal(self.samples).astype(np.float32), clean
