"""Ctrl-C and SIGTERM at bad moments: a graph that never ends is ended; libsndfile is let finish
what it asked for, and a module in C is let begin.

Python runs a signal's handler between two of its own instructions, so never while a model with an
endless loop runs. A thread is told of the signal by the system itself, waits as long as a sound
model would take, and stops what still runs; the handler then has its turn.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader
from types import FrameType

__all__ = ["end_models_on_signals", "outside_c"]

#: How long a run may go on after a signal: more than the longest step of any model takes.
_GRACE_SECONDS = 1.0
#: Long enough for a run to see that it is to end, before later runs may begin.
_PULSE_SECONDS = 0.5

#: What libsndfile calls to read and write, in the module soundfile.
_CALLBACKS = {"vio_get_filelen", "vio_seek", "vio_read", "vio_write", "vio_tell"}
_CALLBACK_FILE = "soundfile.py"
#: What loads a module in C.
_LOADING = {"create_module", "exec_module"}
#: A signal that comes within one of them comes again so much later.
_AGAIN_SECONDS = 0.005


def outside_c(
    handler: Callable[[int, FrameType | None], object],
) -> Callable[[int, FrameType | None], None]:
    """A handler of signals that raises nothing into C.

    What is raised while libsndfile waits for a callback does not reach us, and the callback answers
    0: the signal would be lost, and the library might crash on a header of which half is written.
    A module in C++ that is being loaded ends the program with SIGABRT (soxr's does).
    """

    def handle(number: int, frame: FrameType | None) -> None:
        at = frame
        while at is not None:
            if _called_by_c(at):
                again = threading.Timer(_AGAIN_SECONDS, signal.raise_signal, [number])
                again.daemon = True
                again.start()
                return
            at = at.f_back
        handler(number, frame)

    return handle


def _called_by_c(frame: FrameType) -> bool:
    name, file = frame.f_code.co_name, frame.f_code.co_filename
    if name in _CALLBACKS:
        return file.endswith(_CALLBACK_FILE)
    return name in _LOADING and isinstance(frame.f_locals.get("self"), ExtensionFileLoader)


def end_models_on_signals() -> None:
    """Have a signal that Python handles end runs of models, too; in the main thread only."""
    read, write = os.pipe()
    if os.name == "posix":  # elsewhere pipes cannot be made so, and need not
        os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read,), name="aeolia-signals", daemon=True).start()


def _watch(read: int) -> None:
    while os.read(read, 64):
        time.sleep(_GRACE_SECONDS)
        # Where no model was opened there is nothing to stop, and nothing to import.
        session = sys.modules.get("aeolia.runtime.session")
        if session is not None:
            session.stop_running()
            time.sleep(_PULSE_SECONDS)
            session.stop_running(False)
