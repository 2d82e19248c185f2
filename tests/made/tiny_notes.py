"""Notes that a test makes: tones with harmonics that decay, in files and in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import torch

from aeolia.audio.pitch.names import midi_to_hz
from aeolia.config import SynthConfig
from aeolia.models.synth.synthesiser import Synthesiser

__all__ = ["TINY_SYNTH", "random_synth", "tone", "write_notes"]

TINY_SYNTH = SynthConfig(
    name="tiny",
    harmonics=6,
    channels=16,
    layers=2,
    condition_dim=8,
    encoder_channels=8,
    latent_dim=4,
    instruments=("bell", "reed"),
    ranges=((50.0, 70.0), (48.0, 72.0)),
    held_seconds=(1.0, 0.6),
)


def tone(
    midi: float, seconds: float = 1.0, decay: float = 3.0, rate: int = 48000, late: float = 0.0
) -> np.ndarray:
    """A tone of eight harmonics that begins `late` seconds in and falls by exp(-decay) a second."""
    time = np.arange(round(seconds * rate)) / rate
    hz = float(midi_to_hz(midi))
    waves = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 9) if k * hz < rate / 2)
    sound = 0.2 * waves * np.exp(-decay * time) * np.minimum(1.0, 200.0 * time)
    return np.concatenate([np.zeros(round(late * rate)), sound]).astype(np.float32)


def write_notes(folder: Path, rate: int = 48000, *, report: tuple[int, ...] = ()) -> Path:
    """Two instruments of six pitches in two strengths each, pitches in the files' names.

    Pitches of `report` are given to it by a table; six are too few for the split to do so.
    """
    rows = []
    for name, decay in (("bell", 6.0), ("reed", 0.2)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for midi in (52, 55, 58, 60, 63, 66):
            for strength in (0.3, 1.0):
                path = folder / name / f"{name}_{midi:03d}_{'pf'[strength == 1.0]}.wav"
                soundfile.write(path, strength * tone(midi, 0.9, decay, rate), rate)
                split = "report" if midi in report else ""
                rows.append(f"{name}/{path.name},{name},{midi},{split}\n")
    if report:
        (folder / "notes.csv").write_text("path,instrument,midi,split\n" + "".join(rows))
    return folder


def random_synth(config: SynthConfig = TINY_SYNTH, seed: int = 0) -> Synthesiser:
    """A model whose every weight and bias is random: zeros hide mistakes."""
    torch.manual_seed(seed)
    model = Synthesiser(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model
