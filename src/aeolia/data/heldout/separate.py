"""Held-out mixtures to judge separation by: the same on every machine for one seed.

    class_mixtures     speech + music + noise, each at the same active level
    song_excerpts      stretches of held-out songs where all stems sound, in their own balance
    speaker_mixtures   two speakers at the same active level, an enrolment clip of one

All of it comes from the rows that are held out: speakers, noises, songs, notes and hits
that no training mixture holds. `draw` leaves one split of them. Nothing is coloured, and nothing
reverberated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aeolia.audio.levels import gain_below, peak
from aeolia.data.corpus.manifest import HELD_OUT, Row
from aeolia.data.corruptions import active_level
from aeolia.data.crops import CropSampler, cut
from aeolia.data.heldout.songs import HeldOutSongs
from aeolia.data.pool import AudioPool
from aeolia.data.separate.pools import class_pools
from aeolia.data.separate.rows import class_rows, speaker_rows
from aeolia.data.separate.stems import StemCrops
from aeolia.data.separate.voices import VoiceSampler
from aeolia.errors import DataError

__all__ = [
    "HIGH_VOICE_HZ",
    "HeldOutMixture",
    "class_mixtures",
    "draw",
    "song_excerpts",
    "speaker_mixtures",
]

#: Voices whose median pitch is above this count as high, others as low.
HIGH_VOICE_HZ = 155.0
#: Active level of a finished mixture.
_LEVEL = 10.0 ** (-25.0 / 20.0)
#: Share of speech from recordings that reach beyond 16 kHz, where some do.
_FULL_BAND_SHARE = 0.5


#: Set of speakers -> how its mixtures are drawn.
_SPEAKERS: dict[str, dict[str, Any]] = {
    "two speakers at 0 dB": {},
    "two speakers at 0 dB, noise at 10 dB": {"noise_snr_db": 10.0},
    "the speaker is absent": {"absent": True},
}
#: Songs and speakers have fewer and more clips than classes.
_MOST_EXCERPTS, _SPEAKERS_A_CLIP = 24, 2


@dataclass(frozen=True)
class HeldOutMixture:
    """One mixture [T] float32 and what should come out of it.

    `references` maps what is requested ("speech", "music", "bass+other", "target") to [T]; they
    sum to the mixture, apart from "target", whose rest is "background". `enrolment` [E] is given
    for speakers. `facts` are for the table: who, what, from where.
    """

    name: str
    sample_rate: int
    mixture: np.ndarray
    references: dict[str, np.ndarray]
    enrolment: np.ndarray | None = None
    facts: dict[str, str | float] = field(default_factory=dict)


def draw(
    data: Path,
    split: str = "report",
    *,
    clips: int = 60,
    songs: Sequence[str] = (),
    source: str | None = None,
) -> dict[str, Iterator[HeldOutMixture]]:
    """All sets by name, each made as it is read: "classes", "songs", and three of speakers.

    Args:
        data: a folder with manifest.csv.
        split: "report", or "choose" to compare candidates.
        clips: mixtures of classes; twice as many of speakers, at most 24 excerpts of songs.
        songs: names of songs that training held out, where the manifest does not say so; they
            count as of this split.
        source: corpus to take the speakers from; None takes all.

    Raises:
        DataError: a folder that is no data; too little held out, when a set is read.
    """
    manifest = data / "manifest.csv"
    rows = _of_split(class_rows(manifest, hold_out=songs)[0], split, songs)
    voices = _of_split(speaker_rows(manifest, manifest)[0], split)
    return {
        "classes": class_mixtures(rows, clips),
        "songs": song_excerpts(rows, min(_MOST_EXCERPTS, clips)),
        **{
            title: speaker_mixtures(voices, _SPEAKERS_A_CLIP * clips, source=source, **settings)
            for title, settings in _SPEAKERS.items()
        },
    }


def _of_split(rows: Sequence[Row], split: str, songs: Sequence[str] = ()) -> list[Row]:
    """Rows without those that another split holds out; the named songs are of this one."""
    named = [
        replace(row, split=split)
        if row.kind == "stem" and row.source.split("/")[-1] in songs
        else row
        for row in rows
    ]
    return [row for row in named if row.split == split or row.split not in HELD_OUT]


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
    pools = class_pools(_as_one_split(rows), "choose", sample_rate)
    for kind in ("speech", "noise"):
        if kind not in pools:
            raise DataError(f"no {kind} is held out; give more recordings of it")
    length = round(seconds * sample_rate)
    speech = CropSampler(pools["speech"][0], length, _FULL_BAND_SHARE)
    noise = CropSampler(pools["noise"][0], length)
    arrangements = {
        pool.rows[0].label: StemCrops(pool, length) for pool in pools.get("arrangements", ())
    }
    arranged = {label: crops for label, crops in arrangements.items() if crops.labels}
    songs = HeldOutSongs.of(rows, seconds, sample_rate)
    if not arranged and songs is None:
        raise DataError("no music is held out; give more songs, or notes and drum hits")
    for index in range(n):
        rng = np.random.default_rng((seed, index))
        talk = speech.draw_speech(rng)
        rng.random()  # drawn since the set was first made: published figures stand on it
        background, _ = noise.draw_noise(rng)
        if songs is not None and (index % 2 == 0 or not arranged):
            song, start = songs.excerpt(index // 2, max(1, n // 2))
            music = torch.from_numpy(sum(songs.stems(song, start).values()))
            words = f"song {song}"
        else:
            drawn = [
                cut(one.pool, [one.draw(label, rng)], length) for label, one in arranged.items()
            ]
            music = _levelled(torch.cat(drawn), sample_rate).sum(0)
            words = f"arrangement of {'+'.join(arranged)}"
        voice, ambience = (
            cut(one.pool, [crop], length)[0] for one, crop in ((speech, talk), (noise, background))
        )
        sounds = torch.stack([voice, music, ambience])
        mixed, references = _finished(_levelled(sounds, sample_rate), sample_rate)
        spoken, recorded = speech.pool.row(talk[0].item), noise.pool.row(background[0].item)
        yield HeldOutMixture(
            f"classes_{index:03d}",
            sample_rate,
            mixed,
            dict(zip(("speech", "music", "noise"), references, strict=True)),
            facts={
                "music": words,
                "speech": _named(spoken),
                "noise": _named(recorded),
                "speech_bandwidth_hz": spoken.bandwidth_hz,
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
        DataError: no song is held out, or none has a stretch where all its stems sound.
    """
    songs = HeldOutSongs.of(rows, seconds, sample_rate)
    if songs is None:
        raise DataError("no song is held out; give more songs, or name one to hold out")
    for index in range(n):
        song, start = songs.excerpt(index, n)
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
        DataError: too few speakers are held out, or no noise where some is requested.
    """
    rows = [row for row in rows if row.split in HELD_OUT]
    speech = [row for row in rows if row.kind == "speech"]
    noise = [row for row in rows if row.kind == "noise"]
    if not speech or (noise_snr_db is not None and not noise):
        raise DataError("no speech, or no noise, is held out; give recordings of more speakers")
    length, clip = round(seconds * sample_rate), round(enrolment_seconds * sample_rate)
    # The same pools as training's validation: all held-out rows, then those of them that are named.
    pool = AudioPool.from_manifest(speech, sample_rate, speeds=(1.0,))
    chosen = pool.subset(lambda row: bool(row.label) and source in (None, row.source))
    voices = VoiceSampler(chosen, length, clip)
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
        enrolment = cut(chosen, [voices.enrolment(target, of_target, clip, rng)], clip)[0]
        sounds = [_levelled(cut(chosen, crops, length), sample_rate)]
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


def _as_one_split(rows: Sequence[Row]) -> list[Row]:
    """All that is held out under one split's name: the sets judge what is finished on it."""
    return [replace(row, split="choose") if row.split in HELD_OUT else row for row in rows]


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
