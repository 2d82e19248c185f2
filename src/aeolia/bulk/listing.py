"""Which files a job of millions reads: found as they are needed, never all in memory.

Local folders and S3 come by entries and by pages; other stores, a folder at a time.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from aeolia.bulk.stores import (
    ARCHIVES,
    LOCAL,
    WEB,
    Place,
    absolute,
    as_file_uri,
    in_words,
    scheme_of,
    version_of,
    without_secret,
)
from aeolia.errors import AeoliaError, InputError

__all__ = ["Found", "Source"]

_MAGIC, _WEB_MAGIC = re.compile(r"[*?\[]"), re.compile(r"[*\[]")  # "?" begins a query there
_LISTS = (".txt", ".csv", ".tsv", ".parquet")
#: Columns that hold the URI, the first that is there.
_COLUMNS = ("input", "uri", "url", "path", "audio", "file")
_OUTPUT, _SIZE = "output", "size"
_BATCH = 1000


@dataclass(frozen=True)
class Found:
    """A file to read, and its name below the output."""

    uri: str
    name: str
    #: Bytes; None where nobody said.
    size: int | None = None
    #: Size and mark of the content; "" where nobody said.
    version: str = ""
    #: Why it cannot be read.
    error: str = ""


class Source:
    """What one `--input` names: a file, a folder, a pattern, a list, or members of archives.

    Args:
        uri: see `aeolia.bulk.stores`.
        endings: of the files that are taken from a folder.

    Raises:
        InputError: nothing is there; MissingExtraError: a package is missing.
    """

    def __init__(self, uri: str, endings: tuple[str, ...]) -> None:
        self.uri = absolute(uri)
        self._endings = endings
        self._outer: Source | None = None
        #: Where the names begin, and how deep below it files are found: None for any depth.
        self.root: str = self.uri
        self.depth: int | None = 0
        #: One file whose name was given.
        self._alone = False
        self._pattern: str | None = None
        if scheme_of(self.uri) in ARCHIVES:
            self._pattern, _, outer = self.uri.split("://", 1)[1].partition("::")
            self._outer = Source(outer, (f".{scheme_of(self.uri)}", ".tgz", ".gz"))
            return
        info = Place(self.uri).info()
        if info is None and _magic(self.uri).search(self.uri.split("://", 1)[1]):
            self.root, self._pattern = _split(self.uri)
            self.depth = None if "**" in self._pattern else self._pattern.count("/") + 1
        elif info is None:
            raise InputError(f"{uri}: nothing is there; check the URI")
        elif info["type"] == "directory" or info.get("mimetype") == "text/html":
            self.depth = None  # a page in the web is a list of what is there
        else:
            self._alone = True

    @property
    def is_list(self) -> bool:
        """Whether it is a file that names others."""
        return self._alone and self.uri.lower().endswith(_LISTS)

    def __iter__(self) -> Iterator[Found]:
        try:
            if self._outer is not None:
                yield from self._members(self._outer)
            elif self.is_list:
                yield from _listed(self.uri)
            elif self._alone:
                info = Place(self.uri).info()
                size = None if info is None else info.get("size")
                name = _name_of(self.uri).rpartition("/")[2]
                yield _safe(Found(self.uri, name, size, version_of(info)))
            else:
                yield from self._below()
        except AeoliaError:
            raise
        except Exception as error:
            raise InputError(in_words(self.uri, error, "listed")) from error

    def _below(self) -> Iterator[Found]:
        place = Place(self.root)
        takes = _taker(self._pattern, self._endings)
        if place.local:
            yield from _local(str(place.local), takes, self.depth)
            return
        top = place.path.rstrip("/")
        for info in _walk(place, top, self.depth):
            name = info["name"][len(top) :].lstrip("/")
            if takes(name):
                uri = f"{self.root.rstrip('/')}/{name}"
                below = _name_of(uri)[len(_name_of(self.root)) :].lstrip("/")
                yield _safe(Found(uri, below, info["size"], version_of(info)))

    def _members(self, outer: Source) -> Iterator[Found]:
        scheme = scheme_of(self.uri)
        takes = _taker(self._pattern or "**", self._endings if not self._pattern else ())
        for archive in outer:
            place = Place(f"{scheme}://::{archive.uri}")
            for name, info in place.fs.find("", detail=True).items():
                if info["type"] == "file" and takes(name.lstrip("/")):
                    uri = f"{scheme}://{name}::{archive.uri}"
                    inside = f"{archive.name}/{name.lstrip('/')}"
                    yield _safe(Found(uri, inside, info["size"], version_of(info)))


def _magic(uri: str) -> re.Pattern[str]:
    return _WEB_MAGIC if scheme_of(uri) in WEB else _MAGIC


def _split(uri: str) -> tuple[str, str]:
    """A pattern's URI as the folder above its first wildcard, and the rest."""
    parts = uri.split("/")
    first = next(n for n, part in enumerate(parts) if n > 2 and _magic(uri).search(part))
    return "/".join(parts[:first]) or "/", "/".join(parts[first:])


def _taker(pattern: str | None, endings: tuple[str, ...]) -> Any:
    """A function that says whether a name below the root is meant."""
    matches: Any = None
    if pattern is not None:
        from fsspec.utils import glob_translate

        try:
            matches = re.compile(glob_translate(pattern)).match
        except (ValueError, re.error) as error:
            raise InputError(f"{pattern}: no pattern ({error}); use *, ? and **") from error
    own = pattern is not None and any(part.startswith(".") for part in pattern.split("/"))

    def takes(name: str) -> bool:
        if not own and ("/." in name or name.startswith(".")):
            return False
        if pattern is None or pattern.endswith("**"):
            if endings and not name.lower().endswith(endings):
                return False
        return matches is None or bool(matches(name))

    return takes


def _local(top: str, takes: Any, depth: int | None, below: str = "") -> Iterator[Found]:
    folders = []
    with os.scandir(f"{top}/{below}" if below else top) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
            elif takes(name) and entry.is_file():
                status = entry.stat()
                facts = {"size": status.st_size, "mtime": status.st_mtime_ns}
                found = Found(as_file_uri(entry.path), name, status.st_size, version_of(facts))
                yield _safe(found)
    if depth is None or depth > 1:
        for name in folders:
            yield from _local(top, takes, None if depth is None else depth - 1, name)


def _walk(place: Place, folder: str, depth: int | None) -> Iterator[dict[str, Any]]:
    fs = place.fs
    if depth is None and hasattr(fs, "_iterdir") and hasattr(fs, "split_path"):
        yield from _s3_keys(fs, folder)
        return
    folders = []
    infos = fs.ls(folder, detail=True)
    fs.invalidate_cache(folder)  # it would keep all names
    while infos:
        info = infos.pop()
        if info["type"] == "directory":
            folders.append(info["name"].rstrip("/"))
        elif info["name"].rstrip("/") != folder:
            yield info
    if depth is None or depth > 1:
        for name in folders:
            yield from _walk(place, name, None if depth is None else depth - 1)


def _s3_keys(fs: Any, folder: str) -> Iterator[dict[str, Any]]:
    """All keys below a prefix by pages of 1000, which `ls` would gather."""
    from fsspec.asyn import sync

    bucket, prefix, _ = fs.split_path(folder)
    entries = fs._iterdir(bucket, delimiter="", prefix=f"{prefix}/" if prefix else "")

    async def page() -> list[dict[str, Any]]:
        infos = []
        async for info in entries:
            infos.append(info)
            if len(infos) == _BATCH:
                break
        return infos

    while infos := sync(fs.loop, page):
        yield from (info for info in infos if not info["name"].endswith("/"))


def _listed(uri: str) -> Iterator[Found]:
    """The files that a list names, line by line."""
    place = Place(uri)
    folder = uri.rpartition("/")[0]
    for row in _rows(place):
        text = (row.get(next((key for key in _COLUMNS if row.get(key)), ""), "") or "").strip()
        if not text:
            continue
        if scheme_of(text) == LOCAL and "://" not in text and not text.startswith("/"):
            text = f"{folder}/{text}"  # as playlists have it: from the list's own folder
        yield _of_row(text, row)


def _of_row(text: str, row: dict[str, Any]) -> Found:
    try:
        target = absolute(text)
        size = _size_of(target, row.get(_SIZE))
    except InputError as error:  # of this row alone
        return Found(without_secret(text), "", error=str(error))
    return _safe(Found(target, str(row.get(_OUTPUT) or _name_of(target)), size))


def _size_of(uri: str, told: Any) -> int | None:
    """Bytes: what the list tells, or the disk at hand."""
    try:
        told = float(told or math.nan)  # a table with gaps has floats
        if not math.isnan(told):
            if told < 0 or not told.is_integer():
                raise ValueError
            return int(told)
    except (TypeError, ValueError) as error:
        raise InputError(f"{uri}: its {_SIZE} in the list is {told!r}; bytes are needed") from error
    try:
        return os.stat(uri.split("://", 1)[1]).st_size if scheme_of(uri) == LOCAL else None
    except (OSError, ValueError):
        return None  # whoever reads it will say why


def _rows(place: Place) -> Iterator[dict[str, Any]]:
    ending = place.uri.lower().rpartition(".")[2]
    with place.fs.open(place.path, "rb") as file:
        if ending == "parquet":
            yield from _parquet(place.uri, file)
            return
        text = io.TextIOWrapper(file, "utf-8-sig", newline="" if ending != "txt" else None)
        try:
            if ending == "txt":
                yield from ({_COLUMNS[0]: line} for line in text)
                return
            reader = csv.DictReader(text, delimiter="\t" if ending == "tsv" else ",")
            _check_columns(place.uri, list(reader.fieldnames or ()))
            yield from reader
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(
                f"{place.uri}: not a list of files ({error}); a line each in UTF-8, or CSV"
            ) from error


def _parquet(uri: str, file: Any) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise InputError(f"{uri}: not Parquet ({error}); name a list of files") from error
    columns = list(table.schema_arrow.names)
    _check_columns(uri, columns)
    wanted = [name for name in (*_COLUMNS, _OUTPUT, _SIZE) if name in columns]
    for batch in table.iter_batches(_BATCH, columns=wanted):
        yield from batch.to_pylist()


def _check_columns(uri: str, columns: list[str]) -> None:
    if not set(columns) & set(_COLUMNS):
        raise InputError(
            f"{uri}: its columns are {', '.join(columns) or 'none'}; one must be called "
            f"{_COLUMNS[0]} and hold URIs"
        )


def _name_of(uri: str) -> str:
    """What a listed file is called below the output: its whole path, without the store."""
    if scheme_of(uri) in ARCHIVES:
        member, _, outer = uri.split("://", 1)[1].partition("::")
        return f"{_name_of(outer)}/{member}"
    path = uri.split("://", 1)[1].lstrip("/")
    return unquote(path.split("?")[0].split("#")[0]) if scheme_of(uri) in WEB else path


def _safe(found: Found) -> Found:
    """The same, or with an error where its name would lead out of the output or into no ledger."""
    try:
        found.uri.encode()
        found.name.encode()
    except UnicodeEncodeError:
        uri = found.uri.encode(errors="backslashreplace").decode()
        return Found(uri, "", error=f"{uri}: its name is not UTF-8; rename it")
    # A key of a store may hold two slashes in a row.
    found = replace(found, name=re.sub("//+", "/", found.name))
    parts = found.name.split("/")
    if not found.name or ".." in parts or "" in parts or "\0" in found.name:
        why = f"{found.uri}: its output would be called {found.name!r}, which is no name; rename it"
        return replace(found, error=why)
    return found
