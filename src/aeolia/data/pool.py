"""AudioPool: every recording decoded and resampled once, resident as one flat int16 array.

Decoding compressed files again for every crop would take longer than training on them. The
pool writes one raw int16 file per selection of recordings under the cache folder and maps it
into memory, so a second run starts at once and processes on one machine share the pages.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import soundfile
import soxr

from aeolia.data.corpus.bandwidth import SpectrumSum
from aeolia.data.corpus.manifest import Row
from aeolia.errors import DataError

if TYPE_CHECKING:
    import torch

_Item = TypeVar("_Item")
#: Mono int16 at each speed, their peaks before scaling, the spectrum at the recording's own rate.
_Decoded = tuple[list[np.ndarray], list[float], SpectrumSum]

__all__ = ["AudioPool", "default_cache_dir"]

#: Counted up when the layout of the cache changes.
_CACHE_VERSION = 2
#: Peak that each recording is scaled to; levels are drawn anew for every mixture.
_PEAK = 0.9
#: Say what is being done when decoding will take longer than a few seconds.
_PROGRESS_SECONDS = 300.0


def default_cache_dir() -> Path:
    """`$AEOLIA_CACHE`, or `~/.cache/aeolia`."""
    return Path(os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia")


class AudioPool:
    """Items (recordings, each at one or more speeds) that crops are cut from.

    Attributes, one entry per item unless said otherwise:
        samples: flat int16 NumPy memory map of all recordings, each scaled to the same peak.
        audio: the same as a torch int16 tensor, a view of them (made on first use).
        starts, lengths: where an item lies in `samples`.
        rows: the recordings (shared by their speeds); `row_of[item]` is an index into it.
        speeds: playing speed of the item; 1.1 is shorter, higher, and wider in bandwidth.
        bandwidth_hz: how high the item reaches, at most half the sample rate. For speech the
            smaller of what the row says and what the spectrum of the speaker's recordings shows:
            coders cut at 20 kHz whatever the original was, and some microphones far below it.
        peaks: peak that the item had before it was scaled, so that the stems of a song can be
            given their balance back.
    """

    def __init__(
        self,
        samples: np.ndarray,
        rows: Sequence[Row],
        sample_rate: int,
        starts: np.ndarray,
        lengths: np.ndarray,
        row_of: np.ndarray,
        speeds: np.ndarray,
        reach_hz: np.ndarray,
        peaks: np.ndarray | None = None,
    ) -> None:
        self.samples = samples
        self.rows = list(rows)
        self.sample_rate = sample_rate
        self.starts, self.lengths, self.row_of, self.speeds = starts, lengths, row_of, speeds
        self._reach_hz = reach_hz
        self.bandwidth_hz = np.minimum(reach_hz[row_of] * speeds, sample_rate / 2)
        self.peaks = np.ones(len(starts)) if peaks is None else peaks
        self._audio: torch.Tensor | None = None

    @classmethod
    def from_manifest(
        cls,
        rows: Sequence[Row],
        sample_rate: int,
        cache_dir: str | os.PathLike[str] | None = None,
        speeds: Sequence[float] = (0.9, 1.0, 1.1),
        progress: bool = True,
    ) -> AudioPool:
        """Decode `rows` (or find them decoded) at `sample_rate`, mono, at each of `speeds`.

        Raises:
            DataError: there are no rows, a file cannot be read, or the cache cannot be written.
        """
        if not rows:
            raise DataError("no recordings were given to decode; check kind and split")
        place = Path(cache_dir or default_cache_dir()) / _key(rows, sample_rate, speeds)
        if not (place / "index.json").is_file():
            try:
                _build(place, rows, sample_rate, speeds, progress)
            except OSError as error:
                raise DataError(
                    f"cannot write the audio cache under {place.parent}: {error.strerror or error}"
                    "; free space there or set AEOLIA_CACHE to another folder"
                ) from error
        index = json.loads((place / "index.json").read_text())
        lengths = np.array(index["lengths"], np.int64)
        told = np.array([row.bandwidth_hz or np.inf for row in rows])
        # Copy on write: nobody writes, but torch asks for an array that could be.
        samples = np.memmap(place / "samples.int16", np.int16, mode="c", shape=(lengths.sum(),))
        return cls(
            samples,
            rows,
            sample_rate,
            starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
            lengths=lengths,
            row_of=np.repeat(np.arange(len(rows)), len(speeds)),
            speeds=np.tile(np.asarray(speeds, np.float64), len(rows)),
            reach_hz=np.minimum(told, index["reach_hz"]),
            peaks=np.array(index["peaks"]) if "peaks" in index else None,
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
        if self._audio is None:
            import torch

            self._audio = torch.from_numpy(np.asarray(self.samples))
        return self._audio

    def row(self, item: int) -> Row:
        """The recording behind an item."""
        return self.rows[int(self.row_of[item])]

    def subset(self, keep: Callable[[Row], bool]) -> AudioPool:
        """A pool of the recordings for which `keep(row)` holds; the samples are shared."""
        kept = np.array([keep(row) for row in self.rows], bool)
        items = kept[self.row_of]
        if not items.any():
            raise DataError("no recording is left of the pool after the selection")
        renumbered = np.cumsum(kept) - 1
        pool = AudioPool(
            self.samples,
            [row for row, wanted in zip(self.rows, kept, strict=True) if wanted],
            self.sample_rate,
            self.starts[items],
            self.lengths[items],
            renumbered[self.row_of[items]],
            self.speeds[items],
            self._reach_hz[kept],
            self.peaks[items],
        )
        pool._audio = self._audio
        return pool


def _key(rows: Sequence[Row], sample_rate: int, speeds: Sequence[float]) -> str:
    """Name of the cache entry: changes with any file, the rate, the speeds and the format."""
    digest = hashlib.sha256(f"{_CACHE_VERSION} {sample_rate} {list(speeds)}".encode())
    for row in rows:
        try:
            status = os.stat(row.path)
        except OSError as error:
            raise DataError(f"cannot read {row.path}: {error.strerror}") from error
        digest.update(f"{row.path}\n{row.kind}\n{status.st_mtime_ns}\n{status.st_size}\n".encode())
    return f"pool-{sample_rate}-{digest.hexdigest()[:16]}"


def _decode(row: Row, sample_rate: int, speeds: Sequence[float]) -> _Decoded:
    """One recording."""
    try:
        audio, file_rate = soundfile.read(row.path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise DataError(f"cannot decode {row.path}: {error}; remove it or scan again") from error
    # Averaging the channels of an impulse response would comb-filter its direct sound.
    mono = audio[:, 0] if row.kind == "rir" else audio.mean(axis=1)
    mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
    spectrum = SpectrumSum(file_rate)
    if row.kind == "speech":
        spectrum.add(mono)
    outputs, peaks = [], []
    for speed in speeds:
        # Played at another speed is read as if recorded at another rate.
        source_rate = file_rate * speed
        changed = source_rate != sample_rate and mono.size > 1
        sound = soxr.resample(mono, source_rate, sample_rate) if changed else mono
        peak = float(np.abs(sound).max()) if sound.size else 0.0
        scale = _PEAK * 32767.0 / peak if peak > 0.0 else 0.0
        outputs.append(np.round(sound * scale).astype(np.int16))
        peaks.append(peak)
    return outputs, peaks, spectrum


def _decoded(rows: Sequence[Row], sample_rate: int, speeds: Sequence[float]) -> Iterator[_Decoded]:
    """Decode in order on a few threads, holding only a few recordings at a time."""
    pending: deque[Future[_Decoded]] = deque()
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        for row in rows:
            pending.append(threads.submit(_decode, row, sample_rate, speeds))
            if len(pending) >= 16:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _build(
    place: Path, rows: Sequence[Row], sample_rate: int, speeds: Sequence[float], progress: bool
) -> None:
    """Write a cache entry beside its place and rename it when complete."""
    partial = place.with_name(f".{place.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        lengths, peaks = [], []
        # One recording may hold no high sounds at all, hence a sum over each speaker's.
        spectra: dict[tuple[str, str, int], SpectrumSum] = {}
        voices = []
        with (partial / "samples.int16").open("wb") as stream:
            decoded = _decoded(rows, sample_rate, speeds)
            if progress and sum(row.seconds for row in rows) > _PROGRESS_SECONDS:
                decoded = _shown(decoded, len(rows), sample_rate)
            for row, (outputs, heights, spectrum) in zip(rows, decoded, strict=True):
                peaks += heights
                for output in outputs:
                    output.tofile(stream)
                    lengths.append(len(output))
                voice = (row.source, row.label or row.path, spectrum.sample_rate)
                spectra.setdefault(voice, SpectrumSum(spectrum.sample_rate)).merge(spectrum)
                voices.append(voice)
        reach = {voice: total.reach_hz() or voice[2] / 2 for voice, total in spectra.items()}
        index = {
            "lengths": lengths,
            "reach_hz": [reach[voice] for voice in voices],
            "peaks": peaks,
        }
        (partial / "index.json").write_text(json.dumps(index))
        try:
            os.replace(partial, place)
        except OSError:
            if not (place / "index.json").is_file():  # else another process was first
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _shown(decoded: Iterator[_Item], count: int, sample_rate: int) -> Iterator[_Item]:
    """Pass `decoded` on, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    text = f"decoding {count} recordings to {sample_rate} Hz"
    yield from track(decoded, text, count, console=Console(stderr=True), transient=True)
