"""Whole corpora of made recordings, with their manifests."""

from __future__ import annotations

import csv
from pathlib import Path

from made.recordings import noise_like, voice_like, write

__all__ = ["held_out_corpus"]


def held_out_corpus(folder: Path, speakers: int, noises: int, sample_rate: int = 48000) -> Path:
    """The manifest of a second from each of many voices and noises: enough to hold some out."""
    rows = []
    names = [("speech", f"speaker{k}") for k in range(speakers)]
    names += [("noise", f"hum{chr(97 + k)}x") for k in range(noises)]
    for seed, (kind, label) in enumerate(names):
        if kind == "speech":
            audio = voice_like(1.0, sample_rate, 90.0 + 3 * seed, seed)
        else:
            audio = noise_like(1.0, sample_rate, seed)
        write(folder / f"{label}.wav", audio, sample_rate)
        rows.append([f"{label}.wav", kind, "made", label, 1.0, sample_rate // 2])
    path = folder / "manifest.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "kind", "source", "label", "seconds", "bandwidth_hz"])
        writer.writerows(rows)
    return path
