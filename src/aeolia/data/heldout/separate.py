"""Held-out mixtures to judge separation by: the same on every machine for one seed.

    class_mixtures     speech + music + noise, each at the same active level
    song_excerpts      places of held-out songs where all stems sound, in their own balance
    speaker_mixtures   two speakers at the same active level, an enrolment clip of one

All of it comes from the rows whose split is "valid": speakers, noises, songs, notes and hits
that no training mixture holds. Nothing is coloured, and nothing reverberated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from aeolia.audio.levels import gain_below, peak
from aeolia.config.classes import MUSIC
from aeolia.data.corpus.manifest import Row
from aeolia.data.corruptions import active_level
from aeolia.data.crops import CropSampler, Segment, cut
from aeolia.data.pool import AudioPool
from aeolia.data.separate.classes import ClassMixer
from aeolia.data.separate.mix_config import ClassMixConfig
from aeolia.data.separate.pools import class_pools
from aeolia.data.separate.voices import VoiceSampler
from aeolia.errors import DataError

__all__ = [
    "HIGH_VOICE_HZ",
    "HeldOutMixture",
    "class_mixtures",
    "song_excerpts",
    "speaker_mixtures",
]

#: Voices whose median pitch is above this count as high, others as low.
HIGH_VOICE_HZ = 155.0
#: Active level of a finished mixture.
_LEVEL = 10.0 ** (-25.0 / 20.0)
#: A stem sounds where a second of it is within this of its loud seconds.
_SOUNDS_DB = 18.0
#: No stem of an excerpt is further below the mixture than this: it could not be heard.
_HEARD_DB = 25.0


@dataclass(frozen=True)
class HeldOutMixture:
    """One mixture [T] float32 and what should come out of it.

    `references` maps what is asked for ("speech", "music", "bass+other", "target") to [T]; they
    sum to the mixture, apart from "target", whose rest is "background". `enrolment` [E] is given
    for speakers. `facts` are for the table: who, what, from where.
    """

    name: str
    sample_rate: int
    mixture: np.ndarray
    references: dict[str, np.ndarray]
    enrolment: np.ndarray | None = None
    facts: dict[str, str | float] = field(default_factory=dict)


def class_mixtures(
    rows: Sequence[Row],
    n: int = 60,
    seconds: float = 8.0,
    sample_rate: int = 48000,
    seed: int = 2000,
) -> Iterator[HeldOutMixture]:
    """Speech + music + noise at 0 dB to each other.

    The music is an excerpt of a held-out song and an arrangement of held-out notes and hits in
    turn (where there are both).

    Raises:
        DataError: the held-out part lacks speech, noise or music.
    """
    config = ClassMixConfig(
        seed=seed,
        sample_rate=sample_rate,
        crop_seconds=seconds,
        coloured=0.0,
        sub_bass=0.0,
        rooms=1,
    )
    pools = class_pools(rows, "valid", sample_rate)
    for kind in ("speech", "noise"):
        if kind not in pools:
            raise DataError(f"no {kind} is held out; give recordings of more speakers and places")
    mixer = ClassMixer({**pools, "stems": []}, replace(config, arranged=1.0))
    songs = _Songs.of(rows, seconds, sample_rate)
    made = [label for label in MUSIC if label in mixer.parts.labels]
    if not made and songs is None:
        raise DataError("no music is held out; give more songs, or notes and drum hits")
    for index in range(n):
        rng = np.random.default_rng((seed, index))
        parts = {label: mixer.parts.draw(label, rng) for label in ("speech", "noise")}
        speech, noise = mixer.parts.cut(list(parts.values()))
        if songs is not None and (index % 2 == 0 or not made):
            song, start = songs.place(index // 2, max(1, n // 2))
            music = torch.from_numpy(sum(songs.stems(song, start).values()))
            words = f"song {song}"
        else:
            drawn = [mixer.parts.draw(label, rng) for label in made]
            music = _levelled(mixer.parts.cut(drawn), sample_rate).sum(0)
            words = f"arrangement of {'+'.join(part.label for part in drawn)}"
        both = _levelled(torch.stack([speech, music, noise]), sample_rate)
        mixed, references = _finished(both, sample_rate)
        rowed = {label: pools[label][0].row(part.segments[0].item) for label, part in parts.items()}
        yield HeldOutMixture(
            f"classes_{index:03d}",
            sample_rate,
            mixed,
            dict(zip(("speech", "music", "noise"), references, strict=True)),
            facts={
                "music": words,
                "speech": _named(rowed["speech"]),
                "noise": _named(rowed["noise"]),
                "speech_bandwidth_hz": rowed["speech"].bandwidth_hz,
            },
        )


def song_excerpts(
    rows: Sequence[Row],
    n: int = 24,
    seconds: float = 8.0,
    sample_rate: int = 48000,
) -> Iterator[HeldOutMixture]:
    """Excerpts of held-out songs where all stems sound, evenly through each song.

    A song without a bass stem holds its bass in "other", which is then called "bass+other".

    Raises:
        DataError: no song is held out, or none has a place where all its stems sound.
    """
    songs = _Songs.of(rows, seconds, sample_rate)
    if songs is None:
        raise DataError("no song is held out; give more songs, or name one to hold out")
    for index in range(n):
        song, start = songs.place(index, n)
        stems = songs.stems(song, start)
        mixture = np.asarray(sum(stems.values()), np.float32)
        scale = gain_below(0.99, peak(mixture))
        yield HeldOutMixture(
            f"song_{index:03d}",
            sample_rate,
            scale * mixture,
            {label: scale * stem for label, stem in stems.items()},
            facts={"song": song, "start_seconds": round(start / sample_rate, 2)},
        )


class _Songs:
    """Held-out songs: stems decoded, and the places where all of them sound."""

    def __init__(self, pool: AudioPool, length: int) -> None:
        self.pool, self.length = pool, length
        self.items: dict[str, list[int]] = defaultdict(list)
        for item in range(len(pool)):
            if pool.speeds[item] == 1.0:
                self.items[pool.row(item).source.split("/")[-1]].append(item)
        self.starts = {song: self._common_starts(items) for song, items in self.items.items()}
        self.names = sorted(song for song, starts in self.starts.items() if len(starts))

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        seconds: float,
        sample_rate: int,
    ) -> _Songs | None:
        """None where no song is held out or none has a place where all its stems sound."""
        stems = [row for row in rows if row.kind == "stem"]
        if not any(row.split == "valid" for row in stems):
            return None
        pool = AudioPool.from_manifest(stems, sample_rate)
        held_out = pool.subset(lambda row: row.split == "valid")
        songs = cls(held_out, round(seconds * sample_rate))
        return songs if songs.names else None

    def _common_starts(self, items: Sequence[int]) -> np.ndarray:
        """Starts in seconds at which every stem sounds for most of an excerpt, and is heard."""
        rate = self.pool.sample_rate
        needed = -(-self.length // rate)
        count = int(min(self.pool.lengths[items])) // rate
        good = np.ones(max(0, count - needed + 1), bool)
        if not len(good):
            return np.zeros(0, np.int64)
        powers = []
        for item in items:
            sound = self.pool.sound(item, length=count * rate).reshape(count, rate)
            power = np.square(sound[:, ::3].astype(np.float32)).mean(1)
            sounds = power > np.quantile(power, 0.9) * 10.0 ** (-_SOUNDS_DB / 10.0)
            good &= _windows(sounds, needed) >= 0.7 * needed
            powers.append(_windows(power * float(self.pool.peaks[item]) ** 2, needed))
        least = sum(powers) * 10.0 ** (-_HEARD_DB / 10.0)
        for power in powers:
            good &= power >= least
        return np.flatnonzero(good)

    def place(self, index: int, n: int) -> tuple[str, int]:
        """(song, start in samples) of the index-th of `n` excerpts, evenly through the songs."""
        song = self.names[index % len(self.names)]
        starts = self.starts[song]
        share = (index // len(self.names) + 0.5) / max(1, -(-n // len(self.names)))
        which = min(int(share * len(starts)), len(starts) - 1)
        return song, int(starts[which]) * self.pool.sample_rate

    def stems(self, song: str, start: int) -> dict[str, np.ndarray]:
        """Stems [T] by class from `start` on, in the song's own balance."""
        labels = {self.pool.row(item).label for item in self.items[song]}
        stems = {}
        for item in self.items[song]:
            label = self.pool.row(item).label
            label = "bass+other" if label == "other" and "bass" not in labels else label
            segment = Segment(item, start, self.length, 0, 0)
            sound = cut(self.pool, [[segment]], self.length)[0].numpy()
            stems[label] = sound * float(self.pool.peaks[item]) / 0.9
        return stems


def speaker_mixtures(
    rows: Sequence[Row],
    n: int = 120,
    seconds: float = 6.0,
    enrolment_seconds: float = 5.0,
    noise_snr_db: float | None = None,
    absent: bool = False,
    source: str | None = None,
    sample_rate: int = 16000,
    seed: int = 3000,
) -> Iterator[HeldOutMixture]:
    """Two held-out named speakers at 0 dB, and an enrolment clip of the first.

    Same-gender and cross-gender pairs take turns. Gender is not known but estimated: a median
    pitch above 155 Hz counts as a high voice. The fact "genders" is "same" or "cross".

    Args:
        noise_snr_db: active level of the target over held-out noise; None adds no noise.
        absent: the enrolled speaker is a third one, who is not in the mixture; the target is
            silence.
        source: corpus to take the speakers from; None takes all.

    Raises:
        DataError: too few speakers are held out, or no noise where some is wanted.
    """
    rows = [row for row in rows if row.split == "valid"]
    speech = [row for row in rows if row.kind == "speech"]
    noise = [row for row in rows if row.kind == "noise"]
    if not speech or (noise_snr_db is not None and not noise):
        raise DataError("no speech, or no noise, is held out; give recordings of more speakers")
    length, clip = round(seconds * sample_rate), round(enrolment_seconds * sample_rate)
    # The same pools as training's validation: all held-out rows, then the wanted ones of them.
    pool = AudioPool.from_manifest(speech, sample_rate, speeds=(1.0,))
    wanted = pool.subset(lambda row: bool(row.label) and source in (None, row.source))
    voices = VoiceSampler(wanted, length, clip)
    noises = None
    if noise_snr_db is not None:
        noise_pool = AudioPool.from_manifest(noise, sample_rate, speeds=(1.0,))
        noises = CropSampler(noise_pool, length)
    pitches = [voices.pitch_hz(voice) for voice in voices.all]
    high = np.array(pitches) > HIGH_VOICE_HZ
    for index in range(n):
        rng = np.random.default_rng((seed, index))
        first, second, third = _draw_speakers(high, index % 2 == 0, rng)
        target = voices.all[third if absent else first]
        crops = [voices.crop(voices.all[i], rng) for i in (first, second)]
        of_target = voices.crop(target, rng) if absent else crops[0]
        enrolment = cut(wanted, [voices.enrolment(target, of_target, clip, rng)], clip)[0]
        sounds = [_levelled(cut(wanted, crops, length), sample_rate)]
        if noises is not None and noise_snr_db is not None:
            noise_crop = cut(noises.pool, [noises.draw_noise(rng)[0]], length)
            height = 10.0 ** (-noise_snr_db / 20.0)
            sounds.append(height * _levelled(noise_crop, sample_rate))
        mixed, parts = _finished(torch.cat(sounds), sample_rate)
        reference = np.zeros_like(mixed) if absent else parts[0]
        facts: dict[str, str | float] = {
            "genders": "same" if high[first] == high[second] else "cross",
            "target": target.person[1],
            "voices": "+".join(voices.all[i].person[1] for i in (first, second)),
            "pitch_hz": round(float(pitches[third if absent else first]), 1),
            "other_pitch_hz": round(float(pitches[second]), 1),
        }
        yield HeldOutMixture(
            f"{'absent' if absent else 'speakers'}_{index:03d}",
            sample_rate,
            mixed,
            {"target": reference, "background": mixed - reference},
            _levelled(enrolment[None], sample_rate)[0].numpy() * _LEVEL,
            facts,
        )


def _draw_speakers(high: np.ndarray, same: bool, rng: np.random.Generator) -> tuple[int, int, int]:
    """Three different speakers, the first two of the same or of different height of voice."""
    order = [int(i) for i in rng.permutation(len(high))]
    if len(order) < 3:
        raise DataError(f"{len(order)} speakers are held out with enough speech; three are needed")
    first = order[0]
    fitting = [i for i in order[1:] if (high[i] == high[first]) == same] or order[1:]
    third = next(i for i in order[1:] if i != fitting[0])
    return first, fitting[0], third


def _windows(values: np.ndarray, count: int) -> np.ndarray:
    """Sums over every `count` values in a row."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return total[count:] - total[:-count]


def _levelled(audio: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Sounds [N, T], each at active level 1."""
    return audio / active_level(audio, sample_rate).clamp_min(1e-4)[:, None]


def _finished(parts: torch.Tensor, sample_rate: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """(mixture [T], parts) at the set's level, less where a peak would exceed 0.99."""
    mixture = parts.sum(0)
    level = float(active_level(mixture[None], sample_rate)[0])
    highest = max(float(parts.abs().max()), float(mixture.abs().max()))
    scaled = parts * gain_below(0.99, highest, _LEVEL / max(level, 1e-9))
    return scaled.sum(0).numpy(), list(scaled.numpy())


def _named(row: Row) -> str:
    return f"{row.source}/{row.label}" if row.label else row.source
