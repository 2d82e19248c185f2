"""Folders of noisy recordings with their clean references.

Three layouts are known, tried in this order:

    noisy/NAME.wav + clean/NAME.wav                      with pairs.csv beside, if there is one
    noisy_testset_wav/NAME.wav + clean_testset_wav/...   VoiceBank-DEMAND, with log_testset.txt
    NAME.noisy.wav + NAME.clean.wav                      in one folder

Any format that libsndfile reads will do, also a different one for the two sides. `pairs.csv` has
a column `name` and any of `snr_db`, `room`, `speaker`, `noise`; other columns are kept as labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from aeolia.audio.formats import AUDIO_SUFFIXES
from aeolia.config.ranges import shown
from aeolia.errors import DataError
from aeolia.files import read_rows, read_text

__all__ = ["Pair", "PairSet", "find_pairs"]

_FOLDERS = (("noisy", "clean"), ("noisy_testset_wav", "clean_testset_wav"))


@dataclass(frozen=True)
class Pair:
    """One noisy recording, its reference, and what is known about it."""

    name: str
    noisy: Path
    clean: Path
    snr_db: float | None = None
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PairSet:
    """The pairs of a folder, in order of name, and the files that found no partner."""

    folder: Path
    pairs: tuple[Pair, ...]
    unpaired: tuple[str, ...] = ()


def find_pairs(folder: Path | str) -> PairSet:
    """Pair up the recordings of a folder; audio is not read yet.

    Raises:
        DataError: no such folder, no known layout, nothing that pairs up, a bad pairs.csv.
    """
    folder = Path(folder)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {found}; a folder of noisy and clean recordings is needed")
    for noisy_name, clean_name in _FOLDERS:
        if (folder / noisy_name).is_dir() and (folder / clean_name).is_dir():
            noisy, clean = _by_stem(folder / noisy_name), _by_stem(folder / clean_name)
            break
    else:
        noisy, clean = _by_suffix(folder, ".noisy"), _by_suffix(folder, ".clean")
    names = sorted(set(noisy) & set(clean))
    if not names:
        raise DataError(_nothing_pairs_up(folder, noisy, clean))
    known = _read_labels(folder)
    pairs = tuple(_pair(name, noisy[name], clean[name], known.get(name, {})) for name in names)
    lonely = {**noisy, **clean}
    unpaired = tuple(str(lonely[name]) for name in sorted(set(noisy) ^ set(clean)))
    return PairSet(folder, pairs, unpaired)


def _pair(name: str, noisy: Path, clean: Path, labels: dict[str, str]) -> Pair:
    labels = dict(labels)
    text = labels.pop("snr_db", "")
    try:
        snr_db = float(text) if text else None
    except ValueError:
        snr_db = math.nan
    if snr_db is not None and not math.isfinite(snr_db):
        raise DataError(f"snr_db of {name} is {shown(text)}; it must be a number of dB")
    return Pair(name, noisy, clean, snr_db, labels)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Audio files below a folder by relative path without extension."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
    }


def _by_suffix(folder: Path, suffix: str) -> dict[str, Path]:
    """Audio files NAME.noisy.EXT or NAME.clean.EXT of a folder by NAME."""
    return {
        path.name[: -len(suffix + path.suffix)]: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in AUDIO_SUFFIXES
        and path.stem.lower().endswith(suffix)
        and path.is_file()
    }


def _nothing_pairs_up(folder: Path, noisy: dict[str, Path], clean: dict[str, Path]) -> str:
    layout = "noisy/ and clean/ with equal names, or NAME.noisy.wav beside NAME.clean.wav"
    if not noisy and not clean:
        return f"{folder} holds no pairs; needed are {layout}"
    example = next(iter(noisy or clean))
    return (
        f"{folder} has {len(noisy)} noisy and {len(clean)} clean recordings, but none share a "
        f"name (for example {example!r}); needed are {layout}"
    )


def _read_labels(folder: Path) -> dict[str, dict[str, str]]:
    """What pairs.csv, or VoiceBank-DEMAND's log, says of each name."""
    table = folder / "pairs.csv"
    if table.is_file():
        columns, rows = read_rows(table, "table of pairs", DataError)
        if rows and "name" not in columns:
            raise DataError(
                f"{table} has columns {', '.join(columns)[:80]}; a column name is needed"
            )
        return {
            _stem(row.pop("name")): {key: value for key, value in row.items() if key and value}
            for row in rows
        }
    log = folder / "log_testset.txt"
    if log.is_file():  # each line: p232_001 bus 17.5
        fields = [line.split() for line in read_text(log, "list of pairs", DataError).splitlines()]
        return {
            _stem(row[0]): {"noise": row[1], "snr_db": row[2], "speaker": row[0].split("_")[0]}
            for row in fields
            if len(row) == 3
        }
    return {}


def _stem(name: str) -> str:
    path = Path(name)
    known = path.suffix.lower() in AUDIO_SUFFIXES
    return (path.with_suffix("") if known else path).as_posix()
