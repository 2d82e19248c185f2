"""Plays songs by everybody, and compares what is heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.audio.loudness import loudness
from aeolia.errors import InputError
from benchmarks import say
from benchmarks.results import ClipSet, Results, Scores, digest_of, provenance
from benchmarks.scores.listening import Listening
from benchmarks.scores.measures import (
    Heard,
    chroma_agreement,
    mel_distance_db,
    onset_agreement,
)
from benchmarks.scores.players import RATE, Ours, Player, SoundfontPlayer, processor_seconds
from benchmarks.scores.songs import TAIL_SECONDS, Song, find_songs

__all__ = ["ANOTHER", "PAIRED", "PART_SECONDS", "measure"]

#: The row that says what agreement is worth: the next song, by the same soundfont.
ANOTHER = "another song"
#: Channels are played alone for so long at most.
PART_SECONDS = 12.0
#: Metrics of a render and another render of the song.
PAIRED = ("chroma", "onsets", "mel_db", "lufs_difference")


def measure(
    folder: Path,
    soundfonts: Sequence[Path],
    *,
    model: str = "notes",
    drums: str = "drums",
    seconds: float,
    songs: int,
    page: Path | None = None,
) -> Results:
    """All scores.

    Args:
        folder: of MIDI files.
        soundfonts: the first is what all are compared with.
        model: name or file of the instruments.
        drums: name or file of the drums.
        seconds: of each song.
        songs: at most.
        page: new folder for a page to listen.

    Raises:
        AeoliaError: a wrong path, an unknown model, too few soundfonts, no FluidSynth.
    """
    if len({path.stem for path in soundfonts}) < 2:
        raise InputError(
            "scores are compared with at least two soundfonts, by different names: what the "
            "second has of the first is the measure; give --soundfont twice"
        )
    players: list[Player] = [Ours(model, drums), *map(SoundfontPlayer, soundfonts)]
    names = [player.entry.name for player in players]
    chosen = find_songs(folder, seconds, songs)
    listening = Listening(page, names[:3]) if page else None
    reference = names[1]
    whole = _Table()
    parts = _Table()
    first: Heard | None = None
    before: Heard | None = None
    for number, song in enumerate(chosen, 1):
        say(f"playing {song.name} ({number} of {len(chosen)})")
        heard = {}
        for player, name in zip(players, names, strict=True):
            audio, cost = _played(player, song)
            heard[name] = Heard.of(audio, RATE)
            whole.add(name, _of_render(song, heard[name], cost))
            for part in _parts_of(song):
                parts.add(name, {"lufs": loudness(player.play_alone(part), RATE)})
            if listening:
                listening.keep(song, name, audio)
        for name, one in heard.items():
            for other in names:
                if name != other:
                    whole.add(name, _named(_of_pair(heard[other], one), other))
        if before is not None:
            whole.add(ANOTHER, _named(_of_pair(before, heard[reference]), reference))
        first, before = first or heard[reference], heard[reference]
    if first is not None and before is not None and len(chosen) > 1:
        whole.add(ANOTHER, _named(_of_pair(before, first), reference))
    results = Results(
        page="scores",
        made=provenance(),
        systems=[player.entry for player in players],
        sets={"songs": _song_clips(chosen), "parts": _part_clips(chosen)},
        scores={"songs": whole.scores, "parts": parts.scores},
        details={"reference": reference, "seconds": seconds},
    )
    if listening:
        listening.write(results)
    return results


class _Table:
    """Scores by system and metric, a value a clip."""

    def __init__(self) -> None:
        self.scores: dict[str, Scores] = {}

    def add(self, system: str, values: Mapping[str, float]) -> None:
        for metric, value in values.items():
            self.scores.setdefault(system, {}).setdefault(metric, []).append(value)


def _played(player: Player, song: Song) -> tuple[np.ndarray, float]:
    """The song and its tail [T, 2], and the processor's seconds that it took."""
    spent = processor_seconds()
    audio = player.play(song.midi)
    cost = processor_seconds() - spent
    length = round((song.seconds + TAIL_SECONDS) * RATE)
    return np.pad(audio[:length], ((0, max(0, length - len(audio))), (0, 0))), cost


def _of_render(song: Song, heard: Heard, cost: float) -> dict[str, float]:
    return {
        "lufs": heard.lufs,
        "clipped": heard.clipped,
        "width_db": heard.width_db,
        "tail_db": heard.tail_db,
        "score_onsets": onset_agreement(song.onsets, heard.onsets),
        "cost": cost / song.seconds,
    }


def _of_pair(reference: Heard, estimate: Heard) -> dict[str, float]:
    """Scores of the estimate; of two songs, over the shorter's length."""
    chroma = min(len(reference.chroma), len(estimate.chroma))
    mel = min(len(reference.mel), len(estimate.mel))
    values = (
        chroma_agreement(reference.chroma[:chroma], estimate.chroma[:chroma]),
        onset_agreement(reference.onsets, estimate.onsets),
        mel_distance_db(reference.mel[:mel], estimate.mel[:mel]),
        estimate.lufs - reference.lufs,
    )
    return dict(zip(PAIRED, values, strict=True))


def _named(values: Mapping[str, float], reference: str) -> dict[str, float]:
    return {f"{metric}, {reference}": value for metric, value in values.items()}


def _song_clips(songs: Sequence[Song]) -> ClipSet:
    clips: list[dict[str, Any]] = [
        {
            "name": song.name,
            "source": song.source,
            "licence": song.licence,
            "seconds": round(song.seconds, 3),
            "notes": sum(song.channels.values()),
            "channels": len(song.channels),
        }
        for song in songs
    ]
    return ClipSet(digest_of(b"".join(song.midi for song in songs)), clips)


def _parts_of(song: Song) -> list[bytes]:
    """Its channels by themselves, as MIDI files."""
    start = song.first(PART_SECONDS)
    return [start.alone(channel) for channel in start.channels]


def _part_clips(songs: Sequence[Song]) -> ClipSet:
    clips: list[dict[str, Any]] = [
        {
            "name": f"{song.name} {channel}",
            "song": song.name,
            "channel": channel,
            "programs": list(song.programs(channel)),
            "notes": notes,
        }
        for song in (song.first(PART_SECONDS) for song in songs)
        for channel, notes in song.channels.items()
    ]
    return ClipSet(digest_of(b"".join(song.midi for song in songs)), clips)
