"""Ctrl-C and SIGTERM while a model runs: a graph that never ends is ended.

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

__all__ = ["end_models_on_signals"]

#: How long a run may go on after a signal: more than the longest step of any model takes.
_GRACE_SECONDS = 1.0
#: Long enough for a run to see that it is to end, before later runs may begin.
_PULSE_SECONDS = 0.5


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
