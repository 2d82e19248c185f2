"""Workers of a job of millions on Ray: an actor a CPU, each with its own model.

Actors, and not `map_batches`: the ledger needs to know file by file what was done, which file a
dead actor was at, and whose the fault was.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aeolia.bulk.crew import MOST_FALSE_STARTS, Result, lost, n_cores
from aeolia.bulk.station import Station, Work
from aeolia.errors import AeoliaError, InputError, MissingExtraError

__all__ = ["MOVED", "Actors", "connected"]

#: Key of the row of a file whose node went: no fault of the file's.
MOVED = "moved"
#: How often it is looked whether nodes came.
_LOOK_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
#: Rows are small and go with the answers.
_OBJECT_STORE_BYTES = 100 << 20


def connected(address: str | None, n_cpus: int | None = None) -> str:
    """Join a Ray cluster, or start one of this machine; returns its dashboard's address or "".

    Raises:
        MissingExtraError: Ray is not installed; InputError: no cluster answers.
    """
    # It would report to its makers that it was used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(
            "the engine ray needs Ray; install it with `pip install 'aeolia[cluster]'`, or take "
            "--engine local"
        ) from error
    if ray.is_initialized():
        return ""
    if address is not None and ":" in address:
        _check_answers(address)
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        if address is None:
            own = {"object_store_memory": _OBJECT_STORE_BYTES, "include_dashboard": False}
            context = ray.init(num_cpus=n_cpus or n_cores(), **own, **quiet)
        else:
            context = ray.init(address=address, **quiet)
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"{address or 'Ray on this machine'}: no Ray cluster answers ({said}); start one with "
            f"`ray start --head`, or check --address"
        ) from error
    return str(getattr(context, "dashboard_url", "") or "")


def _check_answers(address: str) -> None:
    """See that somebody listens; Ray itself would try for ever."""
    host, _, port = address.rpartition("://")[2].rstrip("/").rpartition(":")
    try:
        _connect(host.strip("[]"), int(port))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{address}: no Ray cluster answers ({error}); start one with `ray start --head`, or "
            f"check --address"
        ) from error


def _connect(host: str, port: int) -> None:
    with socket.create_connection((host, port), _ANSWER_SECONDS):
        pass


@dataclass
class _Actor:
    handle: Any
    #: What it is asked for now.
    answer: Any
    ready: bool = False
    node: str = ""
    work: Work | None = None
    since: float = 0.0


class Actors:
    """Actors of a cluster; those that die are replaced, and more begin where nodes join.

    Args:
        model_hash: what the actors' models must have, too.
        address: see `BulkJob`.
        n_workers: None for as many as the cluster has CPUs at the time.

    Raises:
        MissingExtraError, InputError: see `connected`.
    """

    def __init__(
        self, station: Station, model_hash: str, address: str | None, n_workers: int | None
    ) -> None:
        dashboard = connected(address, n_workers)
        self.remark = f"Ray's dashboard: http://{dashboard}" if dashboard else ""
        import ray

        self._ray = ray
        self._remote = (address or "").startswith("ray://")
        self._station, self._model_hash, self._n_wanted = station, model_hash, n_workers
        self._class = ray.remote(num_cpus=1, max_restarts=0)(_StationActor)
        self._false_starts = 0
        self._actors: list[_Actor] = []
        self._looked = 0.0
        self._hire()

    def room(self) -> int:
        return sum(actor.ready and actor.work is None for actor in self._actors)

    def send(self, work: Work) -> None:
        actor = next(one for one in self._actors if one.ready and one.work is None)
        actor.work, actor.since = work, time.monotonic()
        actor.answer = actor.handle.do.remote(work)

    def results(self, seconds: float) -> list[Result]:
        self._hire()
        answers = {one.answer: one for one in self._actors if one.answer is not None}
        if not answers:
            time.sleep(min(seconds, 0.1))
            return []
        self._ray.wait(list(answers), num_returns=1, timeout=seconds)
        come, _ = self._ray.wait(list(answers), num_returns=len(answers), timeout=0)
        found: list[Result] = []
        for answer in come:
            found += self._received(answers[answer])
        return found

    def running(self) -> Sequence[tuple[Work, float]]:
        now = time.monotonic()
        return [(one.work, now - one.since) for one in self._actors if one.work is not None]

    def n_workers(self) -> int:
        return sum(actor.ready for actor in self._actors)

    def close(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor.handle)
        self._actors = []

    def _hire(self) -> None:
        """Have as many actors as are wanted."""
        if time.monotonic() - self._looked < _LOOK_SECONDS and self._actors:
            return
        self._looked = time.monotonic()
        n_wanted = self._n_wanted or int(self._ray.cluster_resources().get("CPU", 0))
        while len(self._actors) < max(1, n_wanted):
            handle = self._class.remote(self._station)
            self._actors.append(_Actor(handle, handle.open.remote()))

    def _received(self, actor: _Actor) -> list[Result]:
        try:
            answer = self._ray.get(actor.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._buried(actor, error)
        work, actor.work, actor.answer = actor.work, None, None
        if work is not None:
            return [(work, answer)]
        wrong, actor.node, model_hash = answer
        if wrong:
            raise InputError(f"a worker cannot begin: {wrong}")
        if model_hash != self._model_hash:
            raise InputError(
                f"node {actor.node[:8]} has another model (or clip) than this machine; install the "
                f"same version of aeolia, and the same files, on all"
            )
        actor.ready, self._false_starts = True, 0
        return []

    def _buried(self, actor: _Actor, error: Exception) -> list[Result]:
        self._actors.remove(actor)
        self._looked = 0.0  # another one at once
        if not actor.ready:
            self._false_starts += 1
            if self._false_starts >= MOST_FALSE_STARTS:
                said = " ".join(str(error).split())[:300]
                raise InputError(f"workers end before they begin ({said}); see Ray's logs")
        if actor.work is None:
            return []
        went = self._went(actor.node)
        why = f"its node {actor.node[:8]} went" if went else "killed, or out of memory"
        return [(actor.work, {**lost(actor.work, why), MOVED: went})]

    def _went(self, name: str) -> bool:
        """Whether a node is no more; the cluster itself learns that half a minute later."""
        node = next((one for one in self._ray.nodes() if one["NodeID"] == name), None)
        if node is None or not node["Alive"]:
            return True
        if self._remote:  # nodes are out of sight here
            return False
        try:
            _connect(node["NodeManagerAddress"], node["NodeManagerPort"])
        except OSError:
            return True
        return False


class _StationActor:
    """A station in an actor."""

    def __init__(self, station: Station) -> None:
        from ray.util.metrics import Counter

        self._station = station
        self._files = Counter("aeolia_bulk_files", "Files tried.", tag_keys=("status",))
        self._audio = Counter("aeolia_bulk_audio_seconds", "Seconds of audio in files done.")
        self._wall = Counter("aeolia_bulk_work_seconds", "Seconds of work.")

    def open(self) -> tuple[str, str, str]:
        """Begin: what is wrong, the node, and the model's hash."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        try:
            return "", node, self._station.open()
        except AeoliaError as error:
            return str(error), node, ""

    def do(self, work: Work) -> dict[str, Any]:
        """Do a file."""
        row = self._station.do(work)
        self._files.inc(1, {"status": row["status"]})
        # A counter takes no zero.
        if row.get("seconds"):
            self._audio.inc(row["seconds"])
        self._wall.inc(max(row["wall_seconds"], 1e-9))
        return row
