"""The recordings of a recipe: where they lie by the task's names, and a hash of them."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aeolia.data.corpus.manifest import Row
from aeolia.data.corpus.scan import listed_rows
from aeolia.errors import DataError, InputError
from aeolia.plain_text import as_utf8
from aeolia.training.task import Data

__all__ = ["data_hash", "data_of_task"]

#: What of a file's beginning and end is hashed beside its size: enough to tell recordings apart.
_END_BYTES = 4096
#: Options that a task has beside --data.
_OPTIONS = {"denoise": ("speech", "noise", "rooms"), "separate": ("noise",), "synth": ()}


def data_of_task(task: str, given: Mapping[str, Path | None]) -> Data:
    """Paths by the names that a task's runs know, from those of the command's options.

    Args:
        given: "data" for all kinds of recordings; "speech", "noise" and "rooms" where they lie
            apart. None where an option was not given.

    Raises:
        InputError: an option that the task does not have, or recordings are missing.
        DataError: the manifest cannot be read.
    """
    paths = {name: path.resolve() for name, path in given.items() if path is not None}
    for name in paths:
        if name not in ("data", *_OPTIONS[task]):
            raise InputError(f"--{name} is not for a recipe to {task}; give --data")
    data = paths.get("data")
    if task == "synth":
        found = {"notes": data}
    elif task == "separate":
        found = {"data": data, "noise": paths.get("noise")}
    else:
        kinds = {row.kind for row in listed_rows(data)[0]} if data else set()
        if data and not kinds:
            raise InputError(
                f"{data} is no manifest, so what is speech and what is noise is open; write one "
                f"with: aeolia data scan {data} -o manifest.csv, or give --speech and --noise"
            )
        found = {
            name: paths.get(option, data if kind in kinds else None)
            for name, option, kind in (
                ("speech", "speech", "speech"),
                ("noise", "noise", "noise"),
                ("rirs", "rooms", "rir"),
            )
        }
    if found[next(iter(found))] is None:
        missing = "--data or --speech" if task == "denoise" else "--data"
        raise InputError(f"{missing} is missing; name a manifest or a folder to learn from")
    return {name: str(path) if path else None for name, path in found.items()}


def data_hash(data: Data) -> str:
    """SHA-256 of the recordings, wherever they lie: what is known of each, its size and ends.

    Raises:
        DataError: a recording or a folder is not there.
    """
    digest = hashlib.sha256()
    lists: dict[str, str] = {}
    for name, path in sorted(data.items()):
        if path is not None and path not in lists:
            lists[path] = _hash_of_path(Path(path))
        digest.update(f"{name}:{lists[path] if path else ''}\n".encode())
    return digest.hexdigest()


def _hash_of_path(path: Path) -> str:
    digest = hashlib.sha256()
    for line in _lines(path):
        digest.update(as_utf8(f"{line}\n"))
    return digest.hexdigest()


def _lines(path: Path) -> Iterator[str]:
    """A line a recording, in an order that does not depend on the machine."""
    rows = listed_rows(path)[0] if path.is_dir() or _is_manifest(path) else []
    if rows:
        # Relative to what they have in common, so that a list may lie beside or elsewhere.
        common = os.path.commonpath([os.path.dirname(row.path) for row in rows])
        yield from sorted(_line_of_row(row, common) for row in rows)
        return
    root = path if path.is_dir() else path.parent
    for file in _files(root):
        yield f"{file.relative_to(root).as_posix()} {_facts(file)}"


def _is_manifest(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as stream:
            return {"path", "kind"} <= set(stream.readline().strip().split(","))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _line_of_row(row: Row, root: str) -> str:
    relative = os.path.relpath(row.path, root)
    shown = dataclasses.replace(row, path=Path(relative).as_posix())
    return f"{shown} {_facts(Path(row.path))}"


def _files(root: Path) -> Iterable[Path]:
    """All files under a folder but hidden ones and those of training runs, in order."""
    for folder, names, files in os.walk(root):
        if "train.json" in files or "made_from.json" in files:
            names.clear()
            continue
        names[:] = sorted(name for name in names if not name.startswith("."))
        paths = (Path(folder, name) for name in sorted(files) if not name.startswith("."))
        # Neither pipes nor devices, which would be waited for.
        yield from (path for path in paths if path.is_file() or not path.exists())


def _facts(file: Path) -> str:
    """A file's size, and a hash of its beginning and end."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            ends = stream.read(_END_BYTES)
            stream.seek(max(0, size - _END_BYTES))
            ends += stream.read(_END_BYTES)
    except OSError as error:
        raise DataError(f"cannot read the recording {file}: {error.strerror}") from error
    return f"{size} {hashlib.sha256(ends).hexdigest()}"
