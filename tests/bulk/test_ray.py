"""Jobs on Ray: actors and nodes that die lose no file, and outputs are as of an undisturbed run."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aeolia import Denoise, Separate
from aeolia.bulk.job import BulkJob, run_bulk
from made.operations import Deadly

ray = pytest.importorskip("ray", reason="pip install 'aeolia[cluster]'")

ROOT = Path(__file__).parents[2]
Rows = Callable[[str], dict[str, dict[str, Any]]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """Two nodes of one CPU each, on this machine."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # or they starve on a busy machine
        patch.setenv("PYTHONPATH", os.pathsep.join(str(ROOT / name) for name in ("src", "tests")))
        try:
            found = Cluster(initialize_head=True, head_node_args=node)
        except Exception:  # a busy machine misses the 30 s that Ray gives itself
            found = Cluster(initialize_head=True, head_node_args=node)
        ray.init(address=found.address, logging_level="ERROR", log_to_driver=False)
        yield found
        ray.shutdown()
        found.shutdown()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)


def contents(folder: Path) -> dict[str, bytes]:
    # A dying actor's partial may outlive its node by a moment.
    found = (path for path in folder.rglob("[!.]*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_actors_that_are_killed_lose_no_file(
    cluster: Any, recordings: Path, gain_model: Path, tmp_path: Path, rows: Rows
) -> None:
    """One file kills its actor the first time, one every time; the others are as in one process."""
    (recordings / "a.wav").rename(recordings / "deadly-once.wav")
    shutil.copy(recordings / "b.flac", recordings / "deadly.flac")
    inputs, ledger = (str(recordings),), str(tmp_path / "ledger")
    job = BulkJob(
        Deadly(str(gain_model)), inputs, str(tmp_path / "out"), ledger, engine="ray", retry=2
    )
    tally = run_bulk(job)
    assert (tally.done, tally.failed) == (4, 1)
    assert tally.retried in (1, 2)  # a file that was lost with others is charged with nothing
    found = rows(ledger)
    assert found["deadly.flac"]["error_kind"] == "WorkerLost"
    assert {found[name]["attempt"] for name in ("b.flac", "c.wav", "d.wav")} == {1}
    (recordings / "deadly.flac").unlink()
    alone = BulkJob(Denoise(str(gain_model)), inputs, str(tmp_path / "alone"), f"{ledger}2")
    run_bulk(alone)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_a_batch_that_is_lost_costs_only_the_file_that_is_to_blame(
    cluster: Any, recordings: Path, gain_model: Path, tmp_path: Path, rows: Rows
) -> None:
    """Its files then go alone; until then nobody knows which of them it was."""
    for number in range(60):
        shutil.copy(recordings / "a.wav", recordings / f"{number:02d}.wav")
    for name in ("deadly.wav", "deadly-once.wav"):
        (recordings / "deep" / "er" / "est").mkdir(parents=True, exist_ok=True)  # listed late
        shutil.copy(recordings / "a.wav", recordings / "deep" / "er" / "est" / name)
    ledger = str(tmp_path / "ledger")
    job = BulkJob(
        Deadly(str(gain_model)),
        (str(recordings),),
        str(tmp_path / "out"),
        ledger,
        engine="ray",
        workers=1,
        retry=2,
    )
    tally = run_bulk(job)
    assert (tally.done, tally.failed) == (65, 1)
    found = rows(ledger)
    assert (found["deadly.wav"]["attempt"], found["deadly.wav"]["error_kind"]) == (2, "WorkerLost")
    others = [row for name, row in found.items() if not name.startswith("deadly")]
    assert {(row["attempt"], row["status"]) for row in others} == {(1, "done")}
    assert len(contents(tmp_path / "out")) == 65


def test_nodes_join_and_go_and_no_file_is_lost(
    cluster: Any, recordings: Path, gain_model: Path, tmp_path: Path, rows: Rows
) -> None:
    """A second node joins, takes a file, and is killed at it: that costs the file no try."""
    for number in range(8):
        shutil.copy(recordings / "a.wav", recordings / f"slow{number}.wav")
    second: list[Any] = []
    workers: list[int] = []

    def watch(tally: Any) -> None:
        workers.append(tally.workers)
        if not second:
            second.append(cluster.add_node(num_cpus=1, object_store_memory=80 << 20))
        elif tally.workers == 2 and second[0] is not None:
            time.sleep(0.2)
            cluster.remove_node(second[0], allow_graceful=False)
            second[0] = None

    ledger = str(tmp_path / "ledger")
    job = BulkJob(
        Deadly(str(gain_model)), (str(recordings),), str(tmp_path / "out"), ledger, engine="ray"
    )
    tally = run_bulk(job, watch)
    assert (tally.done, tally.failed) == (12, 0)
    assert max(workers) == 2 and second == [None]
    assert {row["attempt"] for row in rows(ledger).values()} == {1}
    assert len(contents(tmp_path / "out")) == 12


def test_a_dataset_goes_through_an_operation(
    cluster: Any, recordings: Path, gain_model: Path, tmp_path: Path, separators: Path
) -> None:
    """By bytes and by paths, with a column of errors, and a column for each source."""
    import aeolia.ray

    (recordings / "bad.wav").write_text("no sound")
    operation = Denoise(str(gain_model))
    paths = sorted(str(path) for path in recordings.rglob("*.*"))
    items = [{"name": path, "bytes": Path(path).read_bytes()} for path in paths]
    by_bytes = aeolia.ray.map(ray.data.from_items(items), operation, workers=1).take_all()
    items = [{"name": path, "uri": path} for path in paths]
    by_paths = aeolia.ray.map(ray.data.from_items(items), operation, column="uri", workers=1)
    for row, other in zip(by_bytes, by_paths.take_all(), strict=True):
        path = Path(row["name"])
        assert other["output"] == row["output"] and other["seconds"] == row["seconds"]
        if path.stem == "bad":
            assert row["output"] is None and "not a readable audio file" in row["error"]
            continue
        operation.run(path, tmp_path / path.name)
        assert (row["error"], row["output"]) == (None, (tmp_path / path.name).read_bytes())
    both = Separate(("speech", "music"), model=str(separators / "classes.onnx"))
    items = [{"path": "talk.flac", "bytes": (recordings / "b.flac").read_bytes()}]
    (row,) = aeolia.ray.map(ray.data.from_items(items), both, workers=1).take_all()
    assert row["output.speech"][:4] == row["output.music"][:4] == b"fLaC"
