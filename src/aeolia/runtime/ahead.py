"""Hear ahead: what is filtered next is filtered by a memory that has heard it already.

    chunk -> step -> the network's memory
    chunk, from where it began, with that memory -> step -> output

Where the future is known, as in a file, a causal network can use it: it hears each chunk, keeps
what it remembers of that (the noise, the speaker, that a pause is about to end), goes back to the
chunk's beginning and filters it. Sound on its way through the transforms is not touched, so that
nothing clicks where chunks meet. Every sample is heard twice, and comes out a chunk later at most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aeolia.runtime.backend import State

__all__ = ["SOUND", "HearingAhead"]

#: States that hold sound on its way through a model; all others are what a network remembers.
SOUND = ("input_tail", "output_tail", "spectrum_past")

Step = Callable[[np.ndarray, State], tuple[np.ndarray, State]]


class HearingAhead:
    """One recording's way through a model that hears ahead; feed it whole hops, in order.

    Args:
        step: [C, T] and a state to [N, T] and the next state.
        begun: a state to what it is where a recording begins: sound is kept, all else forgotten.
        state: before the first sample.
        chunk: samples, whole hops.
        longest: samples of one step at most.
        n_outputs: N.
    """

    def __init__(
        self,
        step: Step,
        begun: Callable[[State], State],
        state: State,
        *,
        chunk: int,
        longest: int,
        n_outputs: int,
    ) -> None:
        self._step, self._begun, self._state = step, begun, state
        self._nothing = np.zeros((n_outputs, 0), np.float32)
        self._chunk, self._longest = chunk, longest
        self._waiting: np.ndarray | None = None
        #: Samples of what waits at which a recording begins.
        self._beginnings: list[int] = []

    def push(self, audio: np.ndarray, beginnings: Sequence[int]) -> np.ndarray:
        """Take hops [C, T] in, and where in them a recording begins; return what is ready."""
        n_waiting = 0 if self._waiting is None else self._waiting.shape[1]
        self._beginnings += [n_waiting + start for start in beginnings]
        self._waiting = audio if n_waiting == 0 else np.concatenate([self._waiting, audio], axis=1)
        return self._ready(self._chunk)

    def flush(self) -> np.ndarray:
        """The rest [N, T']: nothing follows it."""
        return self._ready(1)

    def _ready(self, needed: int) -> np.ndarray:
        outputs = [self._nothing]
        while self._waiting is not None and self._waiting.shape[1] >= needed:
            outputs.append(self._next(self._waiting))
        return np.concatenate(outputs, axis=1)

    def _next(self, waiting: np.ndarray) -> np.ndarray:
        """Filter a chunk: to where another recording begins, at most."""
        if self._beginnings[:1] == [0]:
            self._state = self._begun(self._state)
            del self._beginnings[0]
        end = min([*self._beginnings[:1], waiting.shape[1], self._chunk])
        chunk = waiting[:, :end]
        _, heard = self._through(chunk, self._state)
        sound = {name: value for name, value in self._state.items() if name.endswith(SOUND)}
        output, self._state = self._through(chunk, {**heard, **sound})
        self._waiting = waiting[:, end:] if end < waiting.shape[1] else None
        self._beginnings = [start - end for start in self._beginnings]
        return output

    def _through(self, audio: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Some steps on, none of more than `longest` samples."""
        outputs = []
        for start in range(0, audio.shape[1], self._longest):
            piece = np.ascontiguousarray(audio[:, start : start + self._longest])
            output, state = self._step(piece, state)
            outputs.append(output)
        return np.concatenate(outputs, axis=1), state
