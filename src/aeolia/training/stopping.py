"""Signals that ask a run to stop: at the end of a step, with its state written, not in the midst.

The first SIGINT (Ctrl-C), SIGTERM or SIGHUP is noted, and the loop looks for it after each step;
a second one is what it is without this module, and stops at once. A signal that is ignored, as
`nohup` has SIGHUP ignored, stays so.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["Stop", "StoppedAtOnce", "stopping"]

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_HEARD = b"stopping after this step; once more stops at once\n"


class StoppedAtOnce(Exception):
    """Raised inside `Stop.at_once` when a signal comes."""


class Stop:
    """Whether a signal asked the run to stop, and which."""

    def __init__(self) -> None:
        #: Number of the signal; 0 while none came.
        self.signal = 0
        self._at_once = False
        self._owner = os.getpid()
        self._before: dict[int, Any] = {}

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Work that may be left half-way: a signal that comes, or has come, ends it.

        Raises:
            StoppedAtOnce: one did.
        """
        self._at_once = True
        try:
            if self.signal:
                raise StoppedAtOnce
            yield
        finally:
            self._at_once = False

    def listen(self) -> None:
        """Take over the signals; only a process's main thread can, others are not stopped."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in _SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is None or signal.getsignal(number) in (signal.SIG_IGN, None):
                continue
            self._before[number] = signal.signal(number, self._heard)

    def restore(self) -> None:
        """Leave the signals to whom they were before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _heard(self, number: int, frame: FrameType | None) -> None:
        # Processes that mix have it from their parent, to whom the same Ctrl-C came.
        if os.getpid() != self._owner:
            return
        self.signal = number
        self.restore()
        with suppress(OSError):  # the terminal may be what is gone
            os.write(2, _HEARD)
        if self._at_once:
            self._at_once = False
            raise StoppedAtOnce


@contextmanager
def stopping() -> Iterator[Stop]:
    """Note signals instead of dying of the first one."""
    stop = Stop()
    stop.listen()
    try:
        yield stop
    finally:
        stop.restore()
