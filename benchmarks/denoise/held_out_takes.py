"""Held-out long takes: a recorder left running, with pauses in which there is noise alone.

    takes  20 of 150 s at -5, 0, 5, 10 dB: two speakers, stretches of 4 s after pauses of 15 and
           1 s in turn

Drawn as `heldout.denoise` draws its sets: fixed seeds, one split, mixed in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.audio.levels import gain_below, peak
from aeolia.data.heldout.denoise import CLIP_SECONDS, SAMPLE_RATE, HeldOut, active_level

__all__ = ["PAUSES_SECONDS", "HeldOutTake", "Stretch", "draw_takes"]

SNRS_DB = (-5, 0, 5, 10)
#: Before the stretches, in turn.
PAUSES_SECONDS = (15.0, 1.0)
_SECONDS = 150.0
#: A speaker is by so much louder or quieter from stretch to stretch.
_STRETCH_DB = 3.0


@dataclass(frozen=True)
class Stretch:
    """Where somebody speaks, in seconds of the take, and how long the pause before was."""

    start: float
    end: float
    pause_seconds: float


@dataclass(frozen=True)
class HeldOutTake:
    """`noisy` and `reference` [T] float32 at 48 kHz, and where in them somebody speaks."""

    name: str
    noisy: np.ndarray
    reference: np.ndarray
    stretches: tuple[Stretch, ...]
    snr_db: int
    noise: str


def draw_takes(data: Path, split: str = "report", *, takes: int = 20) -> list[HeldOutTake]:
    """Takes of a split; SNRs, speakers and recordings are used in turn.

    Args:
        data: a folder with manifest.csv.
        split: "report", or "choose" to compare candidates.

    Raises:
        DataError: a folder that is no data, or too little held out.
    """
    held = HeldOut(data / "manifest.csv", split)
    rng = np.random.default_rng(6)
    noises = [str(name) for name in rng.permutation(list(held.noises))]
    return [_take(held, k, noises[k % len(noises)]) for k in range(takes)]


def _take(held: HeldOut, k: int, noise: str) -> HeldOutTake:
    rng = np.random.default_rng((6, k))
    length = round(_SECONDS * SAMPLE_RATE)
    speakers = rng.choice(list(held.speakers), 2, replace=False)
    reference = np.zeros(length, np.float32)
    stretches: list[Stretch] = []
    end = 0.0
    while True:
        pause = PAUSES_SECONDS[len(stretches) % len(PAUSES_SECONDS)]
        start = end + pause
        end = start + CLIP_SECONDS
        if end > _SECONDS:
            break
        gain = np.float32(10 ** (rng.uniform(-_STRETCH_DB, _STRETCH_DB) / 20))
        speech = held.speech(rng, str(speakers[int(rng.integers(2))])) * gain
        begin = round(start * SAMPLE_RATE)
        reference[begin : begin + len(speech)] = speech
        stretches.append(Stretch(start, end, pause))
    snr_db = SNRS_DB[k % len(SNRS_DB)]
    noisy = reference + held.noise(rng, noise, length) * np.float32(10 ** (-snr_db / 20))
    level = 10 ** (rng.uniform(-35, -18) / 20) / active_level(noisy)
    level = gain_below(0.95, max(peak(noisy), peak(reference)), level)
    scale = np.float32(level)
    name = f"takes-{k:03d}"
    return HeldOutTake(name, noisy * scale, reference * scale, tuple(stretches), snr_db, noise)
