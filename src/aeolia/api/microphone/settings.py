"""What is wanted of the microphone, and how it goes: two small JSON files.

The wish lies among the user's settings and outlives a restart of the machine. How it goes lies in
the folder of the session and is written anew every second by the engine, which holds its lock.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from aeolia.errors import ConfigError, InputError
from aeolia.files import write_atomically
from aeolia.files.locks import lock

__all__ = ["Progress", "Wish", "engine_lock", "log_path", "progress", "read_wish", "write"]

#: A report that is older than this is of an engine that hangs.
_STALE_SECONDS = 10.0


@dataclass(frozen=True)
class Wish:
    """What `aeolia mic on` asked for.

    Attributes:
        model: a released denoiser's name or a model file.
        input: the microphone's name, or a part of it; empty for the server's default.
        attenuation_limit_db: see `aeolia.denoise`.
        buffer_ms: of the recorder and of the player, each.
    """

    model: str = "denoise"
    input: str = ""
    attenuation_limit_db: float | None = None
    buffer_ms: float = 30.0


@dataclass(frozen=True)
class Progress:
    """How the engine does.

    Attributes:
        pid: its process.
        wish: what it does.
        state: "on", or "waiting" with the reason in `problem`.
        input: the source that it records.
        sample_rate: of the source that programs choose.
        latency_ms: of the model and the buffers together, about.
        load, peak_load: share of the time that the model takes, over the last second.
        dropped_blocks, n_blocks: since it began.
        seconds: since it began.
        written: when, in seconds since 1970.
    """

    pid: int
    wish: Wish
    state: str
    problem: str = ""
    input: str = ""
    sample_rate: int = 0
    latency_ms: float = 0.0
    load: float = 0.0
    peak_load: float = 0.0
    dropped_blocks: int = 0
    n_blocks: int = 0
    seconds: float = 0.0
    written: float = 0.0

    @property
    def stale(self) -> bool:
        """Whether nothing was heard of it for a while."""
        return time.time() - self.written > _STALE_SECONDS


def read_wish() -> Wish:
    """What was asked for last; the defaults where nothing was.

    Raises:
        ConfigError: the file holds something else.
    """
    path = wish_path()
    found = _read(path)
    if found is None:
        return Wish()
    try:
        return _made(Wish, found)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"{path} holds no settings of `aeolia mic`; remove it and run `aeolia mic on`"
        ) from error


def progress() -> Progress | None:
    """What the running engine said last; None when none runs."""
    if not engine_runs():
        return None
    found = _read(_session_folder() / "progress.json")
    try:
        return None if found is None else _made(Progress, {**found, "wish": Wish(**found["wish"])})
    except (KeyError, TypeError, ValueError):
        return None


def write(what: Wish | Progress) -> None:
    """Put it into its file."""
    path = wish_path() if isinstance(what, Wish) else _session_folder() / "progress.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(what), indent=1).encode())
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}); make room, or mend its folder"
        ) from error


def wish_path() -> Path:
    """The file of the wish."""
    return _home("XDG_CONFIG_HOME", ".config") / "aeolia" / "mic.json"


def log_path() -> Path:
    """What an engine without systemd prints."""
    return _session_folder() / "log.txt"


def engine_lock() -> int | None:
    """The number of an open file whose lock says that an engine runs; None if another has it."""
    folder = _session_folder()
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if lock(descriptor) is False:
        os.close(descriptor)
        return None
    return descriptor


def engine_runs() -> bool:
    """Whether an engine of this user runs."""
    held = engine_lock()
    if held is not None:
        os.close(held)
    return held is None


def _session_folder() -> Path:
    """A folder of this user's alone, gone with the session where the system has such."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(given or tempfile.gettempdir()) / f"aeolia-mic-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise InputError(f"{folder} belongs to somebody else; remove it, or set XDG_RUNTIME_DIR")
    return folder


def _home(variable: str, otherwise: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / otherwise)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


Made = TypeVar("Made", Wish, Progress)


def _made(kind: type[Made], values: dict[str, Any]) -> Made:
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})
