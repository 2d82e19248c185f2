"""Voices of a pool of speech: crops of a speaker, and enrolment clips apart from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.data.cache import AudioPool
from aeolia.data.crops import CropSampler, Segment
from aeolia.errors import InputError

__all__ = ["Voice", "Voices"]

#: Joined recordings overlap by this much, and have edges this soft.
_FADE_SECONDS = 0.01


@dataclass(frozen=True)
class Voice:
    """A speaker at one speed, which makes another voice: items, who it is, and its number."""

    items: np.ndarray
    person: tuple[str, str]
    number: int

    @property
    def is_named(self) -> bool:
        """Whether the recordings say who speaks."""
        return self.number >= 0


class Voices:
    """The voices of a pool that have enough speech for a crop and an enrolment clip.

    Args:
        length: samples of a crop.
        enrolment: least samples that must be left beside a crop.
    """

    def __init__(self, pool: AudioPool, length: int, enrolment: int) -> None:
        self.pool = pool
        self.length = length
        self._fade = int(_FADE_SECONDS * pool.sample_rate)
        groups: dict[tuple[tuple[str, str], float], list[int]] = defaultdict(list)
        for item in range(len(pool)):
            row = pool.row(item)
            if pool.lengths[item] >= self._fade * 4:
                groups[(row.source, row.label or row.path), float(pool.speeds[item])].append(item)
        named = sorted(key for key, items in groups.items() if pool.row(items[0]).label)
        numbers = {key: number for number, key in enumerate(named)}
        #: Speakers that can be told apart, each speed of a speaker for itself.
        self.n_speakers = len(named)
        self.all: list[Voice] = []
        for key, items in sorted(groups.items()):
            if int(pool.lengths[items].sum()) >= length + enrolment:
                self.all.append(Voice(np.array(items), key[0], numbers.get(key, -1)))
        self.named = [voice for voice in self.all if voice.is_named]
        self.unnamed = [voice for voice in self.all if not voice.is_named]
        self._sampler = CropSampler(pool, length)
        people = {voice.person for voice in self.all}
        if len(people) < 2:
            raise InputError(
                f"{len(people)} speakers have enough speech for a crop and an enrolment clip "
                f"({(length + enrolment) / pool.sample_rate:.1f} s); give recordings of two or more"
            )

    def draw(self, rng: np.random.Generator, unnamed: float = 0.0) -> Voice:
        """A voice, all named speakers alike; a share of `unnamed` from the others."""
        others = self.unnamed if self.unnamed and rng.random() < unnamed else self.named
        others = others or self.all
        return others[int(rng.integers(len(others)))]

    def draw_other(
        self, rng: np.random.Generator, voices: Sequence[Voice], unnamed: float
    ) -> Voice:
        """A voice of a person who is none of those of `voices`.

        Two recordings that name nobody may be one person's, so only one voice is unnamed.
        """
        taken = {voice.person for voice in voices}
        share = unnamed if all(voice.is_named for voice in voices) else 0.0
        for _ in range(100):
            voice = self.draw(rng, share)
            if voice.person not in taken:
                return voice
        return next(
            (voice for voice in self.all if voice.person not in taken),
            next(voice for voice in self.all if voice.person != voices[0].person),
        )

    def crop(self, voice: Voice, rng: np.random.Generator) -> list[Segment]:
        """A crop of a voice that has speech in it; short recordings are joined."""
        items = voice.items
        lengths = self.pool.lengths[items]
        item = int(rng.choice(items, p=lengths / lengths.sum()))
        if self.pool.lengths[item] >= self.length:
            for _ in range(4):
                start = int(rng.integers(0, int(self.pool.lengths[item]) - self.length + 1))
                if self._sampler.loud_enough(item, start):
                    break
            return [Segment(item, start, self.length, 0, self._fade)]
        return self._join([item, *rng.permutation(items[items != item])], self.length)

    def enrolment(
        self, voice: Voice, crop: Sequence[Segment], length: int, rng: np.random.Generator
    ) -> list[Segment]:
        """`length` samples of a voice without what is in `crop`.

        Other recordings are taken where there are enough; else what lies after and before the
        crop in its own; what is too little is repeated.
        """
        used = {segment.item for segment in crop}
        others = [int(item) for item in rng.permutation(voice.items) if int(item) not in used]
        if others and int(self.pool.lengths[others].sum()) >= length:
            first = others[0]
            spare = int(self.pool.lengths[first]) - length
            if spare > 0:
                return [Segment(first, int(rng.integers(spare + 1)), length, 0, self._fade)]
            return self._join(others, length)
        rest: list[tuple[int, int, int]] = []
        for item in sorted(used):
            segments = [segment for segment in crop if segment.item == item]
            end = max(segment.start + segment.length for segment in segments)
            rest.append((item, end, int(self.pool.lengths[item]) - end))
            rest.append((item, 0, min(segment.start for segment in segments)))
        rest += [(item, 0, int(self.pool.lengths[item])) for item in others]
        whole = [part for part in rest if part[2] >= length]
        if whole:  # one stretch of speech, from anywhere in it
            item, start, size = whole[int(rng.integers(len(whole)))]
            return [Segment(item, start + int(rng.integers(size - length + 1)), length, 0, 0)]
        return self._lay([part for part in rest if part[2] > 4 * self._fade], length)

    def _join(self, items: Sequence[int], length: int) -> list[Segment]:
        return self._lay([(int(i), 0, int(self.pool.lengths[i])) for i in items], length)

    def _lay(self, parts: Sequence[tuple[int, int, int]], length: int) -> list[Segment]:
        """Stretches (item, start, size) one after the other, and again from the first."""
        segments: list[Segment] = []
        offset = 0
        while offset < length:
            for item, start, size in parts:
                count = min(size, length - offset)
                if count > 2 * self._fade:
                    segments.append(Segment(item, start, count, offset, self._fade))
                offset += max(1, count - self._fade)
                if offset >= length - 2 * self._fade:
                    return segments
        return segments
