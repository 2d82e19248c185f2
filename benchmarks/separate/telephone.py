"""How loud voices are above a telephone's band, from what they are below: a regression.

The table that `aeolia.runtime.separate.telephone` fills clips by was made so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.data.corpus.manifest import read_manifest
from aeolia.errors import DataError
from aeolia.runtime.separate.telephone import NODES_HZ, regressors

__all__ = ["coefficients", "table"]

_RATE, _SECONDS, _MOST_SPEAKERS = 16000, 8, 50
#: Bins this near to a node count for it, in Hz; frames this far below the clip's loudest do not.
_WIDTH_HZ, _PAUSE = 300.0, 1e-3


def table(data: Path) -> str:
    """The coefficients from fifty speakers of a manifest's training part, a line a frequency."""
    found = coefficients(_clips(data))
    head = f"{'Hz':>6} {'a':>7} {'b':>7} {'c':>7}"
    rows = zip(NODES_HZ, found, strict=True)
    return "\n".join([head, *(f"{hz:6.0f} {a:7.3f} {b:7.3f} {c:7.3f}" for hz, (a, b, c) in rows)])


def coefficients(clips: Iterable[np.ndarray]) -> np.ndarray:
    """[N, 3] for the nodes, from clips [T] of voices at 16 kHz that reach 8 kHz."""
    known, levels = [], []
    for clip in clips:
        powers, regressor, mean = regressors(clip)
        hz = np.arange(powers.shape[1]) * (_RATE / 2 / (powers.shape[1] - 1))
        near = np.maximum(0.0, 1.0 - np.abs(hz[:, None] - NODES_HZ) / _WIDTH_HZ)
        frame_power = powers.mean(axis=1)
        sounds = frame_power > _PAUSE * frame_power.max()
        levels.append(np.log(powers @ near / near.sum(axis=0) / mean + 1e-8)[sounds])
        known.append(regressor[sounds])
    if not known:
        raise DataError("no voice reaches 7.5 kHz; give recordings of full bandwidth")
    solution = np.linalg.lstsq(np.concatenate(known), np.concatenate(levels), rcond=None)[0]
    return np.asarray(solution.T)


def _clips(data: Path) -> Iterator[np.ndarray]:
    speakers = {
        row.label: row
        for row in read_manifest(data / "manifest.csv")
        if row.kind == "speech" and row.split in ("", "train") and row.bandwidth_hz >= 7500.0
    }
    for row in list(speakers.values())[:_MOST_SPEAKERS]:
        audio, rate = soundfile.read(row.path, _frames(row.path), dtype="float32", always_2d=True)
        yield resample(mono(audio), rate, _RATE)


def _frames(path: str) -> int:
    return _SECONDS * int(soundfile.info(path).samplerate)
