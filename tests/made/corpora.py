"""Whole corpora of made recordings, with their manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aeolia.data.corpus.manifest import Row, split_rows, write_manifest
from made.music import hit_rows, note_rows, song_rows
from made.recordings import made_rows, noise_like, voice_like, write

__all__ = ["held_out_corpus", "held_out_rows"]


def held_out_corpus(folder: Path, speakers: int, noises: int, sample_rate: int = 48000) -> Path:
    """The manifest of a second from each of many voices and noises: enough to hold some out.

    All that is held out is of `report`.
    """
    rows = []
    names = [("speech", f"speaker{k}") for k in range(speakers)]
    names += [("noise", f"hum{chr(97 + k)}x") for k in range(noises)]
    for seed, (kind, label) in enumerate(names):
        if kind == "speech":
            audio = voice_like(1.0, sample_rate, 90.0 + 3 * seed, seed)
        else:
            audio = noise_like(1.0, sample_rate, seed)
        write(folder / f"{label}.wav", audio, sample_rate)
        path = str(folder / f"{label}.wav")
        rows.append(Row(path, kind, "made", label, 1.0, bandwidth_hz=sample_rate // 2))
    write_manifest(folder / "manifest.csv", _reported(split_rows(rows)))
    return folder / "manifest.csv"


def _reported(rows: list[Row]) -> list[Row]:
    """Rows whose held-out side is one: `report`."""
    return [replace(row, split="report") if row.split == "choose" else row for row in rows]


def held_out_rows(folder: Path, sample_rate: int = 16000) -> list[Row]:
    """Voices, noises, two songs, notes and hits, enough of each held out to mix them."""
    from aeolia.data.separate.rows import split_played

    rows = [*made_rows(folder), *song_rows(folder, songs=2)]
    for speaker, pitch_hz in enumerate((100.0, 110.0, 200.0, 220.0, 240.0)):
        audio = voice_like(4.0, sample_rate, pitch_hz, seed=speaker)
        path = write(folder / f"people/{speaker}.wav", audio, sample_rate)
        rows.append(Row(str(path), "speech", "people", f"p{speaker}", 4.0, sample_rate))
    rows = [replace(row, split="report") for row in rows]
    return [*rows, *_reported(split_played([*note_rows(folder), *hit_rows(folder)]))]
