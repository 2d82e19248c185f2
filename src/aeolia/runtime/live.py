"""Live sound through a stream: blocks of one fixed size in and out, and a meter.

Sound cards request exactly as many samples as they deliver; a stream returns what is ready. A
first-in-first-out buffer that starts with `latency` samples of silence makes up the difference.
"""

from __future__ import annotations

import time

import numpy as np

from aeolia.runtime.passage import Passage

__all__ = ["LiveBlocks", "Meter"]


class Meter:
    """Load (processing time over audio time) and lost blocks, since the last reading."""

    def __init__(self) -> None:
        self.n_blocks = 0
        self.n_dropped = 0
        self._busy_seconds = 0.0
        self._audio_seconds = 0.0
        self._peak_load = 0.0

    def count(self, busy_seconds: float, audio_seconds: float, dropped: bool) -> None:
        """Note one block; it is dropped when the card said so or it took longer than it lasts."""
        self.n_blocks += 1
        self.n_dropped += dropped or busy_seconds > audio_seconds
        self._busy_seconds += busy_seconds
        self._audio_seconds += audio_seconds
        self._peak_load = max(self._peak_load, busy_seconds / audio_seconds)

    def read(self) -> tuple[float, float]:
        """Mean and highest load since the last call, 1.0 being all there is."""
        mean = self._busy_seconds / self._audio_seconds if self._audio_seconds else 0.0
        peak = self._peak_load
        self._busy_seconds = self._audio_seconds = self._peak_load = 0.0
        return mean, peak


class LiveBlocks:
    """Blocks [T, C] through a stream, as many samples out as in, always.

    The output lags the input by `latency` samples, the stream's own. Of a stream that separates,
    one output is played: `source`, by name.
    """

    def __init__(
        self, stream: Passage[np.ndarray] | Passage[dict[str, np.ndarray]], source: str = ""
    ) -> None:
        self.stream = stream
        self.source = source
        self.meter = Meter()
        self.latency = stream.latency
        self._ready = np.zeros((self.latency, stream.channels), np.float32)

    def process(self, block: np.ndarray, *, dropped: bool = False) -> np.ndarray:
        """Take a block [T, C] from the microphone; return one [T, C] for the speaker.

        `dropped` says that the sound card lost something before this block.
        """
        started = time.perf_counter()
        # A microphone's driver may bring anything at start-up; a stream takes finite values only.
        finite = np.nan_to_num(block, copy=True, nan=0.0, posinf=0.0, neginf=0.0)
        returned = self.stream.push(finite)
        fresh = returned[self.source] if isinstance(returned, dict) else returned
        self._ready = np.concatenate([self._ready, fresh])
        output, self._ready = self._ready[: len(block)], self._ready[len(block) :]
        busy = time.perf_counter() - started
        self.meter.count(busy, max(len(block), 1) / self.stream.sample_rate, dropped)
        return output
