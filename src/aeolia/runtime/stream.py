"""Run a model over audio that arrives in blocks of any size, time-aligned and length-exact.

    block at the caller's rate -> resample -> hops -> backend.step -> drop the delay
      -> resample back -> mix with the aligned input (attenuation limit) -> block

Whatever way the audio is cut into blocks, the concatenation of all returned blocks and of
`flush` is the same, has the input's length, and lines up with it sample by sample. Arrays are
[T] or [T, C], as soundfile has them.
"""

from __future__ import annotations

import math

import numpy as np

from aeolia.audio.resample import QUALITIES, StreamResampler, resampling_lag
from aeolia.errors import InputError
from aeolia.runtime.backend import Backend

__all__ = ["FRAMES_PER_STEP", "Stream"]

#: Frames of one step at most: faster than the whole at once (caches), and bounded memory.
FRAMES_PER_STEP = 64

#: Sample rates that a stream accepts, in Hz.
MIN_SAMPLE_RATE, MAX_SAMPLE_RATE = 8000, 192000


class Stream:
    """One recording's way through a model.

    Args:
        backend: the model; its state for this stream is kept here, so backends can be shared.
        sample_rate: of the blocks, in Hz, 8000 to 192000; the model's own when None.
        channels: each is processed on its own, with one common step.
        attenuation_limit_db: noise is lowered by at most this many decibels, by mixing the
            input back in; None means no limit.
        resample_quality: soxr quality used when `sample_rate` is not the model's: "HQ" is
            transparent; "LQ" has less latency.

    Raises:
        InputError: an argument out of range; in `push`, a block of wrong shape or type or with
            values that are not finite.
    """

    def __init__(
        self,
        backend: Backend,
        sample_rate: int | None = None,
        channels: int = 1,
        *,
        attenuation_limit_db: float | None = None,
        resample_quality: str = "HQ",
    ) -> None:
        config = backend.config
        self.backend = backend
        self.sample_rate = config.sample_rate if sample_rate is None else int(sample_rate)
        self.channels = int(channels)
        if not MIN_SAMPLE_RATE <= self.sample_rate <= MAX_SAMPLE_RATE:
            raise InputError(
                f"sample_rate is {self.sample_rate} Hz; {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} "
                f"Hz is needed: resample the audio first"
            )
        if self.channels < 1:
            raise InputError(f"channels is {channels}; at least 1 is needed")
        if resample_quality not in QUALITIES:
            raise InputError(
                f"resample_quality is {resample_quality!r}; choose from {', '.join(QUALITIES)}"
            )
        self._dry_share = _dry_share(attenuation_limit_db)
        self._quality = resample_quality
        # All channels share one step; fewer frames at a time keep the work in the caches.
        self._frames_per_step = max(1, FRAMES_PER_STEP // self.channels)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard: the next block begins a new recording."""
        config = self.backend.config
        self._state = self.backend.initial_state(self.channels)
        self._hops = np.zeros((0, self.channels), np.float32)  # not yet a whole hop
        self._dry = np.zeros((0, self.channels), np.float32)  # input not yet mixed
        self._delay_left = config.delay
        self._n_pushed = 0
        self._n_returned = 0
        self._ndim = 1 if self.channels == 1 else 2  # of the caller's blocks
        self._to_model: StreamResampler | None = None
        self._from_model: StreamResampler | None = None
        if self.sample_rate != config.sample_rate:
            rates = self.sample_rate, config.sample_rate
            self._to_model = StreamResampler(*rates, self.channels, self._quality)
            self._from_model = StreamResampler(*rates[::-1], self.channels, self._quality)

    @property
    def latency(self) -> int:
        """Samples, at the stream's rate, by which returned audio can lag pushed audio.

        After n pushed samples at least n - latency have been returned.
        """
        config = self.backend.config
        rates = self.sample_rate, config.sample_rate
        # The model's delay, and up to one sample less than a hop waiting to become whole.
        model = config.delay + config.hop_length - 1
        if self._to_model is None:
            return model
        seconds = (
            resampling_lag(*rates, self._quality)
            + model / config.sample_rate
            + resampling_lag(*rates[::-1], self._quality)
        )
        return math.ceil(seconds * self.sample_rate)

    @property
    def latency_seconds(self) -> float:
        """`latency` in seconds."""
        return self.latency / self.sample_rate

    def push(self, block: np.ndarray) -> np.ndarray:
        """Take a block [T] (one channel) or [T, C]; return what is ready, of the same form.

        The returned block holds as many samples as are complete: none at first, and later
        more or fewer than were pushed, never lagging by more than `latency`.
        """
        samples = self._checked(block)
        self._n_pushed += len(samples)
        if self._dry_share:
            self._dry = np.concatenate([self._dry, samples])
        if self._to_model is not None:
            samples = self._to_model.push(samples)
        output = self._step(samples)
        if self._from_model is not None:
            output = self._from_model.push(output)
        return self._finish(output)

    def flush(self) -> np.ndarray:
        """End of the recording: return the rest, in the form of the blocks pushed.

        The stream is then reset and ready for another recording.
        """
        output = self._flush_model()
        output = output[: self._n_pushed - self._n_returned]
        output = self._finish(output)
        self.reset()
        return output

    def _flush_model(self) -> np.ndarray:
        """Push silence until the last pushed sample has come out; may return too much."""
        config = self.backend.config
        parts = []
        if self._to_model is not None:
            parts.append(self._step(self._to_model.flush()))
        missing = len(self._hops) + config.delay
        if self._from_model is not None:
            missing += config.hop_length  # so that rounding of lengths never falls short
        padding = math.ceil(missing / config.hop_length) * config.hop_length - len(self._hops)
        parts.append(self._step(np.zeros((padding, self.channels), np.float32)))
        if self._from_model is None:
            return np.concatenate(parts)
        resampled = [self._from_model.push(part) for part in parts]
        return np.concatenate([*resampled, self._from_model.flush()])

    def process(self, audio: np.ndarray) -> np.ndarray:
        """A whole recording [T] or [T, C] at once; returns an array of the same shape."""
        self.reset()
        output = np.empty(np.shape(audio), np.float32)
        written = 0
        block = self._frames_per_step * self.backend.config.hop_length
        for start in range(0, len(audio), block):
            ready = self.push(audio[start : start + block])
            output[written : written + len(ready)] = ready
            written += len(ready)
        if len(audio):
            output[written:] = self.flush()
        return output

    def _step(self, samples: np.ndarray) -> np.ndarray:
        """Feed samples [T, C] at the model's rate; return the model's aligned output [T', C]."""
        hop_length = self.backend.config.hop_length
        samples = np.concatenate([self._hops, samples]) if len(self._hops) else samples
        n_whole = len(samples) - len(samples) % hop_length
        self._hops = samples[n_whole:].copy()
        outputs = []
        for start in range(0, n_whole, self._frames_per_step * hop_length):
            stop = min(start + self._frames_per_step * hop_length, n_whole)
            audio = np.ascontiguousarray(samples[start:stop].T)[:, None, :]
            output, self._state = self.backend.step(audio, self._state)
            outputs.append(output[:, 0, :].T)
        if not outputs:
            return samples[:0]
        whole = outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
        skipped = min(self._delay_left, len(whole))
        self._delay_left -= skipped
        return whole[skipped:]

    def _finish(self, output: np.ndarray) -> np.ndarray:
        """Mix in the input that belongs to `output`, and count it."""
        self._n_returned += len(output)
        if self._dry_share:
            dry, self._dry = self._dry[: len(output)], self._dry[len(output) :]
            output = self._dry_share * dry + (1.0 - self._dry_share) * output
        return np.ascontiguousarray(output[:, 0] if self._ndim == 1 else output, dtype=np.float32)

    def _checked(self, block: np.ndarray) -> np.ndarray:
        """The block as float32 [T, C], or an error that says what is wrong with it."""
        block = np.asarray(block)
        if not np.issubdtype(block.dtype, np.floating):
            raise InputError(
                f"samples are of type {block.dtype}; floating point within -1 to 1 is needed "
                f"(divide int16 by 32768)"
            )
        samples = block[:, None] if block.ndim == 1 else block
        if samples.ndim != 2 or samples.shape[1] != self.channels:
            raise InputError(
                f"a block of shape {block.shape} came; [T, {self.channels}] is needed"
                + (" (or [T])" if self.channels == 1 else "")
                + f" for a stream of {self.channels} channel(s)"
            )
        finite = np.isfinite(samples)
        if not finite.all():
            frame, channel = (int(index) for index in np.argwhere(~finite)[0])
            raise InputError(
                f"sample {self._n_pushed + frame} of channel {channel} is "
                f"{samples[frame, channel]}; only finite samples can be processed"
            )
        self._ndim = block.ndim
        return samples.astype(np.float32, copy=False)


def _dry_share(attenuation_limit_db: float | None) -> float:
    """Share a of the input in the output, a = 10**(-limit / 20): noise keeps at least that."""
    if attenuation_limit_db is None:
        return 0.0
    if not attenuation_limit_db >= 0:
        raise InputError(
            f"attenuation_limit_db is {attenuation_limit_db}; it must be 0 (leave all noise) "
            f"or more, such as 12"
        )
    return float(10.0 ** (-attenuation_limit_db / 20.0))
