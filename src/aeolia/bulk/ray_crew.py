"""Workers of a job of millions on Ray: an actor a CPU, each with its own model.

Actors, and not `map_batches`: the ledger needs to know file by file what was done, which file a
dead actor was at, and whose the fault was.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from aeolia.bulk.batches import BatchCrew, Result, Worker, do_batch
from aeolia.bulk.ray_cluster import connected, reached
from aeolia.bulk.station import Station, Work
from aeolia.errors import AeoliaError, InputError

__all__ = ["Actors"]

#: How often it is looked whether nodes came.
_LOOK_SECONDS = 2.0


@dataclass(kw_only=True)
class _Actor(Worker):
    handle: Any
    #: What it is asked for now.
    answer: Any
    node: str = ""


class Actors(BatchCrew[_Actor]):
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
        super().__init__()
        address = address or os.environ.get("RAY_ADDRESS")  # as Ray has it, in its jobs too
        dashboard = connected(address, n_workers)
        self.remark = f"Ray's dashboard: http://{dashboard}" if dashboard else ""
        import ray

        self._ray = ray
        self._remote = (address or "").startswith("ray://")
        self._station, self._model_hash, self._n_wanted = station, model_hash, n_workers
        self._class = ray.remote(num_cpus=1, max_restarts=0)(_StationActor)
        self._looked = 0.0
        self._hire()

    def results(self, seconds: float) -> list[Result]:
        self._hire()
        self._assign(complete=False)
        answers = {one.answer: one for one in self._workers if one.answer is not None}
        if not answers:
            time.sleep(min(seconds, 0.1))
            return []
        self._ray.wait(list(answers), num_returns=1, timeout=seconds)
        come, _ = self._ray.wait(list(answers), num_returns=len(answers), timeout=0)
        found: list[Result] = []
        for answer in come:
            found += self._received(answers[answer])
        return found

    def close(self) -> None:
        for actor in self._workers:
            self._ray.kill(actor.handle)
        self._workers = []

    def _hire(self) -> None:
        """Have as many actors as are wanted."""
        if time.monotonic() - self._looked < _LOOK_SECONDS and self._workers:
            return
        self._looked = time.monotonic()
        n_wanted = self._n_wanted or int(self._ray.cluster_resources().get("CPU", 0))
        while len(self._workers) < max(1, n_wanted):
            handle = self._class.remote(self._station)
            self._workers.append(_Actor(handle=handle, answer=handle.open.remote()))

    def _hand(self, worker: _Actor) -> None:
        worker.answer = worker.handle.do.remote(worker.works)

    def _received(self, actor: _Actor) -> list[Result]:
        try:
            answer = self._ray.get(actor.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._buried(actor, error)
        actor.answer = None
        if actor.works:
            return self._answered(actor, answer)
        wrong, actor.node, model_hash = answer
        if wrong:
            raise InputError(f"a worker cannot begin: {wrong}")
        if model_hash != self._model_hash:
            raise InputError(
                f"node {actor.node[:8]} has another model (or clip) than this machine; install the "
                f"same version of aeolia, and the same files, on all"
            )
        self._begun(actor)
        return []

    def _buried(self, actor: _Actor, error: Exception) -> list[Result]:
        self._workers.remove(actor)
        self._looked = 0.0  # another one at once
        if not actor.ready:
            self._not_begun(" ".join(str(error).split())[:300], "see Ray's logs")
        if not actor.works:
            return []
        went = self._went(actor.node)
        why = f"its node {actor.node[:8]} went" if went else "killed, or out of memory"
        return self._lost(actor, why, moved=went)

    def _went(self, name: str) -> bool:
        """Whether a node is no more; the cluster itself learns that half a minute later."""
        node = next((one for one in self._ray.nodes() if one["NodeID"] == name), None)
        if node is None or not node["Alive"]:
            return True
        if self._remote:  # nodes are out of sight here
            return False
        try:
            reached(node["NodeManagerAddress"], node["NodeManagerPort"])
        except OSError:
            return True
        return False


class _StationActor:
    """A station in an actor."""

    def __init__(self, station: Station) -> None:
        from ray.util import metrics

        self._station = station
        self._files = metrics.Counter("aeolia_bulk_files", "Files tried.", tag_keys=("status",))
        self._audio = metrics.Counter(
            "aeolia_bulk_audio_seconds", "Seconds of audio in files done."
        )
        self._wall = metrics.Counter("aeolia_bulk_work_seconds", "Seconds of work.")

    def open(self) -> tuple[str, str, str]:
        """Begin: what is wrong, the node, and the model's hash."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        try:
            return "", node, self._station.open()
        except AeoliaError as error:
            return str(error), node, ""

    def do(self, works: list[Work]) -> list[dict[str, Any]]:
        """Do a batch, and count."""
        rows = do_batch(self._station, works)
        for status, number in Counter(row["status"] for row in rows).items():
            self._files.inc(number, {"status": status})
        # A counter takes no zero.
        if seconds := sum(row.get("seconds") or 0.0 for row in rows):
            self._audio.inc(seconds)
        self._wall.inc(max(sum(row["wall_seconds"] for row in rows), 1e-9))
        return rows
