"""AudioPool: every recording decoded and resampled once, resident as one flat int16 array.

Decoding compressed files again for every crop would take longer than training on them. The
pool writes one raw int16 file per selection of recordings into the cache and maps it into
memory, so a second run starts at once and processes on one machine share the pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aeolia.data.cache import cached, entry_name
from aeolia.data.corpus.bandwidth import SpectrumSum
from aeolia.data.corpus.manifest import Row
from aeolia.data.decoding import Scaled, decoded
from aeolia.errors import DataError

if TYPE_CHECKING:
    import torch

__all__ = ["AudioPool", "write_sounds"]

#: Counted up when what an entry of the cache holds changes.
_VERSION = 3


@dataclass(frozen=True, eq=False)
class AudioPool:
    """Items (recordings, each at one or more speeds) that crops are cut from.

    Attributes, one entry per item unless said otherwise:
        samples: flat int16 NumPy memory map of all recordings, each scaled to the same peak.
        rows: the recordings (shared by their speeds); `row_of[item]` is an index into it.
        starts, lengths: where an item lies in `samples`.
        speeds: playing speed of the item; 1.1 is shorter, higher, and wider in bandwidth.
        bandwidth_hz: how high the item reaches, at most half the sample rate. For speech the
            smaller of what the row says and what the spectrum of the speaker's recordings shows:
            coders cut at 20 kHz whatever the original was, and some microphones far below it.
        peaks: peak that the item had before it was scaled, so that the stems of a song can be
            given their balance back.
    """

    samples: np.ndarray
    rows: list[Row]
    sample_rate: int
    starts: np.ndarray
    lengths: np.ndarray
    row_of: np.ndarray
    speeds: np.ndarray
    bandwidth_hz: np.ndarray
    peaks: np.ndarray

    @classmethod
    def from_manifest(
        cls,
        rows: Sequence[Row],
        sample_rate: int,
        speeds: Sequence[float] = (0.9, 1.0, 1.1),
        progress: bool = True,
    ) -> AudioPool:
        """Decode `rows` (or find them decoded) at `sample_rate`, mono, at each of `speeds`.

        Raises:
            DataError: there are no rows, a file cannot be read, or the cache cannot be written.
        """
        if not rows:
            raise DataError("no recordings were given to decode; check kind and split")
        name = entry_name(
            f"pool-{sample_rate}",
            f"{_VERSION} {sample_rate} {list(speeds)}",
            ((row.path, f"{row.kind} {row.source} {row.label}") for row in rows),
        )
        folder = cached(name, lambda new: _decode_into(new, rows, sample_rate, speeds, progress))
        return cls.read(folder, rows, sample_rate, speeds)

    @classmethod
    def read(
        cls, folder: Path, rows: Sequence[Row], sample_rate: int, speeds: Sequence[float] = (1.0,)
    ) -> AudioPool:
        """What `write_sounds` wrote of `rows`, each at all `speeds`, mapped into memory."""
        index = json.loads((folder / "index.json").read_text())
        lengths = np.array(index["lengths"], np.int64)
        row_of = np.repeat(np.arange(len(rows)), len(speeds))
        item_speeds = np.tile(np.asarray(speeds, np.float64), len(rows))
        listed = np.array([row.bandwidth_hz or np.inf for row in rows])
        reach_hz = np.minimum(listed, index["reach_hz"])[row_of] * item_speeds
        return cls(
            # Copy on write: nobody writes, but torch asks for an array that could be.
            np.memmap(folder / "samples.int16", np.int16, mode="c", shape=(lengths.sum(),)),
            list(rows),
            sample_rate,
            starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
            lengths=lengths,
            row_of=row_of,
            speeds=item_speeds,
            bandwidth_hz=np.minimum(reach_hz, sample_rate / 2),
            peaks=np.array(index["peaks"]),
        )

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def seconds(self) -> float:
        """Length of all items together, every speed counted."""
        return float(self.lengths.sum()) / self.sample_rate

    @property
    def audio(self) -> torch.Tensor:
        """All samples as a torch int16 tensor, a view of the memory map."""
        import torch

        return torch.from_numpy(np.asarray(self.samples))

    def sound(self, item: int, start: int = 0, length: int | None = None) -> np.ndarray:
        """An item, or `length` samples of it from `start` on, int16 [T]: a view."""
        begin, end = int(self.starts[item]), int(self.starts[item] + self.lengths[item])
        stop = end if length is None else min(begin + start + length, end)
        return np.asarray(self.samples)[begin + start : stop]

    def row(self, item: int) -> Row:
        """The recording behind an item."""
        return self.rows[int(self.row_of[item])]

    def subset(self, keep: Callable[[Row], bool]) -> AudioPool:
        """A pool of the recordings for which `keep(row)` holds; the samples are shared.

        Raises:
            DataError: it holds for none.
        """
        kept = np.array([keep(row) for row in self.rows], bool)
        items = kept[self.row_of]
        if not items.any():
            raise DataError("no recording is left of the pool after the selection")
        return replace(
            self,
            rows=[row for row, is_kept in zip(self.rows, kept, strict=True) if is_kept],
            starts=self.starts[items],
            lengths=self.lengths[items],
            row_of=(np.cumsum(kept) - 1)[self.row_of[items]],
            speeds=self.speeds[items],
            bandwidth_hz=self.bandwidth_hz[items],
            peaks=self.peaks[items],
        )


def write_sounds(
    folder: Path, sounds: Iterable[Scaled], reach_hz: Callable[[], Sequence[float]]
) -> None:
    """Write the items of a pool into `folder`, for `AudioPool.read`.

    Args:
        reach_hz: says how high each recording reaches, once all `sounds` have been taken.
    """
    lengths, peaks = [], []
    with (folder / "samples.int16").open("wb") as stream:
        for sound, peak in sounds:
            sound.tofile(stream)
            lengths.append(len(sound))
            peaks.append(peak)
    index = {"lengths": lengths, "reach_hz": list(reach_hz()), "peaks": peaks}
    (folder / "index.json").write_text(json.dumps(index))


def _decode_into(
    folder: Path, rows: Sequence[Row], sample_rate: int, speeds: Sequence[float], progress: bool
) -> None:
    """Write the recordings, and how high each speaker's reach."""
    # One recording may hold no high sounds at all, hence a sum over each speaker's.
    spectra: dict[tuple[str, str, int], SpectrumSum] = {}
    voices = []

    def sounds() -> Iterable[Scaled]:
        recordings = decoded(rows, sample_rate, speeds, progress)
        for row, recording in zip(rows, recordings, strict=True):
            rate = recording.spectrum.sample_rate
            voice = (row.source, row.label or row.path, rate)
            spectra.setdefault(voice, SpectrumSum(rate)).merge(recording.spectrum)
            voices.append(voice)
            yield from recording.sounds

    def reach_hz() -> list[float]:
        reach = {voice: total.reach_hz() or voice[2] / 2 for voice, total in spectra.items()}
        return [reach[voice] for voice in voices]

    write_sounds(folder, sounds(), reach_hz)
