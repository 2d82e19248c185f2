"""Scan a folder of recordings: find, check, describe in words, split, and list as rows."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.audio.mono import mono
from aeolia.audio.sound_file import sound_file_path
from aeolia.data.corpus.bandwidth import SpectrumSum
from aeolia.data.corpus.layouts import describe, describe_stem, esc50_classes, song_folders
from aeolia.data.corpus.left_out import LICENCE, LeftOut, in_words
from aeolia.data.corpus.manifest import (
    KINDS,
    SPLITS,
    Row,
    read_manifest,
    trainable,
    with_splits,
)
from aeolia.errors import DataError

__all__ = ["PROBLEMS", "Scan", "listed_rows", "load_rows", "scan"]

#: Problem -> what it means. All but the last leave the recording out of the manifest.
PROBLEMS = {
    "unreadable": "cannot be decoded",
    "not finite": "hold NaN or infinity",
    "too short": "are too short to learn from",
    "silent": "are silent throughout",
    "clipped": "are heavily clipped",
    "duplicate": "repeat the sound of another file",
    "skipped": "are no material for training in this layout",
    "mixed rates": "differ in sample rate from most of the corpus (kept; resampled when used)",
}

#: The problem of files that are used none the less.
_KEPT = "mixed rates"
_MIN_SECONDS = {"speech": 0.5, "noise": 0.05, "rir": 0.005}
_SILENT_PEAK = 10.0 ** (-60.0 / 20.0)
#: Share of samples in flat tops beyond which a recording is no clean reference.
_CLIPPED_SHARE = 0.002
_BLOCK_SECONDS = 60


@dataclass
class Scan:
    """What a scan found: usable rows (split), and (problem, path, detail) of the rest."""

    root: Path
    rows: list[Row]
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    layouts: Counter[str] = field(default_factory=Counter)
    #: Files whose kind nothing gave.
    guessed: int = 0

    @property
    def left_out(self) -> list[LeftOut]:
        """The files that are not among the rows."""
        return [
            LeftOut(str(self.root / path), problem, detail)
            for problem, path, detail in self.problems
            if problem != _KEPT
        ]

    def words(self) -> list[str]:
        """The findings as lines of text: what is there first, then each problem with examples."""
        kinds = Counter(row.kind for row in self.rows)
        lines = []
        for kind, count in kinds.items():
            rows = [row for row in self.rows if row.kind == kind]
            lines.append(f"{kind}: {_files(count)}, {_duration(rows)}, {_voices(kind, rows)}")
            parts = {name: [row for row in rows if row.split == name] for name in SPLITS}
            counts = [f"{s} {_files(len(own))} ({_duration(own)})" for s, own in parts.items()]
            lines.append(f"  split: {', '.join(counts)}")
            if kind == "speech" and not any(row.label for row in rows):
                lines.append(
                    "  no speaker is named: split by file, so a voice may be on several sides; "
                    "one subfolder per speaker would prevent it"
                )
            if not parts["choose"]:
                lines.append("  nothing to validate on: one recording cannot be split")
        if self.guessed:
            lines.append(
                f"  {_files(self.guessed)} taken as speech, for no folder's name says; "
                "--kind noise or --kind rir says otherwise"
            )
        rates = Counter(row.sample_rate for row in self.rows if row.sample_rate)
        if rates:
            shown = ", ".join(f"{rate} Hz ({count})" for rate, count in rates.most_common(6))
            lines.append(f"sample rates: {shown}")
        lines.append(f"layout: {', '.join(name for name, _ in self.layouts.most_common())}")
        for problem, meaning in PROBLEMS.items():
            found = [(path, why) for kind, path, why in self.problems if kind == problem]
            if found:
                examples = "; ".join(f"{path} ({why})" if why else path for path, why in found[:3])
                more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
                lines.append(f"{problem}: {_files(len(found))} {meaning}: {examples}{more}")
        if not self.problems:
            lines.append("no problems found")
        return lines


def scan(
    folder: str | os.PathLike[str],
    kind: str | None = None,
    seed: int = 0,
    held_out: float = 0.1,
    progress: Callable[[int, int], None] | None = None,
) -> Scan:
    """Check every audio file under `folder` and split the good ones.

    Args:
        kind: speech, noise or rir for all files; None takes it from the layout or from words
            in folder names, and speech where nothing says.
        progress: called with (files done, files in all).

    Raises:
        DataError: the folder is missing, holds no audio, or none of it can be used.
    """
    root = Path(folder)
    if kind is not None and kind not in KINDS:
        raise DataError(f"the kind {kind!r} is unknown; it must be one of {', '.join(KINDS)}")
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}; name a folder with audio files in it")
    files = _audio_files(root)
    if not files:
        raise DataError(
            f"{root} holds no audio files ({' '.join(sorted(AUDIO_SUFFIXES))}), subfolders "
            "included; name the folder that has them"
        )
    found = Scan(root, [])
    classes, songs = esc50_classes(root), song_folders(files)
    seen: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        works = threads.map(lambda path: _inspect(path, root, kind, classes, songs), files)
        for done, (path, work) in enumerate(zip(files, works, strict=True), start=1):
            shown = str(path.relative_to(root))
            found.layouts[work.layout] += 1
            if work.problem:
                found.problems.append((work.problem, shown, work.detail))
            elif work.content in seen:
                found.problems.append(("duplicate", shown, f"same as {seen[work.content]}"))
            elif work.row is not None:
                seen[work.content] = shown
                found.rows.append(work.row)
                found.guessed += work.guessed
            if progress:
                progress(done, len(files))
    if not found.rows:
        reasons = Counter(problem for problem, _, _ in found.problems).most_common()
        listed = ", ".join(f"{count} {name}" for name, count in reasons)
        raise DataError(f"none of the {_files(len(files))} under {root} can be used: {listed}")
    found.problems += _odd_rates(found.rows, root)
    found.rows = with_splits(found.rows, held_out, seed)
    return found


def load_rows(
    path: str | os.PathLike[str], kind: str | None = None, seed: int = 0, *, guess: bool = True
) -> tuple[list[Row], list[str], list[LeftOut]]:
    """Rows for training from a manifest, a folder that a manifest lists, or any folder.

    A manifest.csv in the folder, or in the one above it, is used for the recordings it lists
    under the folder; otherwise the folder is scanned. Rows that bring no split get one;
    recordings whose licence forbids permissive weights are left out.

    Args:
        guess: take recordings as speech whose kind nothing says; False refuses them.

    Returns:
        rows, of `kind` only where given; lines of text that say what was found; and what is
        not among the rows, and why.

    Raises:
        DataError: nothing can be used, or no name says what it is.
    """
    path = Path(path)
    rows, source = listed_rows(path)
    if not rows:
        result = scan(path, kind, seed)
        if result.guessed and not guess:
            raise DataError(
                f"{path}: speech or noise? No folder's name says so ({_files(result.guessed)}); "
                f"give it as --speech {path} or --noise {path}"
            )
        return result.rows, result.words(), result.left_out
    rows = [row for row in rows if kind is None or row.kind == kind]
    free = [row for row in rows if trainable(row)]
    if not free:
        raise DataError(f"{source} lists no usable {kind or 'recordings'} under {path}")
    free = with_splits(free, seed=seed)
    words = Scan(path, free, layouts=Counter({f"manifest {source}": len(free)})).words()[:-1]
    left_out = [LeftOut(row.path, LICENCE, row.licence) for row in rows if not trainable(row)]
    return free, [*words, *in_words(left_out)], left_out


def listed_rows(path: str | os.PathLike[str]) -> tuple[list[Row], str]:
    """Rows of a manifest, or those under a folder that a manifest in it or above it lists.

    Returns:
        the rows, and the manifest's path; no rows where nothing lists the folder.

    Raises:
        DataError: a file that is no manifest.
    """
    path = Path(path)
    if path.is_file():
        return read_manifest(path), str(path)
    if path.is_dir():
        inside = path.resolve()
        for table in (path / "manifest.csv", inside.parent / "manifest.csv"):
            if table.is_file():
                rows = [r for r in read_manifest(table) if Path(r.path).is_relative_to(inside)]
                if rows:
                    return rows, str(table)
    return [], ""


@dataclass
class _Finding:
    layout: str
    row: Row | None = None
    content: str = ""
    problem: str = ""
    detail: str = ""
    guessed: bool = False


def _inspect(
    path: Path, root: Path, kind: str | None, classes: dict[str, str], songs: set[Path]
) -> _Finding:
    """Decode one file block by block and judge it."""
    above = Path(*root.resolve().parts[1:][-2:])
    if path.parent in songs and kind in (None, "stem"):
        facts = describe_stem(above / path.relative_to(root))
    else:
        facts = describe(path.relative_to(root), above)
    if facts.skip:
        return _Finding(facts.layout, problem="skipped", detail=facts.skip)
    if path.exists() and not path.is_file():
        return _Finding(facts.layout, problem="unreadable", detail="a pipe, socket or device")
    given = kind or facts.kind
    kind = given or "speech"
    content = hashlib.sha256()
    peak, flat, total = 0.0, 0, 0
    try:
        with soundfile.SoundFile(sound_file_path(path)) as stream:
            rate = stream.samplerate
            spectrum = SpectrumSum(rate)
            # Not stream.blocks(): where a file ends sooner than its header says, that fills the
            # rest of the last block with whatever was in memory.
            while len(block := stream.read(rate * _BLOCK_SECONDS, "float32", always_2d=True)):
                if not np.isfinite(block).all():
                    return _Finding(facts.layout, problem="not finite")
                listened = mono(block)
                # Rounded to 16 bits, so that one sound in two formats is the same.
                content.update(np.round(listened * 32768.0).astype(np.int32).tobytes())
                peak = max(peak, float(np.abs(block).max()))
                flat += _flat_samples(block[:, 0])
                total += len(listened)
                spectrum.add(listened)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        reason = str(getattr(error, "error_string", "") or error).rstrip(".")
        return _Finding(facts.layout, problem="unreadable", detail=reason)
    seconds = total / rate
    if seconds < _MIN_SECONDS.get(kind, 0.05):
        return _Finding(facts.layout, problem="too short", detail=f"{seconds:.2f} s")
    if peak < _SILENT_PEAK:
        return _Finding(facts.layout, problem="silent", detail=f"peak {_dbfs(peak)}")
    if kind == "speech" and flat > _CLIPPED_SHARE * total:
        return _Finding(facts.layout, problem="clipped", detail=f"{100 * flat / total:.1f} %")
    row = Row(
        path=str(path.resolve()),
        kind=kind,
        source=facts.source
        or (root.resolve().name if facts.layout == "plain folder" else facts.layout),
        label=classes.get(path.name, facts.label),
        seconds=seconds,
        sample_rate=rate,
        bandwidth_hz=round(spectrum.reach_hz(), 1),
        split=facts.split,
    )
    return _Finding(facts.layout, row, content.hexdigest(), guessed=not given)


def _audio_files(root: Path) -> list[Path]:
    """Audio files under `root` in a stable order; hidden files and folders are left out."""
    found = []
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES:
                found.append(Path(folder) / name)
    return found


def _flat_samples(channel: np.ndarray) -> int:
    """Samples in runs of three or more equal ones near the block's peak: flat tops."""
    size = np.abs(channel)
    peak = float(size.max()) if size.size else 0.0
    if peak < 0.1 or len(size) < 3:
        return 0
    level = (channel[1:] == channel[:-1]) & (size[1:] > 0.98 * peak)
    return int(np.count_nonzero(level[1:] & level[:-1]))


def _odd_rates(rows: Sequence[Row], root: Path) -> list[tuple[str, str, str]]:
    """Rows of other than the commonest sample rate."""
    rates = Counter(row.sample_rate for row in rows)
    usual = rates.most_common(1)[0][0]
    return [
        ("mixed rates", str(Path(row.path).relative_to(root.resolve())), f"{row.sample_rate} Hz")
        for row in rows
        if row.sample_rate != usual
    ]


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _duration(rows: Iterable[Row]) -> str:
    seconds = sum(row.seconds for row in rows)
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200.0 else f"{seconds / 3600:.1f} h"


def _voices(kind: str, rows: Sequence[Row]) -> str:
    labels: dict[str, float] = defaultdict(float)
    for row in rows:
        labels[f"{row.source}/{row.label}"] += 1
    named = sum(1 for label in labels if not label.endswith("/"))
    if kind == "stem":
        named, songs = len({row.label for row in rows}), len({row.source for row in rows})
        return f"{named} classes of {songs} songs"
    word = {"speech": "speakers", "noise": "classes"}.get(kind, "labels")
    reach = sorted(row.bandwidth_hz for row in rows)[len(rows) // 2]
    return f"{named} {word}, reaching {reach / 1000:.1f} kHz (median)"


def _dbfs(peak: float) -> str:
    return f"{20 * np.log10(peak):.0f} dBFS" if peak > 0.0 else "zero"
