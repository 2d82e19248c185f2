"""Processes that are killed lose their file a try, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
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
    assert (tally.done, tally.failed) == (3, 1)
    assert tally.retried in (1, 2)  # a file that was lost with others is charged with nothing
    assert "deadly.wav: its worker ended while it was at this file" in said[0]
    found = rows(ledger)
    assert (found["deadly.wav"]["attempt"], found["deadly.wav"]["error_kind"]) == (2, "WorkerLost")
    assert found["deadly-once.flac"]["status"] == "done"
    assert {found[name]["attempt"] for name in ("c.wav", "d.wav")} == {1}
    assert not list((tmp_path / "out").rglob(".*"))  # nothing half-written


def test_a_batch_that_is_lost_costs_only_the_file_that_is_to_blame(
    recordings: Path, gain_model: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files then go alone; until then nobody knows which of them it was."""
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    batches: list[int] = []
    hand = Processes._hand
    monkeypatch.setattr(
        Processes, "_hand", lambda crew, one: (batches.append(len(one.works)), hand(crew, one))
    )
    for number in range(40):
        shutil.copy(recordings / "a.wav", recordings / f"{number:02d}.wav")
    names = [f"{n:02d}.wav" for n in range(40)]
    names[20:20] = ["deadly.wav", "deadly-once.wav"]
    for name in names[20:22]:
        shutil.copy(recordings / "a.wav", recordings / name)
    table = tmp_path / "list.csv"  # in this order, and with the sizes
    size = (recordings / "a.wav").stat().st_size
    table.write_text("input,size\n" + "".join(f"in/{name},{size}\n" for name in names))
    ledger = str(tmp_path / "ledger")
    job = BulkJob(Deadly(str(gain_model)), (str(table),), str(tmp_path / "out"), ledger, workers=1)
    tally = run_bulk(replace(job, retry=2))
    assert (tally.done, tally.failed) == (41, 1)
    assert max(batches) > 1
    found = rows(ledger)
    assert (found["deadly.wav"]["attempt"], found["deadly.wav"]["error_kind"]) == (2, "WorkerLost")
    others = [row for name, row in found.items() if not name.startswith("deadly")]
    assert {(row["attempt"], row["status"]) for row in others} == {(1, "done")}
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 41


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
