"""Little arrangements: scores made by rule, played with recorded notes and drum hits.

A few thousand single notes become as many minutes of chords, melodies, bass lines and grooves as
are needed. They are rendered once into the cache as clips, each with its own tempo, key and
instruments, and are cut like recordings from then on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from aeolia.config.classes import STEMS
from aeolia.data.cache import cached, entry_name
from aeolia.data.corpus.manifest import Row
from aeolia.data.decoding import Scaled, scaled
from aeolia.data.pool import AudioPool, write_sounds
from aeolia.data.separate import scores
from aeolia.data.separate.scores import ArrangedNote, Hit, Song

__all__ = ["Instruments", "arrangement_pool", "drum_role", "render_clip"]

#: Counted up when scores or their rendering change.
_VERSION = 2
_CLIP_SECONDS = 20.0

#: Instruments by what they play; a synthesised choir is neither voice nor instrument.
_VOICES = {"voice"}
_BASSES = {"electric_bass", "double_bass", "synth_bass"}
_LEFT_OUT = {"choir_pad"}
_CHORDAL = re.compile("piano|guitar|archtop|strings|hang|drum|xylophone|organ|harp")
#: Lowest and highest MIDI number of a part.
_RANGES = {"vocals": (40, 70), "bass": (28, 52), "other": (48, 84)}
#: Fewer pitches than this and an instrument cannot play a line.
_MIN_PITCHES = 3
#: A recorded note is shifted by at most so many semitones.
_MAX_SHIFT = 7

#: Words in the names of drum recordings -> role; the first that matches counts.
_ROLES = (
    ("kick", r"kick|kdrum|bassdrum"),
    ("open", r"hihat_?open|open_?hi?hat|hatopen|semiopen"),
    ("closed", r"hi_?hat|closed|hh"),
    ("ride", r"ride"),
    ("crash", r"crash|china|splash"),
    ("hand", r"bongo|conga|cajon|darbuka|maracas|shaker|tambour|castanet|cowbell|clap|snap|body"),
    ("snare", r"snare|_sn_|_ss_|sidestick|rim"),
    ("tom", r"tom"),
)


def drum_role(row: Row) -> str:
    """What a drum recording can play: kick, snare, closed, open, ride, crash, tom or hand."""
    name = f"{row.label} {Path(row.path).stem}".lower()
    return next((role for role, words in _ROLES if re.search(words, name)), "hand")


@dataclass(frozen=True)
class _Sound:
    """A recorded note or hit [T] float32 that begins at its onset, at peak 1."""

    audio: np.ndarray
    bandwidth_hz: float


class Instruments:
    """Recorded notes and hits, ready to be played.

    Args:
        pool: notes (rows with a MIDI number) and drum hits, at one speed.
    """

    def __init__(self, pool: AudioPool) -> None:
        self.sample_rate = pool.sample_rate
        #: (source, label) -> MIDI number -> items of the pool.
        self._notes: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(dict)
        #: role -> (source, kit: the name without numbers) -> items.
        self._hits: dict[str, dict[tuple[str, str], list[int]]] = defaultdict(dict)
        for item in range(len(pool)):
            row = pool.row(item)
            if row.kind == "note" and row.midi and row.label not in _LEFT_OUT:
                takes = self._notes[row.source, row.label]
                takes.setdefault(round(row.midi), []).append(item)
            elif row.kind == "drum":
                kit = re.sub(r"[\d_]+", " ", row.label or Path(row.path).stem)
                self._hits[drum_role(row)].setdefault((row.source, kit), []).append(item)
        self._pool = pool

    def playing(self, label: str, chordal: bool = False) -> list[tuple[str, str]]:
        """The (source, instrument) pairs that can play a part of class `label`."""
        found = []
        for key, takes in sorted(self._notes.items()):
            name = key[1]
            kind = "vocals" if name in _VOICES else "bass" if name in _BASSES else "other"
            if kind == label and len(takes) >= _MIN_PITCHES:
                if not chordal or _CHORDAL.search(name):
                    found.append(key)
        return found

    def can_play(self, label: str) -> bool:
        """Whether there is anything to play a part of class `label` with."""
        if label == "drums":
            return bool({"kick", "snare"} <= set(self._hits) or self._hits.get("hand"))
        return bool(self.playing(label))

    def note(
        self, instrument: tuple[str, str], midi: int, rng: np.random.Generator
    ) -> tuple[_Sound, float] | None:
        """A take of the nearest recorded pitch, and the semitones it must be shifted by.

        Notes beyond an instrument's reach move by octaves, or are left out (None).
        """
        takes = self._notes[instrument]
        for octave in (0, 12, -12, 24, -24):
            nearest = min(takes, key=lambda pitch: (abs(pitch - midi - octave), pitch))
            if abs(nearest - midi - octave) <= _MAX_SHIFT:
                item = int(rng.choice(takes[nearest]))
                return self._sound(item), float(midi + octave - nearest)
        return None

    def kit(self, rng: np.random.Generator) -> dict[str, list[_Sound]]:
        """A few sounds for every role that was recorded: one kick, one snare and so on."""
        chosen = {}
        for role in sorted(self._hits):
            kits = self._hits[role]
            sources = sorted({source for source, _ in kits})
            source = sources[int(rng.integers(len(sources)))]
            names = sorted(name for name in kits if name[0] == source)
            items = kits[names[int(rng.integers(len(names)))]]
            if role in ("tom", "hand"):  # several drums are struck in turn
                drawn = [kits[names[int(i)]] for i in rng.integers(len(names), size=4)]
                items = [takes[int(rng.integers(len(takes)))] for takes in drawn]
            few = rng.permutation(len(items))[:4]
            chosen[role] = [self._sound(items[int(i)]) for i in few]
        return chosen

    def _sound(self, item: int) -> _Sound:
        pool = self._pool
        audio = pool.sound(item).astype(np.float32) / 32768.0
        peak = float(np.abs(audio).max()) if audio.size else 0.0
        if peak > 0.0:
            # Silence before the onset would play every note late.
            onset = int(np.argmax(np.abs(audio) > 0.03 * peak))
            audio = audio[max(0, onset - pool.sample_rate // 500) :] / peak
        return _Sound(audio, float(pool.bandwidth_hz[item]))


def render_clip(
    instruments: Instruments,
    label: str,
    seconds: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """One clip [T] float32 of class `label`, and its bandwidth in Hz.

    Its tempo, key, score and instruments are drawn from `rng`.
    """
    song = scores.draw_song(rng, seconds)
    rate = instruments.sample_rate
    audio = np.zeros(round(seconds * rate), np.float32)
    # The bars need not fill the clip: the score goes on past its end and is cut there.
    song = Song(song.beat_seconds, song.root, song.scale, (*song.chords, song.chords[0]))
    if label == "drums":
        return audio, _add_drums(audio, instruments, scores.drum_pattern(song, rng), rng)
    low, high = _RANGES[label]
    reach = rate / 2.0
    for chordal, notes in _parts(song, label, low, high, instruments, rng):
        choices = instruments.playing(label, chordal) or instruments.playing(label)
        instrument = choices[int(rng.integers(len(choices)))]
        level_db = float(rng.uniform(-6.0, 0.0))
        reach = min(reach, _add_notes(audio, instruments, instrument, notes, level_db, rng))
    return audio, reach


def _parts(
    song: Song,
    label: str,
    low: int,
    high: int,
    instruments: Instruments,
    rng: np.random.Generator,
) -> Iterator[tuple[bool, list[ArrangedNote]]]:
    """(whether it is chords, notes) of each instrument of a clip."""
    if label == "bass":
        yield False, scores.bass_line(song, rng, low + int(rng.integers(0, 8)))
        return
    span = int(rng.integers(10, 20))
    lowest = int(rng.integers(low, max(low + 1, high - span)))
    if label == "vocals":
        yield False, scores.melody(song, rng, lowest, min(high, lowest + span))
        return
    case = rng.random()
    if case < 0.75 and instruments.playing("other", chordal=True):
        yield True, scores.chords(song, rng)
    if case > 0.4:
        yield False, scores.melody(song, rng, lowest, lowest + span)
    if rng.random() < 0.25:
        yield True, scores.chords(song, rng, low=60)


def _add_notes(
    audio: np.ndarray,
    instruments: Instruments,
    instrument: tuple[str, str],
    notes: Sequence[ArrangedNote],
    level_db: float,
    rng: np.random.Generator,
) -> float:
    """Play `notes` into `audio` [T], in place; returns the lowest bandwidth of what was played."""
    rate = instruments.sample_rate
    tuning = float(rng.normal(0.0, 0.1))  # semitones: no two pianos are tuned the same
    release = float(np.exp(rng.uniform(np.log(0.03), np.log(0.4))))
    reach = rate / 2.0
    for note in notes:
        found = instruments.note(instrument, note.midi, rng)
        begin = round(note.onset_seconds * rate)
        if found is None or begin >= len(audio):
            continue
        sound, shift = found
        # A note is let go after its length, and cut there before it is resampled.
        factor = 2.0 ** ((shift + tuning) / 12.0)
        longest = int((note.seconds + release) * rate * factor)
        take = sound.audio[:longest].copy()
        fade = min(len(take), max(1, int(release * rate * factor)))
        if len(sound.audio) > longest:
            take[len(take) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
        shifted = soxr.resample(take, rate * factor, rate, quality="MQ")
        shifted = shifted[: len(audio) - begin]
        height = 10.0 ** ((note.level_db + level_db) / 20.0)
        audio[begin : begin + len(shifted)] += height * shifted
        reach = min(reach, sound.bandwidth_hz * min(factor, 1.0))
    return reach


def _add_drums(
    audio: np.ndarray, instruments: Instruments, hits: Sequence[Hit], rng: np.random.Generator
) -> float:
    """Play `hits` into `audio` [T], in place; returns the lowest bandwidth of what was played."""
    rate = instruments.sample_rate
    kit = instruments.kit(rng)
    balance = {role: float(rng.normal(0.0, 2.0)) for role in kit}
    speed = {role: float(np.exp(rng.normal(0.0, 0.06))) for role in kit}  # size of the drums
    reach = rate / 2.0
    for hit in hits:
        able = [role for role in (hit.role, *_SUBSTITUTES[hit.role]) if role in kit]
        begin = round(hit.onset_seconds * rate)
        if not able or begin >= len(audio):
            continue
        role = able[0]
        sound = kit[role][int(rng.integers(len(kit[role])))]
        struck = soxr.resample(sound.audio, rate * speed[role], rate, quality="MQ")
        struck = struck[: len(audio) - begin]
        height = 10.0 ** ((hit.level_db + balance[role]) / 20.0)
        audio[begin : begin + len(struck)] += height * struck
        reach = min(reach, sound.bandwidth_hz * min(speed[role], 1.0))
    return reach


#: What plays a part when its own drum was not recorded.
_SUBSTITUTES = {
    "ride": ("closed",),
    "open": ("closed",),
    "closed": ("ride", "open"),
    "crash": ("ride",),
    "tom": ("hand", "snare"),
    "kick": ("tom", "hand"),
    "snare": ("hand",),
    "hand": ("snare", "tom"),
}


def arrangement_pool(
    rows: Sequence[Row],
    split: str,
    label: str,
    minutes: float,
    sample_rate: int,
    seed: int = 0,
) -> AudioPool | None:
    """A pool of rendered clips of class `label`, made once and kept in the cache.

    Args:
        rows: notes and drum hits; other rows are passed over. All of them are decoded once,
            those of `split` are played.
        minutes: length of all clips together.

    Returns:
        None where the rows hold nothing that could play the part.

    Raises:
        DataError: a recording cannot be read or the cache not be written.
    """
    kind = "drum" if label == "drums" else "note"
    listed = [row for row in rows if row.kind == kind]
    used = [row for row in listed if row.split == split]
    if not used:
        return None
    pool = AudioPool.from_manifest(listed, sample_rate, speeds=(1.0,))
    instruments = Instruments(pool.subset(lambda row: row.split == split))
    if not instruments.can_play(label):
        return None
    count = max(1, round(60.0 * minutes / _CLIP_SECONDS))
    name = entry_name(
        f"arranged-{label}-{sample_rate}",
        f"{_VERSION} {label} {count} {sample_rate} {seed}",
        ((row.path, f"{row.midi:g}") for row in used),
    )
    folder = cached(name, lambda new: _render_into(new, instruments, label, count, seed))
    clips = [
        Row(f"{folder}/{clip}", "stem", f"arrangement {clip}", label, _CLIP_SECONDS)
        for clip in range(count)
    ]
    return AudioPool.read(folder, clips, sample_rate)


def _render_into(folder: Path, instruments: Instruments, label: str, count: int, seed: int) -> None:
    reach_hz: list[float] = []

    def clips() -> Iterator[Scaled]:
        for clip in range(count):
            rng = np.random.default_rng((seed, STEMS.index(label), clip))
            audio, reach = render_clip(instruments, label, _CLIP_SECONDS, rng)
            reach_hz.append(reach)
            yield scaled(audio)

    write_sounds(folder, clips(), lambda: reach_hz)
