"""Sample-rate conversion with soxr, of whole arrays and of streams.

Arrays are [T] or [T, C]. Both ways are time-aligned: sample t of the input at rate R appears at
t * M / R of the output, and the stream's blocks, concatenated, equal the whole.
"""

from __future__ import annotations

import functools
import math

import numpy as np

__all__ = ["StreamResampler", "resample", "resampling_lag"]

#: soxr's names: HQ is transparent to 20 bits, LQ to 16 with a wider roll-off, QQ is cubic.
QUALITIES = ("QQ", "LQ", "MQ", "HQ", "VHQ")


def resample(audio: np.ndarray, from_rate: int, to_rate: int, quality: str = "HQ") -> np.ndarray:
    """Resample audio [T] or [T, C] as a whole to round(T * to_rate / from_rate) samples."""
    if from_rate == to_rate or not len(audio):
        return audio
    import soxr

    audio = np.ascontiguousarray(audio)
    return np.asarray(soxr.resample(audio, from_rate, to_rate, quality=quality))


class StreamResampler:
    """Resample float32 blocks [T, C] that arrive one after another.

    What comes out lags what went in by at most `resampling_lag` seconds; `flush` returns the
    rest. The blocks' sizes have no influence on the samples.
    """

    def __init__(self, from_rate: int, to_rate: int, channels: int, quality: str = "HQ") -> None:
        # Imported here because most streams run at the model's own rate and start faster so.
        import soxr

        self._soxr = soxr.ResampleStream(
            from_rate, to_rate, channels, dtype="float32", quality=quality
        )
        self._channels = channels

    def push(self, block: np.ndarray) -> np.ndarray:
        """Take a block [T, C]; return the samples [T', C] that are ready."""
        return np.asarray(self._soxr.resample_chunk(np.ascontiguousarray(block, dtype=np.float32)))

    def flush(self) -> np.ndarray:
        """The remaining samples [T', C]; the resampler is spent afterwards."""
        nothing = np.zeros((0, self._channels), np.float32)
        return np.asarray(self._soxr.resample_chunk(nothing, last=True))


@functools.lru_cache(maxsize=64)
def resampling_lag(from_rate: int, to_rate: int, quality: str = "HQ") -> float:
    """Upper bound, in seconds, of how far a `StreamResampler`'s output lags its input.

    soxr works in stages with inner blocks, so the lag varies with time and has no closed form;
    it is measured on three seconds of silence (a few milliseconds of work). The counts do not
    depend on the samples or the block sizes.
    """
    if from_rate == to_rate:
        return 0.0
    block = np.zeros((64, 1), np.float32)
    resampler = StreamResampler(from_rate, to_rate, 1, quality)
    pushed, returned, worst = 0, 0, 0.0
    for _ in range(math.ceil(3 * from_rate / len(block))):
        pushed += len(block)
        returned += len(resampler.push(block))
        worst = max(worst, pushed / from_rate - returned / to_rate)
    # Between two blocks up to 63 samples may be waiting, and counts round to whole samples.
    return worst + len(block) / from_rate + 1.0 / to_rate
