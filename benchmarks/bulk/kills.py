"""kill -9 of workers and of the driver, at random moments, in a Ray cluster of two local nodes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import say
from benchmarks.bulk.recordings import bulk, contents, environment, rows, run, write_recordings

__all__ = ["measure"]

_ACTOR = "ray::_StationActor"
_NODE_BYTES = 80 << 20


def measure(kills: int = 20, number: int = 240, seconds: float = 10.0) -> dict[str, Any]:
    """Kill workers and the driver in turns until it was enough; then let the job end.

    What an undisturbed job in processes of this machine writes is what has to come out.
    """
    from ray.cluster_utils import Cluster

    os.environ.update(environment())
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        source = write_recordings(top / "in", number, seconds)
        alone = ["-i", str(source), "-o", str(top / "alone"), "-l", str(top / "alone-ledger")]
        run(bulk(*alone))
        node = {"num_cpus": 1, "object_store_memory": _NODE_BYTES, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=node)
        cluster.add_node(num_cpus=1, object_store_memory=_NODE_BYTES)
        try:
            places = ["-i", str(source), "-o", str(top / "out"), "-l", str(top / "ledger")]
            more = ["--engine", "ray", "--address", cluster.address, "--retry", "10"]
            found = _disturbed(bulk(*places, *more), top, kills, rng)
        finally:
            cluster.shutdown()
        done = Counter(row["input"] for row in rows(top / "ledger") if row["status"] == "done")
        outputs, expected = contents(top / "out"), contents(top / "alone")
        return {
            **found,
            "files": number,
            "missing": len(expected.keys() - outputs.keys()),
            "besides": len(outputs.keys() - expected.keys()),
            "different": sum(outputs.get(name) != data for name, data in expected.items()),
            "rows": len(done),
            "twice": sum(count > 1 for count in done.values()),
        }


def _disturbed(command: list[str], top: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Kill until it was enough, start the driver again whenever it ended, and wait for its end."""
    killed = Counter[str]()
    driver, starts = _started(command), 1
    while killed.total() < kills:
        _wait_for_work(driver, top)
        time.sleep(rng.uniform(0.0, 2.0))
        if driver.poll() is not None:
            break  # all was done before so many were killed
        workers = _workers()
        if killed.total() % 2 == 0 and workers:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed["worker"] += 1
        else:
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            killed["driver"] += 1
            driver, starts = _started(command), starts + 1
        say(f"{dict(killed)}, {len(list((top / 'out').glob('*.wav')))} outputs")
    code = driver.wait()
    return {
        "workers": killed["worker"],
        "drivers": killed["driver"],
        "starts": starts,
        "code": code,
    }


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)


def _wait_for_work(driver: subprocess.Popen[bytes], top: Path) -> None:
    """Until one more output is there, so that every kill hits a job at work."""
    before = len(list((top / "out").glob("*.wav")))
    while driver.poll() is None and len(list((top / "out").glob("*.wav"))) <= before:
        time.sleep(0.2)


def _workers() -> list[int]:
    """Process numbers of the actors."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
            except OSError:
                continue
            if name.startswith(_ACTOR):
                found.append(int(entry.name))
    return found
