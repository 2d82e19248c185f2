"""Find single notes in a folder and what their labels say: instrument, pitch, velocity.

Labels come, in this order, from a CSV file, NSynth's examples.json, SFZ files, and file names.
What none of them gives (pitch 0) is left to a pitch tracker.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.config.strict import read_object
from aeolia.data.corpus.manifest import split_named
from aeolia.errors import ConfigError, DataError
from aeolia.files import read_rows, read_text

__all__ = ["NoteFile", "find_notes", "pitch_from_name", "pitches_in_name"]

#: Semitones above C.
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NOTE = re.compile(r"(?<![a-z])([a-g])([#sb]|is|es)?(-?\d)(?![0-9])", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![0-9a-z])(?:midi|note|n|p|m)?[_-]?(\d{2,3})(?![0-9a-z])", re.IGNORECASE)
#: NSynth's file names: instrument, pitch, velocity.
_NSYNTH = re.compile(r"_\d{3}-(\d{3})-\d{3}$")
#: The key of an opcode of SFZ, which ends the value before it.
_OPCODE = re.compile(r"(?:^|\s)(\w+)=")
#: Names of columns, the first that a table has counts.
_PATH_COLUMNS = ("path", "file", "filename", "file_name", "name", "sample")
_PITCH_COLUMNS = ("midi", "pitch", "midi_pitch", "note", "key", "pitch_midi")
_LABEL_COLUMNS = ("instrument", "label", "instrument_str", "instrument_family_str", "class")
_VELOCITY_COLUMNS = ("velocity", "vel")
#: The lowest and highest MIDI number that a label may give.
_LOWEST, _HIGHEST = 12.0, 120.0


@dataclass(frozen=True)
class NoteFile:
    """One recording of a note, or of monophonic playing.

    `midi` is the labelled pitch, 0 where nothing gives it; `velocity` is from 0 to 1, or -1;
    `bandwidth_hz` is how high the recording reaches, 0 where unknown.
    """

    path: str
    instrument: str
    midi: float = 0.0
    velocity: float = -1.0
    source: str = ""
    licence: str = ""
    bandwidth_hz: float = 0.0
    #: Where the pitch is from, for reports.
    labelled_by: str = ""
    #: That of a manifest. Not in the representation, which names what was measured of a note.
    split: str = field(default="", repr=False)
    #: A synthesiser was asked for this pitch: where none is heard, as of a gong, it counts all
    #: the same.
    pitch_is_exact: bool = False
    #: All pitches that the name could mean, where it holds several numbers or notes, such as a
    #: velocity: the sound decides between them. `midi` is the most usual reading.
    readings: tuple[float, ...] = ()


def find_notes(path: str | os.PathLike[str], kind: str = "note") -> list[NoteFile]:
    """Notes under a folder, or those that a CSV file lists.

    Args:
        kind: where a table has a column "kind", only its rows of this kind are taken.

    Raises:
        DataError: there is no such folder, or no audio in it.
    """
    path = Path(path)
    if path.is_file() and path.suffix == ".csv":
        return _unique(_from_table(path, kind, None))
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise DataError(f"{path} {what}; name a folder of notes, or a CSV file that lists them")
    notes: list[NoteFile] = []
    for table in (*sorted(path.rglob("*.csv")), path.resolve().parent / "manifest.csv"):
        if table.is_file():
            notes += _from_table(table, kind, path.resolve())
    for table in filter(Path.is_file, sorted(path.rglob("examples.json"))):
        notes += _from_nsynth(table)
    for table in filter(Path.is_file, sorted(path.rglob("*.sfz"))):
        notes += _from_sfz(table)
    notes += _from_names(path.resolve())
    if not notes:
        raise DataError(
            f"{path} holds no audio files ({' '.join(sorted(AUDIO_SUFFIXES))}), subfolders "
            "included; name the folder that has the notes"
        )
    return _unique(notes)


def pitch_from_name(name: str) -> float:
    """MIDI number that a file's name gives, as a note (A4, db2, F#3) or as a number; else 0.

    C4 is 60. Notes come before numbers, the last of several notes counts (instruments come first),
    and the first of several numbers (velocities come last).
    """
    return next(iter(pitches_in_name(name)), 0.0)


def pitches_in_name(name: str) -> tuple[float, ...]:
    """All MIDI numbers that a name could give, the most usual reading first."""
    if match := _NSYNTH.search(name):
        return (float(match[1]),)
    notes = [
        60.0 + _STEPS[letter.lower()] + _shift(accidental) + 12.0 * (int(octave) - 4)
        for letter, accidental, octave in _NOTE.findall(name)
    ]
    numbers = [float(text) for text in _NUMBER.findall(name)]
    found = dict.fromkeys([*reversed(notes), *numbers])
    return tuple(midi for midi in found if _LOWEST <= midi <= _HIGHEST)


def _shift(accidental: str) -> float:
    return {"": 0.0, "#": 1.0, "s": 1.0, "is": 1.0}.get(accidental.lower(), -1.0)


def _unique(notes: Iterable[NoteFile]) -> list[NoteFile]:
    """The first mention of each file, in the order of paths."""
    first: dict[str, NoteFile] = {}
    for note in notes:
        first.setdefault(note.path, note)
    return [first[path] for path in sorted(first)]


def _from_table(table: Path, kind: str, inside: Path | None) -> Iterator[NoteFile]:
    """Rows of a CSV file that name an audio file; other tables give nothing."""
    names, rows = read_rows(table, "table of notes", DataError, errors="replace")
    columns = {name.strip().lower(): name for name in names if name}

    def column(names: tuple[str, ...]) -> str | None:
        return next((columns[name] for name in names if name in columns), None)

    path_column, pitch_column = column(_PATH_COLUMNS), column(_PITCH_COLUMNS)
    label_column, velocity_column = column(_LABEL_COLUMNS), column(_VELOCITY_COLUMNS)
    if path_column is None or (pitch_column is None and label_column is None):
        return
    for row in rows:
        path = Path(os.path.abspath(table.parent / row[path_column]))
        if path.suffix.lower() not in AUDIO_SUFFIXES or row.get("kind", kind) != kind:
            continue
        if inside is not None and not path.is_relative_to(inside):
            continue
        pitch = _pitch(row[pitch_column] if pitch_column else "")
        velocity = _number(row[velocity_column] if velocity_column else "")
        yield NoteFile(
            str(path),
            (row[label_column] if label_column else "") or path.parent.name,
            pitch,
            -1.0 if velocity is None else velocity / (127.0 if velocity > 1.0 else 1.0),
            row.get("source") or table.parent.name,
            row.get("licence") or "",
            _number(row.get("bandwidth_hz") or "") or 0.0,
            table.name if pitch else "",
            split_named(row.get("split") or ""),
            bool(_number(row.get("pitch_is_exact") or "")),
        )


def _from_nsynth(table: Path) -> Iterator[NoteFile]:
    """Notes of NSynth (Engel et al., 2017): examples.json beside a folder audio/."""
    try:
        text = read_text(table, "list of notes", DataError, 1 << 29)
        examples = read_object(text, str(table))
    except ConfigError as error:
        raise DataError(f"{error}; copy it again") from error
    for name, example in examples.items():
        path = table.resolve().parent / "audio" / f"{name}.wav"
        if "\0" in name or not isinstance(example, dict) or not path.is_file():
            continue
        pitch, velocity = (_number(str(example.get(key, ""))) for key in ("pitch", "velocity"))
        yield NoteFile(
            str(path),
            str(example.get("instrument_str") or example.get("instrument_family_str")),
            pitch or 0.0,
            -1.0 if velocity is None else velocity / 127.0,
            "nsynth",
            labelled_by=table.name,
        )


def _from_sfz(table: Path) -> Iterator[NoteFile]:
    """Samples of an SFZ instrument and the keys they were recorded at."""
    written = read_text(table, "SFZ instrument", DataError, errors="replace")
    text = re.sub(r"//[^\n]*", "", written)
    folder = table.resolve().parent
    inherited: dict[str, dict[str, str]] = {}
    prefix = ""
    for header, body in re.findall(r"<(\w+)>([^<]*)", text):
        # A value lasts until the next key=, so that paths may hold spaces.
        opcodes = {
            key: value.strip()
            for line in body.splitlines()
            for key, value in zip(*[iter(_OPCODE.split(line)[1:])] * 2, strict=True)
        }
        if header == "control":
            prefix = opcodes.get("default_path", prefix)
        elif header != "region":
            inherited = {} if header == "global" else inherited
            inherited[header] = opcodes
        else:
            merged = {k: v for part in inherited.values() for k, v in part.items()} | opcodes
            if "sample" not in merged:
                continue
            path = Path(os.path.normpath(folder / (prefix + merged["sample"]).replace("\\", "/")))
            key = merged.get("pitch_keycenter") or merged.get("key") or merged.get("lokey", "")
            if "\0" not in str(path) and path.is_file() and path.suffix.lower() in AUDIO_SUFFIXES:
                high = _number(merged.get("hivel", ""))
                yield NoteFile(
                    str(path),
                    table.stem,
                    _pitch(key),
                    -1.0 if high is None else high / 127.0,
                    folder.name,
                    labelled_by=table.name,
                )


def _from_names(root: Path) -> Iterator[NoteFile]:
    """Every audio file; the instrument is the folder it lies in, or the name before the pitch."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder) / name
            if name.startswith(".") or path.suffix.lower() not in AUDIO_SUFFIXES:
                continue
            if path.exists() and not path.is_file():
                continue  # a pipe or a device, which would be waited for
            readings = pitches_in_name(path.stem)
            words = re.split(r"[ _\-.]*(?:" + _NOTE.pattern + r"|\d)", path.stem, flags=re.I)[0]
            parent = path.parent.name if path.parent != root else words or root.name
            yield NoteFile(
                str(path),
                re.sub(r"[^a-z0-9]+", "_", parent.lower()).strip("_") or "notes",
                readings[0] if readings else 0.0,
                source=root.name,
                labelled_by="file names" if readings else "",
                readings=readings if len(readings) > 1 else (),
            )


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _pitch(text: str | None) -> float:
    """A MIDI number or a note's name; 0 where it is neither."""
    number = _number(text)
    if number is None:
        return pitch_from_name(text or "")
    return number if _LOWEST <= number <= _HIGHEST else 0.0
