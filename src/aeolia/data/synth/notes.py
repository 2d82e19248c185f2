"""Notes resident in memory: decoded, checked, with pitch and loudness; split; crops of them.

Of each recording the first three seconds are kept, from its onset on. Levels are made comparable:
the loudest notes of an instrument (in one source) are brought to the same loudness, and how far a
note lies below them is its velocity.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aeolia.audio.mono import mono
from aeolia.audio.pitch.contour import LOUDNESS_FLOOR_DB, loudness_contour
from aeolia.audio.pitch.names import hz_to_midi, midi_to_hz
from aeolia.audio.pitch.tracker import track_pitch
from aeolia.audio.sound_file import sound_file_path
from aeolia.config import SynthConfig
from aeolia.data.cache import cached, entry_name
from aeolia.data.corpus.left_out import LeftOut
from aeolia.data.corpus.manifest import HELD_OUT
from aeolia.data.synth.files import NoteFile
from aeolia.data.synth.pitch import fitting_label, label_support, refine_pitch
from aeolia.errors import DataError

__all__ = ["RecordedNote", "NotePool", "hold_out", "read_notes"]

#: Counted up when what is kept of a note changes.
_VERSION = 5
_SECONDS = 3.0
_SILENT_DB = -60.0
#: A note begins where its level first comes this near to its loudest.
_ONSET_DB = 35.0
#: A recording without a label is a note if at least this share of it has a pitch.
_LEAST_VOICED = 0.3
#: Notes whose label lies this far from the sound are left out, and those whose label is supported
#: by so much less than another pitch.
_DOUBTFUL_CENTS, _LEAST_SUPPORT = 55.0, 0.5
_DOUBTFUL, _NO_PITCH = "pitch doubtful, left out", "no pitch found"
#: Where a larger share of the notes is left out for their pitch, the labels mean something else.
_MOST_WITHOUT_PITCH = 0.5


@dataclass(frozen=True)
class RecordedNote:
    """One note: where it is from, its audio as int16 [T], and contours per frame [F].

    `gain_db` turns the audio's integers into samples at the level that the instrument is learned
    at, which the loudness is measured at. Unvoiced frames have pitch 0.
    """

    file: NoteFile
    audio: np.ndarray
    pitch_hz: np.ndarray
    loudness_db: np.ndarray
    midi: float
    velocity: float = 0.0
    gain_db: float = 0.0
    #: The recording ends by itself before the three seconds.
    ends: bool = False
    split: str = "train"

    @property
    def label_midi(self) -> int:
        """The pitch that the note counts as: its label, or the nearest to what was found."""
        return round(self.file.midi or self.midi)


@dataclass
class NotePool:
    """The usable notes, and what is to be said about the others: (problem, path, detail)."""

    notes: list[RecordedNote]
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    #: All files that are not among the notes, those that were not listened to as well.
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(sorted({note.file.instrument for note in self.notes}))

    def of(self, split: str) -> list[RecordedNote]:
        return [note for note in self.notes if note.split == split]

    def words(self) -> list[str]:
        """What was found, in lines of text: every instrument with its range, then problems."""
        lines = []
        for name in self.instruments:
            notes = [note for note in self.notes if note.file.instrument == name]
            midi = [note.label_midi for note in notes if note.midi > 0.0]
            kept = sum(note.split == "train" for note in notes)
            pitches = (
                f"MIDI {min(midi)} to {max(midi)}, {len(set(midi))} pitches" if midi else "no pitch"
            )
            lines.append(
                f"{name}: {len(notes)} notes, {pitches}, {kept} to learn from, "
                f"{len(notes) - kept} held out"
            )
        pitched = [note for note in self.notes if note.midi > 0.0]
        labelled = Counter(note.file.labelled_by or "tracked" for note in pitched)
        if labelled:
            by = ", ".join(f"{name} ({count})" for name, count in labelled.most_common())
            lines.append(f"pitches given by: {by}")
        for problem in dict.fromkeys(problem for problem, _, _ in self.problems):
            found = [(path, why) for kind, path, why in self.problems if kind == problem]
            examples = "; ".join(f"{Path(path).name} ({why})" for path, why in found[:3])
            more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
            lines.append(f"{problem}: {len(found)}: {examples}{more}")
        return lines


def read_notes(
    files: Sequence[NoteFile],
    config: SynthConfig,
    pitched: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NotePool:
    """Decode, check and measure notes, or take them from the cache.

    Args:
        pitched: False for drums: no pitch is sought.

    Raises:
        DataError: none of the notes can be used, or the pitch of most is doubtful.
        MissingExtraError: a note's pitch is given by nothing or in two ways, and no tracker is
            installed.
    """
    name = entry_name(
        "notes",
        f"{_VERSION} {config.sample_rate} {config.hop_length} {pitched}",
        ((file.path, f"{file}") for file in files),
    )

    def build(folder: Path) -> None:
        _save(folder, _measured(files, config, pitched, progress), files)

    pool = _load(cached(name, build), files)
    doubtful = {path for problem, path, _ in pool.problems if problem == _DOUBTFUL}
    pool.notes = [note for note in pool.notes if note.file.path not in doubtful]
    if not pool.notes:
        counts = Counter(problem for problem, _, _ in pool.problems)
        reasons = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise DataError(f"none of the {len(files)} files can be used: {reasons}")
    _check_pitches(pool)
    return replace(pool, notes=_levelled(pool.notes, config))


def _measured(
    files: Sequence[NoteFile],
    config: SynthConfig,
    pitched: bool,
    progress: Callable[[int, int], None],
) -> NotePool:
    """All notes, doubtful ones too, before their levels are made comparable."""
    pool = NotePool([])
    seen: dict[str, str] = {}
    for done, file in enumerate(files, start=1):
        found = _measure(file, config, pitched)
        if isinstance(found, RecordedNote):
            content = hashlib.sha256(found.audio.tobytes()).hexdigest()
            if content in seen:
                found = ("repeated", file.path, f"same as {Path(seen[content]).name}")
            seen.setdefault(content, file.path)
        if isinstance(found, RecordedNote):
            pool.notes.append(found)
            if pitched and (doubt := _doubt(found, config.sample_rate)):
                pool.problems.append((_DOUBTFUL, file.path, doubt))
        else:
            pool.problems.append(found)
        progress(done, len(files))
    return pool


def _check_pitches(pool: NotePool) -> None:
    """Most labels right, or an error: a few wrong ones are left out, wrong names teach nothing."""
    lost = [one for one in pool.problems if one[0] in (_DOUBTFUL, _NO_PITCH)]
    total = len(pool.notes) + len(lost)
    if len(lost) <= _MOST_WITHOUT_PITCH * total:
        return
    _, path, why = lost[0]
    raise DataError(
        f"the pitch of {len(lost)} of {total} notes is doubtful, such as {Path(path).name} "
        f"({why}); name them by their pitches (piano_C4.wav, piano_060.wav), or list path, "
        "instrument and midi in a CSV file beside them"
    )


def hold_out(pool: NotePool, instruments: Sequence[str] = ()) -> NotePool:
    """Hold out every fifth pitch of each instrument, and all notes of `instruments`.

    The pitches are for `choose` and `report` in turn, `instruments` for `report`. The lowest and
    the highest pitches stay in training; unpitched sounds are held out by every fifth file. What
    a manifest says of a note comes before all this.
    """
    notes = []
    for name in pool.instruments:
        own = [note for note in pool.notes if note.file.instrument == name]
        pitches = sorted({note.label_midi for note in own})
        if len(pitches) > 1:
            turns = {pitch: HELD_OUT[i % 2] for i, pitch in enumerate(pitches[2:-1:5])}
            splits = [turns.get(note.label_midi, "train") for note in own]
        else:
            turns = {i: HELD_OUT[i // 5 % 2] for i in range(2, len(own), 5)}
            splits = [turns.get(i, "train") for i in range(len(own))]
        if name in instruments:
            splits = ["report"] * len(own)
        notes += [
            replace(note, split=note.file.split or split)
            for note, split in zip(own, splits, strict=True)
        ]
    return replace(pool, notes=notes)


def _measure(
    file: NoteFile, config: SynthConfig, pitched: bool
) -> RecordedNote | tuple[str, str, str]:
    """Decode and measure one note; or (problem, path, detail)."""
    rate, hop = config.sample_rate, config.hop_length
    try:
        audio, file_rate = soundfile.read(
            sound_file_path(file.path), dtype="float32", always_2d=True
        )
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        return "unreadable", file.path, str(error).split(":")[-1].strip().rstrip(".")
    sound = mono(np.nan_to_num(audio))[: int((_SECONDS + 2.0) * file_rate)]
    sound = soxr.resample(sound, file_rate, rate) if file_rate != rate else sound
    level = loudness_contour(sound, hop, len(sound) // hop)
    if len(level) < 8:
        return "too short", file.path, f"{len(sound) / rate:.2f} s"
    if level.max() < _SILENT_DB:
        return "silent", file.path, f"peak level {level.max():.0f} dBFS"
    sound = sound[_onset(sound, rate) :]
    longest = int(_SECONDS * rate)
    ends = len(sound) < longest
    sound = sound[: min(len(sound), longest) // hop * hop]
    level = loudness_contour(sound, hop, len(sound) // hop)
    if len(level) < 8:
        return "too short", file.path, f"{len(sound) / rate:.2f} s after its onset"
    midi, pitch = 0.0, np.zeros(len(level), np.float32)
    if pitched:
        if file.readings:
            file = replace(file, midi=fitting_label(sound, rate, file.readings))
        found = _pitch(file, sound, rate, len(level), hop)
        if found is None:
            return _NO_PITCH, file.path, "unvoiced, or several notes at once"
        pitch, midi = found
    peak = float(np.abs(sound).max())
    # Integers at full scale keep what quiet notes have; the gain brings the level back.
    stored = np.round(sound * (32000.0 / peak)).astype(np.int16)
    gain_db = 20.0 * np.log10(peak / 32000.0)
    return RecordedNote(file, stored, pitch, level, midi, gain_db=gain_db, ends=ends)


def _doubt(note: RecordedNote, rate: int) -> str:
    """What speaks against a note's label; nothing, mostly."""
    if not note.file.midi or note.file.pitch_is_exact:
        return ""
    off = 100.0 * (note.midi - note.file.midi)
    return _doubtful(note.audio.astype(np.float32), rate, note.file.midi, off)


def _doubtful(sound: np.ndarray, rate: int, midi: float, off_cents: float) -> str:
    """What in a sound speaks against a pitch that it is said to have."""
    if abs(off_cents) > _DOUBTFUL_CENTS:
        return f"{abs(off_cents):.0f} cents off"
    support = label_support(sound, rate, midi)
    return "another pitch fits better" if support < _LEAST_SUPPORT else ""


def _onset(sound: np.ndarray, rate: int) -> int:
    """First sample of the note: 2 ms before its level comes near the loudest of its start."""
    step = rate // 1000
    level = np.abs(sound[: len(sound) // step * step]).reshape(-1, step).max(1)
    threshold = level[:1500].max() * 10.0 ** (-_ONSET_DB / 20.0)
    return max(0, int(np.argmax(level >= threshold)) - 2) * step


def _pitch(
    file: NoteFile, sound: np.ndarray, rate: int, frames: int, hop: int
) -> tuple[np.ndarray, float] | None:
    """Contour in Hz [F] and the note's MIDI number; None where there is no steady pitch."""
    seconds = (np.arange(frames) + 0.5) * hop / rate
    if file.midi:
        contour, off = refine_pitch(sound, rate, file.midi, seconds)
        if file.pitch_is_exact and _doubtful(sound, rate, file.midi, off):
            return np.full(frames, midi_to_hz(file.midi), np.float32), file.midi
        return contour, file.midi + off / 100.0
    contour = track_pitch(sound, rate).at(seconds).astype(np.float32)
    if (contour > 0.0).mean() < _LEAST_VOICED:
        return None
    return contour, float(np.median(hz_to_midi(contour[contour > 0.0])))


def _levelled(notes: Sequence[RecordedNote], config: SynthConfig) -> list[RecordedNote]:
    """Gains that bring each instrument's loudest notes to full loudness; velocities."""
    loudest: dict[tuple[str, str], list[float]] = defaultdict(list)
    for note in notes:
        loudest[note.file.source, note.file.instrument].append(float(note.loudness_db.max()))
    tops = {key: float(np.quantile(values, 0.95)) for key, values in loudest.items()}
    levelled = []
    for note in notes:
        change = config.full_loudness_db - tops[note.file.source, note.file.instrument]
        level = np.maximum(note.loudness_db + change, LOUDNESS_FLOOR_DB)
        below = config.full_loudness_db - float(level.max())
        velocity = float(np.clip(1.0 - below / config.velocity_range_db, 0.0, 1.0))
        levelled.append(
            replace(note, loudness_db=level, gain_db=note.gain_db + change, velocity=velocity)
        )
    return levelled


def _save(folder: Path, pool: NotePool, files: Sequence[NoteFile]) -> None:
    number = {file.path: i for i, file in enumerate(files)}
    notes = pool.notes
    np.savez(
        folder / "notes.npz",
        audio=np.concatenate([np.zeros(0, np.int16), *(n.audio for n in notes)]),
        pitch=np.concatenate([np.zeros(0, np.float32), *(n.pitch_hz for n in notes)]),
        loudness=np.concatenate([np.zeros(0, np.float32), *(n.loudness_db for n in notes)]),
        table=np.array(
            [
                (
                    *(number[n.file.path], len(n.audio), len(n.pitch_hz)),
                    *(n.midi, n.gain_db, n.ends, n.file.midi),
                )
                for n in notes
            ],
            np.float64,
        ).reshape(-1, 7),
        problems=np.array(pool.problems, dtype=str).reshape(-1, 3),
    )


def _load(folder: Path, files: Sequence[NoteFile]) -> NotePool:
    with np.load(folder / "notes.npz") as stored:
        table, problems = stored["table"], stored["problems"]
        audio, pitch, loudness = stored["audio"], stored["pitch"], stored["loudness"]
    notes = []
    samples = frames = 0
    for number, length, count, midi, gain_db, ends, label in table:
        notes.append(
            RecordedNote(
                replace(files[int(number)], midi=float(label)),
                audio[samples : samples + int(length)],
                pitch[frames : frames + int(count)],
                loudness[frames : frames + int(count)],
                float(midi),
                gain_db=float(gain_db),
                ends=bool(ends),
            )
        )
        samples, frames = samples + int(length), frames + int(count)
    return NotePool(notes, [tuple(problem) for problem in problems.tolist()])
