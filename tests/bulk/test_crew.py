"""Processes that are killed lose their file a try, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aeolia.bulk.crew import Processes
from aeolia.bulk.job import BulkJob, run_bulk
from aeolia.bulk.station import Station
from aeolia.errors import InputError, ModelError
from made.operations import Deadly

Rows = Callable[[str], dict[str, dict[str, Any]]]
ROOT = Path(__file__).parents[2]


def test_files_at_which_workers_die_are_tried_again_and_then_left(
    recordings: Path, gain_model: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    (recordings / "a.wav").rename(recordings / "deadly.wav")
    (recordings / "b.flac").rename(recordings / "deadly-once.flac")
    ledger = str(tmp_path / "ledger")
    said: list[str] = []
    tally = run_bulk(
        BulkJob(
            Deadly(str(gain_model)),
            (str(recordings),),
            str(tmp_path / "out"),
            ledger,
            workers=2,
            retry=2,
        ),
        failure=said.append,
    )
    assert (tally.done, tally.failed, tally.retried) == (3, 1, 2)
    assert "deadly.wav: its worker ended while it was at this file" in said[0]
    found = rows(ledger)
    assert (found["deadly.wav"]["attempt"], found["deadly.wav"]["error_kind"]) == (2, "WorkerLost")
    assert (found["deadly-once.flac"]["attempt"], found["deadly-once.flac"]["status"]) == (
        2,
        "done",
    )
    assert {found[name]["attempt"] for name in ("c.wav", "d.wav")} == {1}
    assert not list((tmp_path / "out").rglob(".*"))  # nothing half-written


def test_workers_that_cannot_begin_end_the_job(tmp_path: Path) -> None:
    crew = Processes(Station(Deadly(str(tmp_path / "no.onnx")), str(tmp_path / "out")), 1)
    with pytest.raises(ModelError, match="no such model file"):
        while True:
            crew.results(5.0)
    crew.close()


def test_workers_that_die_before_they_begin_end_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeolia.bulk.crew._serve", os.abort)
    crew = Processes(Station(Deadly(), str(tmp_path / "out")), 1)
    with pytest.raises(InputError, match="workers end before they begin"):
        while True:
            crew.results(5.0)
    crew.close()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_driver_that_is_killed_leaves_no_process_and_goes_on(
    recordings: Path, gain_model: Path, tmp_path: Path
) -> None:
    """kill -9 while files are in work: the same command again does what is left."""
    for name in ("slow1.wav", "slow2.wav"):
        (recordings / name).write_bytes((recordings / "a.wav").read_bytes())
    code = (
        "from made.operations import Deadly; from aeolia.bulk.job import *\n"
        "if __name__ == '__main__':\n"
        f"    job = BulkJob(Deadly({str(gain_model)!r}), ({str(recordings)!r},), "
        f"{str(tmp_path / 'out')!r}, {str(tmp_path / 'ledger')!r}, workers=1)\n"
        "    print(run_bulk(job).done)"
    )
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    run: dict[str, Any] = {"env": {**os.environ, "PYTHONPATH": paths}, "cwd": tmp_path}
    (tmp_path / "job.py").write_text(code)
    first = subprocess.Popen([sys.executable, "job.py"], **run)
    until = time.monotonic() + 50
    while not list((tmp_path / "out").rglob("*.*")) and time.monotonic() < until:
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = subprocess.run(
        [sys.executable, "job.py"], **run, capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 0, second.stderr
    names = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert names == ["a.wav", "b.flac", "c.wav", "d.wav", "slow1.wav", "slow2.wav"]
