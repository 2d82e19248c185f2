"""Workers of a job of millions on Ray: an actor a CPU, each with its own model.

Actors, and not `map_batches`: the ledger needs to know file by file what was done, which file a
dead actor was at, and whose the fault was.

A call of an actor costs milliseconds, of CPU and of waiting: much beside a recording of a second.
So short ones go by batches of about a second of work, and what is longer goes alone. Of a batch
that is lost with its actor nobody knows whose fault it was: each of its files then goes alone.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aeolia.bulk.crew import MOST_FALSE_STARTS, Result, lost
from aeolia.bulk.ledger import DONE
from aeolia.bulk.ray_cluster import connected, reached
from aeolia.bulk.station import FATAL, Station, Work
from aeolia.errors import AeoliaError, InputError

__all__ = ["MOVED", "Actors"]

#: Key of the row of a file whose node went, or that was lost with others: no fault of its own, as
#: far as is known.
MOVED = "moved"
#: Of work in a batch, and files: as many as make the cost of a call small.
_BATCH_SECONDS, _BATCH_FILES = 1.0, 64
#: How much of what was known of the pace stays with each batch.
_MEMORY = 0.9
#: How often it is looked whether nodes came.
_LOOK_SECONDS = 2.0


@dataclass
class _Actor:
    handle: Any
    #: What it is asked for now.
    answer: Any
    ready: bool = False
    node: str = ""
    works: list[Work] = field(default_factory=list)
    since: float = 0.0


class _Queue:
    """Files that wait for an actor, and how many of them are a batch."""

    def __init__(self) -> None:
        self._works: deque[Work] = deque()
        self._wall, self._size = 0.0, 0.0

    def __len__(self) -> int:
        return len(self._works)

    def __iter__(self) -> Iterator[Work]:
        return iter(self._works)

    def add(self, work: Work) -> None:
        """Add a file."""
        self._works.append(work)

    def give_back(self, works: Sequence[Work]) -> None:
        """Take back what was not begun: it comes next."""
        self._works.extendleft(reversed(works))

    def learn(self, rows: Sequence[dict[str, Any]]) -> None:
        """See from a batch how long files of some size take."""
        done = [row for row in rows if row["status"] == DONE and row["size"]]
        if done:
            self._wall = _MEMORY * self._wall + sum(row["wall_seconds"] for row in done)
            self._size = _MEMORY * self._size + sum(row["size"] for row in done)

    def batch(self, *, complete: bool) -> list[Work]:
        """Take the next batch, if there is one: with `complete`, one that cannot grow."""
        number, seconds = 0, 0.0
        for work in self._works:
            needs = self._seconds(work)
            if number and seconds + needs > _BATCH_SECONDS:
                break
            number, seconds = number + 1, seconds + needs
            if number == _BATCH_FILES or seconds > _BATCH_SECONDS:
                break
        else:
            if complete:
                return []
        return [self._works.popleft() for _ in range(number)]

    def _seconds(self, work: Work) -> float:
        """Of work for a file, about; without end for one not known, or suspected."""
        if work.size is None or not self._size or work.attempt > 1 or work.moves:
            return math.inf
        return self._wall / self._size * work.size


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
        address = address or os.environ.get("RAY_ADDRESS")  # as Ray has it, in its jobs too
        dashboard = connected(address, n_workers)
        self.remark = f"Ray's dashboard: http://{dashboard}" if dashboard else ""
        import ray

        self._ray = ray
        self._remote = (address or "").startswith("ray://")
        self._station, self._model_hash, self._n_wanted = station, model_hash, n_workers
        self._class = ray.remote(num_cpus=1, max_restarts=0)(_StationActor)
        self._false_starts = 0
        self._actors: list[_Actor] = []
        self._queue = _Queue()
        self._looked = 0.0
        self._hire()

    def room(self) -> int:
        return int(self._idle() is not None)

    def send(self, work: Work) -> None:
        self._queue.add(work)
        self._assign(complete=True)

    def results(self, seconds: float) -> list[Result]:
        self._hire()
        self._assign(complete=False)
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
        """Of a batch its largest file: what takes long is mostly that, and alone."""
        now = time.monotonic()
        found = [(max(a.works, key=_size), now - a.since) for a in self._actors if a.works]
        return found + [(work, 0.0) for work in self._queue]

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

    def _idle(self) -> _Actor | None:
        return next((one for one in self._actors if one.ready and not one.works), None)

    def _assign(self, *, complete: bool) -> None:
        """Send batches as long as there are some, and actors for them."""
        while (actor := self._idle()) and (works := self._queue.batch(complete=complete)):
            actor.works, actor.since = works, time.monotonic()
            actor.answer = actor.handle.do.remote(works)

    def _received(self, actor: _Actor) -> list[Result]:
        try:
            answer = self._ray.get(actor.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._buried(actor, error)
        works, actor.works, actor.answer = actor.works, [], None
        if works:
            self._queue.learn(answer)
            self._queue.give_back(works[len(answer) :])
            return list(zip(works, answer, strict=False))
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
        if not actor.works:
            return []
        went = self._went(actor.node)
        why = f"its node {actor.node[:8]} went" if went else "killed, or out of memory"
        moved = went or len(actor.works) > 1
        return [(work, {**lost(work, why), MOVED: moved}) for work in actor.works]

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

    def do(self, works: list[Work]) -> list[dict[str, Any]]:
        """Do files in turn, as many as there is time for."""
        began, rows = time.monotonic(), list[dict[str, Any]]()
        for work in works:
            if rows and (rows[-1].get(FATAL) or time.monotonic() - began > _BATCH_SECONDS):
                break
            rows.append(self._done(work))
        return rows

    def _done(self, work: Work) -> dict[str, Any]:
        row = self._station.do(work)
        self._files.inc(1, {"status": row["status"]})
        # A counter takes no zero.
        if row.get("seconds"):
            self._audio.inc(row["seconds"])
        self._wall.inc(max(row["wall_seconds"], 1e-9))
        return row


def _size(work: Work) -> int:
    return work.size or 0
