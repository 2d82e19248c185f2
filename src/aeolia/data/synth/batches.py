"""Batches of notes for training: whole notes for the encoder, crops of them to reconstruct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeolia.audio.pitch.contour import LOUDNESS_FLOOR_DB
from aeolia.config import SynthConfig
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.data.synth.notes import RecordedNote
from aeolia.models.synth.encoder import NoteSpectrum

__all__ = ["NoteBatch", "NoteBatches", "held_frames"]

#: A crop from the middle of a note is compared from this frame on: its filters start at nothing.
_SETTLING_FRAMES = 2
#: Recordings that reach this far count as whole: what coders cut above it is hardly audible, and
#: is better left silent than open.
_WHOLE_HZ = 19000.0
#: A note that ends in the recording was let go before its level had fallen by this much, and
#: this share of its length is left for that.
_LET_GO_DB, _HELD_SHARE = 25.0, 0.85


@dataclass(frozen=True)
class NoteBatch:
    """Tensors of one batch; shapes as `Synthesiser.forward` takes them."""

    log_power: Tensor
    note_hz: Tensor
    inside: Tensor
    instrument: Tensor
    pitch_midi: Tensor
    velocity: Tensor
    #: Time of every frame of the whole notes [B, F].
    times: Tensor
    #: Level below the note's loudest frame [B, F] in dB, and where it is known to be held.
    shape_db: Tensor
    held: Tensor
    crop_hz: Tensor
    loudness_db: Tensor
    age: Tensor
    #: The crops themselves [B, T], and 0 where they are not compared [B, T].
    audio: Tensor
    compared: Tensor
    bandwidth_hz: Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        return self.audio.numel() / self.sample_rate


class NoteBatches:
    """Seeded batches over notes: instruments in proportion to the square root of their notes."""

    def __init__(
        self,
        notes: Sequence[RecordedNote],
        config: SynthConfig,
        mix: NoteMixConfig,
    ) -> None:
        self.notes = list(notes)
        self.config, self.mix = config, mix
        self.spectrum = NoteSpectrum(config)
        self._powers: dict[int, np.ndarray] = {}
        names = [note.file.instrument for note in self.notes]
        counts = np.array([names.count(name) for name in names], np.float64)
        self._ends = np.cumsum(counts**-0.5)

    def batch(self, step: int, batch_size: int, rank: int = 0, world: int = 1) -> NoteBatch:
        """The batch of a step, or the share of it that process `rank` of `world` has."""
        share = batch_size // world
        chosen, starts = [], []
        for index in range(rank * share, (rank + 1) * share):
            rng = np.random.default_rng((self.mix.seed, step, index))
            chosen.append(int(np.searchsorted(self._ends, rng.random() * self._ends[-1])))
            room = len(self.notes[chosen[-1]].pitch_hz) - self.mix.crop_frames
            later = room > 0 and rng.random() >= self.mix.onset_share
            starts.append(int(rng.integers(1, room + 1)) if later else 0)
        return self.gather(chosen, starts)

    def gather(self, chosen: Sequence[int], starts: Sequence[int]) -> NoteBatch:
        """Notes by number, with crops that start at the given frames."""
        notes = [self.notes[i] for i in chosen]
        hop, crop = self.config.hop_length, self.mix.crop_frames
        # Whole notes are padded to a multiple of eight frames: the encoder's stride.
        longest = -(-max(len(note.pitch_hz) for note in notes) // 8) * 8
        batch, floor = len(notes), LOUDNESS_FLOOR_DB
        arrays = {
            "log_power": np.zeros((batch, longest, self.spectrum.n_bands), np.float32),
            "note_hz": np.zeros((batch, longest), np.float32),
            "inside": np.zeros((batch, longest), np.float32),
            "shape_db": np.zeros((batch, longest), np.float32),
            "held": np.zeros((batch, longest), np.float32),
            "instrument": np.zeros((batch, len(self.config.instruments)), np.float32),
            "crop_hz": np.zeros((batch, crop), np.float32),
            "loudness_db": np.full((batch, crop), floor, np.float32),
            "audio": np.zeros((batch, crop * hop), np.float32),
            "compared": np.ones((batch, crop * hop), np.float32),
            "age": np.zeros((batch, 1), np.float32),
        }
        for row, (number, note, start) in enumerate(zip(chosen, notes, starts, strict=True)):
            frames, stop = len(note.pitch_hz), start + crop
            arrays["log_power"][row, :frames] = self._log_power(number)
            arrays["note_hz"][row, :frames] = note.pitch_hz
            arrays["inside"][row, :frames] = 1.0
            arrays["shape_db"][row, :frames] = note.loudness_db - note.loudness_db.max()
            arrays["held"][row, : held_frames(note)] = 1.0
            name = note.file.instrument
            if name in self.config.instruments:
                arrays["instrument"][row, self.config.instruments.index(name)] = 1.0
            part = note.pitch_hz[start:stop]
            arrays["crop_hz"][row] = np.pad(part, (0, crop - len(part)), mode="edge")
            arrays["loudness_db"][row, : len(part)] = note.loudness_db[start:stop]
            sound = note.audio[start * hop : stop * hop].astype(np.float32)
            arrays["audio"][row, : len(sound)] = sound * 10.0 ** (note.gain_db / 20.0)
            arrays["age"][row] = start
            if start:
                arrays["compared"][row, : _SETTLING_FRAMES * hop] = 0.0
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        for name, values in (
            ("pitch_midi", [note.midi or 60.0 for note in notes]),
            ("velocity", [note.velocity for note in notes]),
            ("bandwidth_hz", [_bandwidth_hz(note) for note in notes]),
        ):
            tensors[name] = torch.tensor(values, dtype=torch.float32)
        times = (torch.arange(longest) + 0.5) / self.config.frame_rate
        tensors["times"] = times.expand(batch, -1)
        return NoteBatch(**tensors, sample_rate=self.config.sample_rate)

    def _log_power(self, number: int) -> np.ndarray:
        """Log band powers of a note, measured when it is first drawn."""
        if number not in self._powers:
            audio = torch.from_numpy(self.notes[number].audio.astype(np.float32) / 32768.0)
            with torch.no_grad():
                power = self.spectrum(audio.unsqueeze(0))[0]
            self._powers[number] = power.numpy().astype(np.float16)
        return self._powers[number]


def _bandwidth_hz(note: RecordedNote) -> float:
    """How high a note says anything; beyond all bins where it is whole, or not known."""
    reach = note.file.bandwidth_hz
    return reach if 0.0 < reach < _WHOLE_HZ else 1e6


def held_frames(note: RecordedNote) -> int:
    """Frames in which a note was still held: all, or those before a recorded release."""
    if not note.ends:
        return len(note.pitch_hz)
    loud = np.flatnonzero(note.loudness_db > note.loudness_db.max() - _LET_GO_DB)
    return max(8, int(_HELD_SHARE * (loud[-1] + 1)))
