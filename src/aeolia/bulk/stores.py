"""Files of any store by URI: through fsspec, with errors in words and writing all or nothing.

A URI is what fsspec takes: a path, file://, s3://, gs://, az://, hf://, https://, memory:// ...;
and a member of an archive, zip://MEMBER::URI or tar://MEMBER::URI. Where a store is and who may
use it is the store's own configuration (AWS_ENDPOINT_URL, AWS_PROFILE, ...).
"""

from __future__ import annotations

import difflib
import errno
import logging
import os
import re
import secrets
import stat
from functools import lru_cache
from pathlib import Path
from typing import Any

from aeolia.errors import InputError, MissingExtraError
from aeolia.files import write_atomically

__all__ = [
    "ARCHIVES",
    "LOCAL",
    "WEB",
    "MEMORY",
    "NotPutError",
    "Place",
    "absolute",
    "as_file_uri",
    "in_words",
    "is_full",
    "is_refusal",
    "scheme_of",
    "version_of",
    "without_secret",
    "writable",
]

LOCAL, MEMORY = "file", "memory"
ARCHIVES = ("zip", "tar")
WEB = ("http", "https")
#: What can be read alone.
_READ_ONLY = (*WEB, *ARCHIVES)
#: Where a key appears when its upload is complete; elsewhere it is renamed then.
_WHOLE_KEYS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "hf", "oci", "oss")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRET = re.compile(r"://[^/@:]*:[^/@]*@")
_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
#: Of answers of stores, which have no number.
_FULL_WORDS = re.compile(r"quota|no space|storage ?full|insufficient ?storage|disk full", re.I)
#: Answers of stores, as HTTP numbers them or in words.
_GONE, _DENIED = (404, 410), (401, 403)
_DENIED_WORDS = re.compile(r"forbidden|access ?denied|unauthori[sz]ed|permission", re.I)
#: What could not be done to an output.
WRITTEN = "written"
_MOST_ARCHIVES = 4
#: What tells one content from another, by the stores' names for it; the first that is there.
_MARKS = tuple(
    "ETag etag md5Hash CRC checksum mtime LastModified last_modified updated created".split()
)


def scheme_of(uri: str) -> str:
    """Its store; "file" for a path."""
    found = _SCHEME.match(uri)
    return found[1].lower() if found else LOCAL


def absolute(uri: str) -> str:
    """The URI with its scheme, and with the whole path of a file; archives by their own URI.

    Raises:
        InputError: a URI that cannot be, or holds a password.
    """
    if (hidden := without_secret(uri)) != uri:
        raise InputError(
            f"{hidden}: a password came in a URI, which is written into the ledger; leave it to "
            f"the store's own configuration"
        )
    scheme = scheme_of(uri)
    if scheme in ARCHIVES:
        member, mark, outer = uri.split("://", 1)[1].partition("::")
        if not mark:
            raise InputError(f"{uri}: of which archive? Write {scheme}://MEMBER::URI")
        return f"{scheme}://{member}::{absolute(outer)}"
    if scheme == LOCAL:
        return as_file_uri(uri.split("://", 1)[1] if _SCHEME.match(uri) else uri)
    return uri


def without_secret(uri: str) -> str:
    """The URI, its password left out."""
    return _SECRET.sub("://...@", uri)


def as_file_uri(path: str | os.PathLike[str]) -> str:
    """file:// and the whole path, as it stands."""
    return f"file://{os.path.abspath(path)}"


class NotPutError(InputError):
    """An output could not be written to its store."""


class Place:
    """A file or folder of a store.

    Raises:
        InputError: no such store; MissingExtraError: its package is not installed.
    """

    def __init__(self, uri: str) -> None:
        self.uri = absolute(uri)
        self.scheme = scheme_of(self.uri)
        #: The file system of fsspec, and the path in it.
        self.fs, self.path = _resolved(self.uri, self.scheme)
        #: The path, of a file of this machine.
        self.local = Path(self.path) if self.scheme == LOCAL else None

    def __truediv__(self, name: str) -> Place:
        """A place below it."""
        return Place(f"{self.uri.rstrip('/')}/{name}")

    def info(self) -> dict[str, Any] | None:
        """What the store knows of it; None where there is nothing.

        Raises:
            InputError: in words.
        """
        try:
            if self.local:
                status = self.local.stat()
                kind = "directory" if stat.S_ISDIR(status.st_mode) else "file"
                return {"type": kind, "size": status.st_size, "mtime": status.st_mtime_ns}
            found: dict[str, Any] = self.fs.info(self.path)
            return found
        except (FileNotFoundError, NotADirectoryError) as error:
            # fsspec says so of all that a web server refuses, and of one that does not answer.
            why = error.__cause__ if self.scheme in WEB else None
            if why is None or getattr(why, "status", None) in _GONE:
                return None
            raise InputError(in_words(self.uri, why, "looked at")) from error
        except Exception as error:
            raise InputError(in_words(self.uri, error, "looked at")) from error

    def is_empty(self) -> bool:
        """Whether nothing lies below it, or it is not there.

        Raises:
            InputError: in words.
        """
        try:
            if self.local:
                with os.scandir(self.local) as entries:
                    return not any(not entry.name.startswith(".") for entry in entries)
            # One name is asked for where that can be.
            found = self.fs.info(self.path)
            return found["type"] == "directory" and self._is_bare()
        except FileNotFoundError:
            return True
        except NotADirectoryError as error:
            raise InputError(f"{self.uri}: a file, and a folder is needed") from error
        except Exception as error:
            raise InputError(in_words(self.uri, error, "looked at")) from error

    def _is_bare(self) -> bool:
        if hasattr(self.fs, "_iterdir"):  # a prefix of keys is there by having some
            return "/" not in self.path.strip("/") and not self.fs.ls(self.path, refresh=True)
        return not self.fs.ls(self.path, detail=False)

    def fetch(self, path: Path) -> None:
        """Copy it to a file of this machine.

        Raises:
            InputError: it cannot be read.
        """
        try:
            self.fs.get_file(self.path, str(path))
        except Exception as error:
            raise InputError(in_words(self.uri, error, "read")) from error

    def put(self, path: Path) -> None:
        """Let a file of this machine be there, whole or not at all.

        Raises:
            NotPutError: in words.
        """
        try:
            self._put(path)
        except Exception as error:
            raise NotPutError(in_words(self.uri, error, WRITTEN)) from error

    def _put(self, path: Path) -> None:
        if self.scheme in _WHOLE_KEYS:
            self.fs.put_file(str(path), self.path)
            return
        folder, _, name = self.path.rpartition("/")
        if folder:
            self.fs.makedirs(folder, exist_ok=True)
        partial = f"{folder}/.{name}.partial-{secrets.token_hex(4)}"
        try:
            self.fs.put_file(str(path), partial)
            self.fs.mv(partial, self.path)
        except BaseException:
            if self.fs.exists(partial):
                self.fs.rm_file(partial)
            raise

    def write(self, data: bytes) -> None:
        """Let a small file of these bytes be there.

        Raises:
            InputError: in words.
        """
        if self.local:
            write_atomically(self.local, data)
            return
        try:
            if self.scheme not in _WHOLE_KEYS:
                self.fs.makedirs(self.path.rpartition("/")[0], exist_ok=True)
            self.fs.pipe_file(self.path, data)
        except Exception as error:
            raise InputError(in_words(self.uri, error, WRITTEN)) from error

    def read(self) -> bytes | None:
        """The bytes of a small file; None where there is none.

        Raises:
            InputError: in words.
        """
        try:
            if self.local:
                return self.local.read_bytes()
            return bytes(self.fs.cat_file(self.path))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise InputError(in_words(self.uri, error, "read")) from error

    def names(self) -> list[str]:
        """What lies in the folder, by name; hidden files are left out.

        Raises:
            InputError: in words.
        """
        try:
            if self.local:
                found = os.listdir(self.local)
            else:
                self.fs.invalidate_cache()
                paths = self.fs.ls(self.path, detail=False)
                found = [path.rstrip("/").rpartition("/")[2] for path in paths]
        except FileNotFoundError:
            return []
        except Exception as error:
            raise InputError(in_words(self.uri, error, "listed")) from error
        return sorted(name for name in found if not name.startswith("."))

    def remove(self) -> None:
        """Remove the file, if it is there."""
        try:
            self.fs.rm_file(self.path)
        except FileNotFoundError:
            pass


def writable(uri: str) -> Place:
    """The place at a URI, for what is to be written there.

    Raises:
        InputError: it can only be read, such as http:// or a member of an archive.
    """
    scheme = scheme_of(uri)
    if scheme in _READ_ONLY:
        raise InputError(
            f"{without_secret(uri)}: {scheme}:// can only be read; write into a folder or a bucket"
        )
    return Place(uri)


def _resolved(uri: str, scheme: str) -> tuple[Any, str]:
    if scheme in ARCHIVES:
        member, _, outer = uri.split("://", 1)[1].partition("::")
        return _archive(scheme, outer, version_of(Place(outer).info())), member
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(
            "files by the million need fsspec and pyarrow; install them with "
            "`pip install 'aeolia[cluster]'`"
        ) from error
    if scheme == LOCAL:  # names may hold what fsspec would read as more than a name
        return fsspec.filesystem(LOCAL), uri.split("://", 1)[1]
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # prints a traceback for each try
    try:
        fs, path = fsspec.core.url_to_fs(uri)
        return fs, str(path)
    except ImportError as error:
        raise MissingExtraError(
            f"{uri}: {scheme}:// needs another package: {error}; `pip install` it"
        ) from error
    except ValueError as error:
        known = fsspec.available_protocols()
        if scheme not in known:
            near = difflib.get_close_matches(scheme, known, n=1)
            hint = f"did you mean {near[0]}://?" if near else "such as file, s3, gs, az, https, hf"
            raise InputError(f"{uri}: no store is called {scheme!r}; {hint}") from error
        raise InputError(in_words(uri, error, "used")) from error
    except Exception as error:
        raise InputError(in_words(uri, error, "used")) from error


@lru_cache(maxsize=_MOST_ARCHIVES)
def _archive(scheme: str, uri: str, version: str) -> Any:
    """An open archive, which has read its table of contents; anew when the file was replaced."""
    import fsspec

    outer = Place(uri)
    try:
        return fsspec.get_filesystem_class(scheme)(fo=outer.fs.open(outer.path, "rb"))
    except Exception as error:
        raise InputError(in_words(uri, error, f"read as a {scheme} archive")) from error


def version_of(info: dict[str, Any] | None) -> str:
    """Size and mark of a file's content, as far as its store tells them; "" for none."""
    if info is None:
        return ""
    values = (info[key] for key in _MARKS if info.get(key))
    # Some say a time now as a number and now as a moment.
    marks = (str(value.timestamp() if hasattr(value, "timestamp") else value) for value in values)
    return f"{info.get('size') or 0}:{next(marks, '')}"


def is_full(error: BaseException | None) -> bool:
    """Whether no more can be written, and so no other file either."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, NotPutError) and _FULL_WORDS.search(str(error.__cause__)):
            return True
        error = error.__cause__
    return False


def is_refusal(error: BaseException | None) -> bool:
    """Whether a store takes nothing from us: no permission, or no such bucket."""
    if isinstance(error, (PermissionError, FileNotFoundError)):
        return True
    return error is not None and _number(error) in (*_DENIED, *_GONE)


def in_words(uri: str, error: BaseException, done: str) -> str:
    """Why a store's file cannot be `done` ("read", "listed", ...), in one line."""
    kind = type(error).__name__
    reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:160]
    if isinstance(error, FileNotFoundError):
        what = "its bucket is not there; make it, or" if done == WRITTEN else "not there;"
        return f"{uri}: {what} check the URI"
    if isinstance(error, NotADirectoryError):
        return f"{uri}: a file lies where a folder is needed; name another"
    if is_full(error) or (done == WRITTEN and _FULL_WORDS.search(reason)):
        return f"{uri}: cannot be {done}, for it is full ({reason}); free some space"
    if re.search("credentials|authentication", f"{kind} {reason}", re.I):
        return f"{uri}: no credentials ({reason}); set those of the store, such as AWS_PROFILE"
    if isinstance(error, PermissionError) or _number(error) in _DENIED:
        return f"{uri}: no permission ({reason or kind}); check the store's credentials"
    if _DENIED_WORDS.search(reason.replace(uri, "")):
        return f"{uri}: no permission ({reason}); check the store's credentials"
    if isinstance(error, (ConnectionError, TimeoutError)) or "Connect" in kind:
        return f"{uri}: the store does not answer ({reason or kind}); check address and network"
    return f"{uri}: cannot be {done} ({kind}: {reason}); check the URI"


def _number(error: BaseException) -> int | None:
    """HTTP's of a store's answer, where its package has one."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status", "status_code", "code"):
            if isinstance(number := getattr(holder, name, None), int):
                return number
    return None
