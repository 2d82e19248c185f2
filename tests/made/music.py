"""Music made by rule for the tests: notes, drum hits, and songs with stems."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aeolia.audio.pitch.names import midi_to_hz
from aeolia.config.classes import KIT, PERCUSSION
from aeolia.data.corpus.manifest import Row
from made.recordings import write

__all__ = ["hit_rows", "kit_rows", "note_rows", "note_like", "song_rows"]


def note_like(
    midi: float, seconds: float, sample_rate: int, lead_seconds: float = 0.0
) -> np.ndarray:
    """A decaying harmonic tone after `lead_seconds` of silence."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    pitch_hz = float(midi_to_hz(midi))
    tone = sum(
        np.sin(2 * np.pi * pitch_hz * k * time) / k
        for k in range(1, 8)
        if k * pitch_hz < 0.45 * sample_rate
    )
    silence = np.zeros(int(lead_seconds * sample_rate))
    return np.concatenate([silence, 0.3 * tone * np.exp(-2.0 * time)]).astype(np.float32)


def note_rows(folder: Path, sample_rate: int = 16000) -> list[Row]:
    """A piano of two takes a pitch, a bass guitar and a voice; all in train."""
    rows = []
    for label, pitches, takes in (
        ("piano", range(40, 90, 4), 2),
        ("electric_bass", range(28, 53, 4), 1),
        ("voice", range(45, 70, 4), 1),
    ):
        for midi in pitches:
            for take in range(takes):
                audio = note_like(midi, 0.8 - 0.1 * take, sample_rate, 0.05)
                path = write(folder / f"notes/{label}_{midi}_{take}.wav", audio, sample_rate)
                seconds = len(audio) / sample_rate
                rows.append(
                    Row(
                        str(path),
                        "note",
                        f"made_{label}",
                        label,
                        seconds,
                        sample_rate,
                        split="train",
                        midi=midi,
                    )
                )
    return rows


def hit_rows(folder: Path, sample_rate: int = 16000) -> list[Row]:
    """Six kicks, snares and closed hi-hats each; all in train."""
    rows = []
    for role, (slope, pitch_hz) in enumerate(((20.0, 60.0), (15.0, 200.0), (60.0, 5000.0))):
        name = ("kick", "snare", "hihat_closed")[role]
        for take in range(6):
            rng = np.random.default_rng((role, take))
            time = np.arange(int(0.3 * sample_rate)) / sample_rate
            sound = np.sin(2 * np.pi * pitch_hz * time) + 0.3 * rng.standard_normal(len(time))
            audio = (0.5 * sound * np.exp(-slope * time)).astype(np.float32)
            path = write(folder / f"drums/00{take}_{name}_{take}.wav", audio, sample_rate)
            rows.append(
                Row(
                    str(path), "drum", "made_kit", f"{name}_{take}", 0.3, sample_rate, split="train"
                )
            )
    return rows


def song_rows(
    folder: Path, songs: int = 3, seconds: float = 6.0, sample_rate: int = 16000
) -> list[Row]:
    """Songs with vocals, drums, bass and other, each stem at a level and pitch of its own.

    The first half of every "vocals" is silent. All in train.
    """
    rows = []
    for song in range(songs):
        for index, label in enumerate(("vocals", "drums", "bass", "other")):
            midi = (64, 90, 33, 72)[index] + song
            note = note_like(midi, 0.5, sample_rate)
            audio = np.tile(note, int(2 * seconds))[: int(seconds * sample_rate)]
            audio *= (0.5, 1.0, 0.7, 0.25)[index]
            if label == "vocals":
                audio[: len(audio) // 2] = 0.0
            path = write(folder / f"songs/song{song}/{label}.wav", audio, sample_rate)
            rows.append(
                Row(
                    str(path),
                    "stem",
                    f"made/song{song}",
                    label,
                    seconds,
                    sample_rate,
                    split="train",
                )
            )
    return rows


def kit_rows(
    folder: Path,
    songs: int = 3,
    seconds: float = 6.0,
    sample_rate: int = 16000,
    beside: tuple[str, ...] = (PERCUSSION, "bass"),
    split: str = "train",
) -> list[Row]:
    """Songs with the parts of a drum kit, in the second half alone, their sum, and what is beside.

    Each part has a level and a pitch of its own.
    """
    rows = []
    for song in range(songs):
        drums = np.zeros(int(seconds * sample_rate), np.float32)
        for index, label in enumerate((*KIT, *beside, "drums")):
            note = note_like((33, 60, 50, 96, 88, 70, 40)[index % 7] + song, 0.25, sample_rate)
            audio = np.tile(note, int(4 * seconds))[: len(drums)] * (0.5, 0.3, 0.2)[index % 3]
            audio = np.pad(audio, (0, len(drums) - len(audio)))
            if label in KIT:
                audio[: len(audio) // 2] = 0.0
            if label in (*KIT, PERCUSSION):
                drums += audio
            audio = drums / 4.0 if label == "drums" else audio
            path = write(folder / f"kits/{split}{song}/{label}.wav", audio, sample_rate)
            source = f"made/{split}{song}"
            rows.append(Row(str(path), "stem", source, label, seconds, sample_rate, split=split))
    return rows
