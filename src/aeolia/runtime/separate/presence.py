"""Whether the speaker who was requested is in what a separator gave.

The voice encoder hears the output again: the cosine between its answer and the enrolled voice is
the confidence that the output is that person. It needs at most `_PARTS` of three seconds, the
loudest of the output, so memory does not grow with the recording's length.
"""

from __future__ import annotations

import heapq

import numpy as np

from aeolia.audio.levels import SILENCE_DB, decibels
from aeolia.audio.mono import mono
from aeolia.audio.resample import resample
from aeolia.runtime.separate.enrolment import ENROLMENT_RATE, VoiceEncoder

__all__ = ["LOW_CONFIDENCE", "Presence"]

#: Below this the speaker is probably absent. Chosen for `separate-speaker`; its card has how often
#: that is wrong.
LOW_CONFIDENCE = 0.6

_PART_SECONDS, _PARTS = 3.0, 10
#: What the encoder needs to hear at least, in seconds.
_LEAST_SECONDS = 0.25


class Presence:
    """Collects the loudest parts of one output [T, C], and compares them with a voice [K]."""

    def __init__(self, encoder: VoiceEncoder, voice: np.ndarray, sample_rate: int) -> None:
        self._encoder, self._voice, self._rate = encoder, voice, sample_rate
        self._length = round(_PART_SECONDS * sample_rate)
        self._waiting = np.zeros((0, 1), np.float32)
        #: (energy, number of the part, samples): the quietest first.
        self._parts: list[tuple[float, int, np.ndarray]] = []
        self._n_parts = 0

    def push(self, block: np.ndarray) -> None:
        """The next samples of the output, [T] or [T, C]."""
        block = block[:, None] if block.ndim == 1 else block
        if not len(self._waiting):
            self._waiting = np.zeros((0, block.shape[1]), np.float32)
        self._waiting = np.concatenate([self._waiting, block])
        while len(self._waiting) >= self._length:
            self._keep(self._waiting[: self._length])
            self._waiting = self._waiting[self._length :]

    def _keep(self, part: np.ndarray) -> None:
        energy = float(np.sum(np.square(part, dtype=np.float64)))
        heapq.heappush(self._parts, (energy, self._n_parts, mono(part)))
        self._n_parts += 1
        if len(self._parts) > _PARTS:
            heapq.heappop(self._parts)

    def confidence(self) -> float | None:
        """Cosine of the output's voice and the enrolled one; None for silence and snippets."""
        if len(self._waiting):
            self._keep(self._waiting)
            self._waiting = self._waiting[:0]
        parts = [part for _, _, part in sorted(self._parts, key=lambda entry: entry[1])]
        audio = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if len(audio) < _LEAST_SECONDS * self._rate:
            return None
        if decibels(float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))) <= SILENCE_DB:
            return None
        return float(self._encoder(resample(audio, self._rate, ENROLMENT_RATE)) @ self._voice)
