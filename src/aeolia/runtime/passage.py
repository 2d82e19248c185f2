"""Take audio in blocks of any size through a model, time-aligned and length-exact.

    block at the caller's rate -> resample -> hops -> no offset, usual level -> step
        -> own level -> drop the delay -> resample back

The one engine of every task that filters audio. `runtime.denoise`, `runtime.separate.stream` and
`runtime.synth.transfer` say what a step is and what becomes of its output.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

import numpy as np

from aeolia.audio.formats import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from aeolia.audio.levels import as_floating, impossible, peak
from aeolia.audio.resample import QUALITIES, StreamResampler, resample, resampling_lag
from aeolia.errors import InputError
from aeolia.runtime.ahead import SOUND, HearingAhead
from aeolia.runtime.backend import State
from aeolia.runtime.conditioning import Conditioning, remarks

__all__ = ["BEGINNING_SECONDS", "FRAMES_PER_STEP", "SOUND", "Passage", "Timing"]

#: As much of a recording `Passage.prepare` makes use of.
BEGINNING_SECONDS = 6.0

#: Frames of one step at most: faster than the whole at once (caches), and bounded memory.
FRAMES_PER_STEP = 64

Returned = TypeVar("Returned")


class Timing(Protocol):
    """What a passage has to know of a model: every config of a model that filters audio is one."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def hop_length(self) -> int: ...
    @property
    def delay(self) -> int: ...


class Passage(ABC, Generic[Returned]):
    """One recording's way through a model: C channels in, N channels out, which belong to it.

    Whatever way the audio is cut into blocks, the concatenation of all that is returned is the
    same, has the input's length, and lines up with it sample by sample.

    Args:
        config: the model's rate, hop and delay.
        sample_rate: of the blocks, in Hz, 8000 to 192000; the model's own when None.
        channels: C, of the blocks.
        n_outputs: N, what a step returns for C channels.
        keeps_input: hand the input that belongs to each output to `_result`.
        resample_quality: soxr quality used when `sample_rate` is not the model's: "HQ" is
            transparent; "LQ" has less latency.
        linked: one gain ahead of the model for all channels; otherwise each has its own, and
            outputs are channels.
        chunk: samples at the model's rate that a model hears ahead; 0 for a causal one.

    Raises:
        InputError: an argument out of range; in `push`, a block of wrong shape or type or with
            values that are not finite.
    """

    def __init__(
        self,
        config: Timing,
        sample_rate: int | None,
        channels: int,
        n_outputs: int,
        *,
        keeps_input: bool,
        resample_quality: str,
        linked: bool,
        chunk: int = 0,
    ) -> None:
        self.config = config
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
        self._n_outputs = n_outputs
        self._keeps_input = keeps_input
        self._quality = resample_quality
        self._linked, self._chunk = linked, chunk
        # All channels share one step; fewer frames at a time keep the work in the caches.
        self._frames_per_step = max(1, FRAMES_PER_STEP // self.channels)
        #: What is worth knowing of the recording that was last finished, a sentence each.
        self.remarks: tuple[str, ...] = ()
        self.reset()

    @abstractmethod
    def _initial_state(self) -> State:
        """The state before the first sample."""

    @abstractmethod
    def _step(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Channels [C, T] at the model's rate to outputs [N, T], one step on."""

    @abstractmethod
    def _result(self, output: np.ndarray, input_block: np.ndarray) -> Returned:
        """What the caller gets for outputs [T, N] and the input [T, C] that belongs to them.

        Without `keeps_input`, `input_block` is empty. `_form` gives arrays the caller's form.
        """

    def reset(self) -> None:
        """Forget all that was pushed: the next block begins a new recording."""
        self._state = self._initial_state()
        self._ahead = self._hearing_ahead() if self._chunk else None
        self._hops = np.zeros((0, self.channels), np.float32)  # not yet a whole hop
        self._kept = np.zeros((0, self.channels), np.float32)  # input whose output is to come
        self._delay_left = self.config.delay
        self._conditioning = Conditioning(
            self.config.hop_length,
            self.config.sample_rate,
            self.config.delay,
            self.channels,
            linked=self._linked,
        )
        self._n_pushed = 0
        self._n_returned = 0
        self._peak = 0.0
        self._ndim = 1 if self.channels == 1 else 2  # of the caller's blocks
        self._to_model: StreamResampler | None = None
        self._from_model: StreamResampler | None = None
        if self.sample_rate != self.config.sample_rate:
            rates = self.sample_rate, self.config.sample_rate
            self._to_model = StreamResampler(*rates, self.channels, self._quality)
            self._from_model = StreamResampler(*rates[::-1], self._n_outputs, self._quality)

    @property
    def latency(self) -> int:
        """Samples, at the stream's rate, by which returned audio can lag pushed audio.

        After n pushed samples at least n - latency have been returned.
        """
        rates = self.sample_rate, self.config.sample_rate
        # The model's delay, and up to one sample less than a hop waiting to become whole.
        model = self.config.delay + self._chunk + self.config.hop_length - 1
        if self._to_model is None:
            return model
        seconds = (
            resampling_lag(*rates, self._quality)
            + model / self.config.sample_rate
            + resampling_lag(*rates[::-1], self._quality)
        )
        return math.ceil(seconds * self.sample_rate)

    @property
    def latency_seconds(self) -> float:
        """`latency` in seconds."""
        return self.latency / self.sample_rate

    def prepare(self, beginning: np.ndarray) -> None:
        """Learn level and offset from a recording's beginning [T] or [T, C], before it is pushed.

        Of more than six seconds the rest is not looked at.
        A quiet recording, or one with an offset, is then as good from its first sample on; others
        come out the same. `process` does it, and functions on files do; live, nobody can.
        """
        samples = self._checked(beginning[: round(BEGINNING_SECONDS * self.sample_rate)])
        if self._to_model is not None:
            samples = resample(samples, self.sample_rate, self.config.sample_rate)
        n_whole = len(samples) - len(samples) % self.config.hop_length
        self._conditioning.prepare(samples[:n_whole].T)

    def push(self, block: np.ndarray) -> Returned:
        """Take a block [T] (one channel) or [T, C]; return what is ready, of the same form.

        What is returned holds as many samples as are complete: none at first, and later
        more or fewer than were pushed, never lagging by more than `latency`.
        """
        samples = self._checked(block)
        if self._keeps_input:
            self._kept = np.concatenate([self._kept, samples])
        return self._result_of(self._advance(samples))

    def flush(self) -> Returned:
        """End of the recording: return the rest, in the form of the blocks pushed.

        The stream is then reset and ready for another recording.
        """
        result = self._result_of(self._remaining())
        self._finish()
        return result

    def process(self, audio: np.ndarray) -> Returned:
        """A whole recording [T] or [T, C] at once; returns the same form and length."""
        self.reset()
        audio = as_floating(np.asarray(audio))
        self.prepare(audio)
        output = np.empty((len(audio), self._n_outputs), np.float32)
        written = 0
        block = self._frames_per_step * self.config.hop_length
        for start in range(0, max(len(audio), 1), block):
            ready = self._advance(self._checked(audio[start : start + block]))
            output[written : written + len(ready)] = ready
            written += len(ready)
        if len(audio):
            output[written:] = self._remaining()
        kept = np.asarray(audio, np.float32)[: len(audio) if self._keeps_input else 0]
        result = self._result(output, kept.reshape(-1, self.channels))
        self._finish()
        return result

    def _finish(self) -> None:
        self.remarks = tuple(remarks(self._conditioning.mean_offset, self._peak))
        self.reset()

    def _result_of(self, output: np.ndarray) -> Returned:
        n_kept = len(output) if self._keeps_input else 0
        input_block, self._kept = self._kept[:n_kept], self._kept[n_kept:]
        return self._result(output, input_block)

    def _form(self, output: np.ndarray) -> np.ndarray:
        """Samples [T, C] as the caller's blocks are: [T] where those were."""
        return np.ascontiguousarray(output[:, 0] if self._ndim == 1 else output, dtype=np.float32)

    def _advance(self, samples: np.ndarray) -> np.ndarray:
        """Take samples [T, C] in; return the outputs [T', N] that are ready."""
        self._n_pushed += len(samples)
        if self._to_model is not None:
            samples = self._to_model.push(samples)
        output = self._run(samples)
        if self._from_model is not None:
            output = self._from_model.push(output)
        self._n_returned += len(output)
        return output

    def _remaining(self) -> np.ndarray:
        """Push silence until the last sample has come out; return exactly what is missing."""
        hop_length = self.config.hop_length
        parts = []
        if self._to_model is not None:
            parts.append(self._run(self._to_model.flush()))
        missing = len(self._hops) + self.config.delay
        if self._from_model is not None:
            missing += hop_length  # so that rounding of lengths never falls short
        padding = math.ceil(missing / hop_length) * hop_length - len(self._hops)
        # Silence to the ear: zeros would end an offset with a bang.
        silence = np.broadcast_to(self._conditioning.offset, (padding, self.channels))
        parts.append(self._run(silence.astype(np.float32)))
        if self._ahead is not None:
            parts.append(self._aligned(self._conditioning.leave(self._ahead.flush()).T))
        if self._from_model is not None:
            parts = [self._from_model.push(part) for part in parts]
            parts.append(self._from_model.flush())
        return np.concatenate(parts)[: self._n_pushed - self._n_returned]

    def _run(self, samples: np.ndarray) -> np.ndarray:
        """Feed samples [T, C] at the model's rate; return the model's aligned output [T', N]."""
        hop_length = self.config.hop_length
        samples = np.concatenate([self._hops, samples]) if len(self._hops) else samples
        n_whole = len(samples) - len(samples) % hop_length
        self._hops = samples[n_whole:].copy()
        outputs = []
        for start in range(0, n_whole, self._frames_per_step * hop_length):
            stop = min(start + self._frames_per_step * hop_length, n_whole)
            audio = np.ascontiguousarray(samples[start:stop].T)
            outputs.append(self._conditioned(audio).T)
        if not outputs:
            return np.zeros((0, self._n_outputs), np.float32)
        return self._aligned(outputs[0] if len(outputs) == 1 else np.concatenate(outputs))

    def _aligned(self, output: np.ndarray) -> np.ndarray:
        """A model's output [T, N] without the delay before the first sample."""
        skipped = min(self._delay_left, len(output))
        self._delay_left -= skipped
        return output[skipped:]

    def _conditioned(self, audio: np.ndarray) -> np.ndarray:
        """Whole hops [C, T] through the model, [N, T], between what stands before and behind it."""
        audio, beginnings = self._conditioning.enter(audio)
        if self._ahead is not None:
            return self._conditioning.leave(self._ahead.push(audio, beginnings))
        outputs = []
        for start, stop in pairwise([0, *beginnings, audio.shape[1]]):
            if start in beginnings:
                self._state = self._begun(self._state)
            if start < stop:
                output, self._state = self._step(
                    np.ascontiguousarray(audio[:, start:stop]), self._state
                )
                outputs.append(output)
        return self._conditioning.leave(np.concatenate(outputs, axis=1))

    def _hearing_ahead(self) -> HearingAhead:
        return HearingAhead(
            self._step,
            self._begun,
            self._state,
            chunk=self._chunk,
            longest=self._frames_per_step * self.config.hop_length,
            n_outputs=self._n_outputs,
        )

    def _begun(self, state: State) -> State:
        """The state where sound begins after silence: a network's is forgotten, sound is kept."""
        kept = {name: value for name, value in state.items() if name.endswith(SOUND)}
        return {**self._initial_state(), **kept}

    def _checked(self, block: np.ndarray) -> np.ndarray:
        """The block as float32 [T, C], or an error that says what is wrong with it."""
        block = as_floating(np.asarray(block))
        if not np.issubdtype(block.dtype, np.floating):
            raise InputError(
                f"samples are of type {block.dtype}; floating point within -1 to 1 is needed, or "
                f"int16, int32 or uint8"
            )
        samples = block[:, None] if block.ndim == 1 else block
        if samples.ndim != 2 or samples.shape[1] != self.channels:
            raise InputError(
                f"a block of shape {block.shape} came; [T, {self.channels}] is needed"
                + (" (or [T])" if self.channels == 1 else "")
                + f" for a stream of {self.channels} channel(s)"
            )
        if wrong := impossible(samples, self._n_pushed):
            raise InputError(wrong)
        self._peak = max(self._peak, peak(samples))
        self._ndim = block.ndim
        return samples.astype(np.float32, copy=False)
