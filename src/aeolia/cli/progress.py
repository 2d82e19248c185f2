"""A progress bar with remaining time on standard error, for work that takes long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Hashable
from typing import Any

__all__ = ["ProgressBar"]

#: Work that is over sooner gets no bar, and does not wait for rich to load.
_PATIENCE_SECONDS = 1.0


class ProgressBar:
    """Progress over several pieces of work, each from 0 to 1; safe to use from threads.

    Appears only on a terminal, and only once the work has gone on for a second.
    """

    def __init__(self, n_pieces: int, doing: str = "denoising", *, hidden: bool = False) -> None:
        self._doing = doing
        self._hidden = hidden or not sys.stderr.isatty()
        self._shares: dict[Hashable, float] = {}
        self._n_pieces = n_pieces
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._lock = threading.Lock()

    def update(self, piece: Hashable, share: float | None) -> None:
        """`share` of a piece is done; None when its length is not known."""
        if self._hidden or time.monotonic() - self._started < _PATIENCE_SECONDS:
            return
        if self._bar is None and self._n_pieces == 1 and share == 1.0:
            return  # It would appear only to vanish.
        with self._lock:
            self._shares[piece] = share or 0.0
            unknown = share is None and self._n_pieces == 1
            if self._bar is None:
                self._open()
            total = None if unknown else self._n_pieces
            self._bar.update(self._task, completed=sum(self._shares.values()), total=total)

    def finish(self, piece: Hashable) -> None:
        """A piece is done, well or not."""
        if self._bar is None:
            with self._lock:
                self._shares[piece] = 1.0
        else:
            self.update(piece, 1.0)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("remaining"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(self._doing, total=self._n_pieces)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
