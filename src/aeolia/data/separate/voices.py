"""Voices of a pool of speech: crops of a speaker, and enrolment clips apart from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aeolia.data.crops import CropSampler, Segment
from aeolia.data.pool import AudioPool
from aeolia.errors import InputError

__all__ = ["RecordedVoice", "VoiceSampler"]

#: Joined recordings overlap by this much, and have edges this soft.
_FADE_SECONDS = 0.01
#: Voices of which the nearest in pitch is taken.
_SEVERAL = 5


@dataclass(frozen=True)
class RecordedVoice:
    """A speaker at one speed, which makes another voice: items, and who it is."""

    items: np.ndarray
    person: tuple[str, str]
    #: Whether the recordings say who speaks.
    is_named: bool


class VoiceSampler:
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
        self.all: list[RecordedVoice] = []
        for key, items in sorted(groups.items()):
            if int(pool.lengths[items].sum()) >= length + enrolment:
                is_named = bool(pool.row(items[0]).label)
                self.all.append(RecordedVoice(np.array(items), key[0], is_named))
        self.named = [voice for voice in self.all if voice.is_named]
        self.unnamed = [voice for voice in self.all if not voice.is_named]
        self._sampler = CropSampler(pool, length)
        self._by_source: dict[str, list[RecordedVoice]] = defaultdict(list)
        for voice in self.named:
            self._by_source[voice.person[0]].append(voice)
        self._pitches_hz: dict[tuple[tuple[str, str], float], float] = {}
        people = {voice.person for voice in self.all}
        if len(people) < 2:
            raise InputError(
                f"{len(people)} speakers have enough speech for a crop and an enrolment clip "
                f"({(length + enrolment) / pool.sample_rate:.1f} s); give recordings of two or more"
            )

    def draw_several(self, rng: np.random.Generator, count: int) -> list[RecordedVoice]:
        """Up to `count` named voices of as many persons, if possible of one source of recordings.

        Each but the first is at times a neighbour in pitch of the one before.
        """
        if not self.named or count < 1:
            return []
        drawn = [self.draw(rng)]
        for _ in range(4 * count):
            if len(drawn) == count:
                break
            voice = self.draw_other(rng, drawn[-1:], 0.0, 1.0, 0.5)
            if voice.is_named and voice.person not in {other.person for other in drawn}:
                drawn.append(voice)
        return drawn

    def draw(self, rng: np.random.Generator, unnamed: float = 0.0) -> RecordedVoice:
        """A voice, all named speakers equally; a share of `unnamed` from the others."""
        others = self.unnamed if self.unnamed and rng.random() < unnamed else self.named
        others = others or self.all
        return others[int(rng.integers(len(others)))]

    def draw_other(
        self,
        rng: np.random.Generator,
        voices: Sequence[RecordedVoice],
        unnamed: float,
        same_source: float = 0.0,
        similar_pitch: float = 0.0,
    ) -> RecordedVoice:
        """A voice of a person who is none of those of `voices`.

        Two recordings that name nobody may be one person's, so only one voice is unnamed. A
        share of `same_source` is from the first voice's source of recordings, so that it is the
        voices that differ and not the microphones; of those a share of `similar_pitch` is of
        about the same pitch: of several the nearest.
        """
        if rng.random() < same_source:
            near = self._near(voices[0], rng, _SEVERAL if rng.random() < similar_pitch else 1)
            taken = {voice.person for voice in voices}
            if near is not None and near.person not in taken:
                return near
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

    def _near(
        self, voice: RecordedVoice, rng: np.random.Generator, several: int
    ) -> RecordedVoice | None:
        """Of several voices of the same source the nearest in pitch; None where there are none."""
        voices = self._by_source.get(voice.person[0], ())
        others = [other for other in voices if other.person != voice.person]
        if not others:
            return None
        drawn = [others[int(i)] for i in rng.integers(len(others), size=several)]
        if several == 1:
            return drawn[0]
        target = np.log(max(self.pitch_hz(voice), 1.0))
        return min(drawn, key=lambda other: abs(np.log(max(self.pitch_hz(other), 1.0)) - target))

    def pitch_hz(self, voice: RecordedVoice) -> float:
        """Median pitch of up to 20 s of a voice; 0 where none is found."""
        item = int(voice.items[np.argmax(self.pool.lengths[voice.items])])
        speed = float(self.pool.speeds[item])
        known = self._pitches_hz.get((voice.person, speed))
        if known is None:
            speech = self.pool.sound(item, length=20 * self.pool.sample_rate)
            known = median_pitch_hz(speech.astype(np.float32) / 32768.0, self.pool.sample_rate)
            self._pitches_hz[voice.person, speed] = known
        return known

    def crop(self, voice: RecordedVoice, rng: np.random.Generator) -> list[Segment]:
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
        self, voice: RecordedVoice, crop: Sequence[Segment], length: int, rng: np.random.Generator
    ) -> list[Segment]:
        """`length` samples of a voice without what is in `crop`.

        Other recordings are taken where there are enough; else what lies after and before the
        crop in its own; what is too little is repeated, and where all of it is in `crop` there
        are no segments.
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
        while parts and offset < length:
            for item, start, size in parts:
                count = min(size, length - offset)
                if count > 2 * self._fade:
                    segments.append(Segment(item, start, count, offset, self._fade))
                offset += max(1, count - self._fade)
                if offset >= length - 2 * self._fade:
                    return segments
        return segments


def median_pitch_hz(audio: np.ndarray, sample_rate: int) -> float:
    """Median pitch of speech [T] between 60 and 400 Hz, by autocorrelation; 0 if none is found.

    Frames of 50 ms count as voiced where the normalised autocorrelation reaches 0.6. Of the lags
    within 10 % of the best the shortest is taken, for a period repeats at its multiples.
    """
    frame, hop = int(0.05 * sample_rate), int(0.02 * sample_rate)
    count = (len(audio) - frame) // hop + 1
    if count < 1:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(audio, frame)[::hop][:count]
    frames = frames - frames.mean(1, keepdims=True)
    size = 1 << (2 * frame - 1).bit_length()
    spectrum = np.fft.rfft(frames * np.hanning(frame), size)
    # Nothing above 900 Hz: the pitch is sought, not the formants.
    spectrum[:, np.fft.rfftfreq(size, 1.0 / sample_rate) > 900.0] = 0.0
    correlation = np.fft.irfft(np.square(np.abs(spectrum)), size)[:, :frame]
    window = np.fft.irfft(np.square(np.abs(np.fft.rfft(np.hanning(frame), size))), size)[:frame]
    shortest, longest = int(sample_rate / 400.0), int(sample_rate / 60.0)
    energy = np.maximum(correlation[:, :1], 1e-9)
    normal = correlation[:, shortest:longest] / energy / (window[shortest:longest] / window[0])
    best = normal.max(1)
    loud = energy[:, 0] > 0.02 * np.quantile(energy, 0.95)
    voiced = (best > 0.6) & loud
    if not voiced.any():
        return 0.0
    peaks = (normal[:, 1:-1] >= normal[:, :-2]) & (normal[:, 1:-1] >= normal[:, 2:])
    near = peaks & (normal[:, 1:-1] > 0.9 * best[:, None])
    lags = shortest + 1 + np.argmax(near, axis=1)
    return float(np.median(sample_rate / lags[voiced & near.any(1)]))
