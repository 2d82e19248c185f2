"""A signal that comes while C has called Python waits until C has what it asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import pytest

from aeolia.api.interrupts import outside_c

SOURCE = Path(__file__).parents[2] / "src"
#: Signals itself within the first write of a header, which libsndfile does not forgive.
PROGRAM = """
import io, os, signal, sys, time
import numpy as np, soundfile
from aeolia.api.interrupts import outside_c

NUMBER, GUARDED = int(sys.argv[1]), sys.argv[2] == "guarded"

def end(number, frame):
    raise SystemExit(128 + number)

signal.signal(NUMBER, outside_c(end) if GUARDED else end)

class Target(io.BytesIO):
    signalled = False
    def write(self, data):
        if not self.signalled:
            self.signalled = True
            os.kill(os.getpid(), NUMBER)
            time.sleep(0.05)
        return super().write(data)

target = Target()
try:
    with soundfile.SoundFile(target, "w", 48000, 1, format="OGG", subtype="VORBIS") as file:
        for _ in range(200):
            file.write(np.zeros(4800))
            time.sleep(0.005)
    print("went on")
except SystemExit:
    print("ended", target.signalled)
    raise
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_within_a_callback_ends_the_program_after_it(name: str) -> None:
    number = int(getattr(signal, name))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"{number}", "guarded"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.returncode, done.stdout) == (128 + number, "ended True\n"), done.stderr
    assert "callback" not in done.stderr


def test_a_signal_while_a_module_in_c_begins_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in soxr, whose beginning makes enumerations in Python."""
    came, again = [], []
    handle = outside_c(lambda number, frame: came.append(number))

    class Loader(ExtensionFileLoader):
        def exec_module(self, module: object) -> None:
            handle(15, sys._getframe())

    class Timer:
        def __init__(self, seconds: float, call: object, numbers: list[int]) -> None:
            again.append(numbers[0])

        def start(self) -> None:
            pass

    monkeypatch.setattr("aeolia.api.interrupts.threading.Timer", Timer)
    Loader("module", "module.so").exec_module(object())
    assert (came, again) == ([], [15])
    handle(15, sys._getframe())
    assert came == [15]
