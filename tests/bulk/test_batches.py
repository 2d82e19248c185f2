"""Which files go to a worker together."""

from __future__ import annotations

from typing import Any

import pytest

from aeolia.bulk.batches import BATCH_FILES, BATCH_SECONDS, Queue, do_batch
from aeolia.bulk.station import Work


def work(name: str, size: int | None = 1000, **facts: Any) -> Work:
    return Work(f"file:///{name}", name, size=size, **facts)


@pytest.fixture
def queue() -> Queue:
    """Knows that 100 kB are a batch."""
    found = Queue()
    found.learn([{"status": "done", "size": 100_000, "wall_seconds": BATCH_SECONDS}])
    return found


def names(works: list[Work]) -> str:
    return " ".join(one.name for one in works)


def test_so_many_seconds_of_work_are_a_batch(queue: Queue) -> None:
    for number in range(25):
        queue.add(work(f"{number}", 10_000))
    assert names(queue.batch(complete=True)) == "0 1 2 3 4 5 6 7 8 9"
    assert len(queue.batch(complete=True)) == 10
    assert queue.batch(complete=True) == []  # five, and more may come
    assert len(queue.batch(complete=False)) == 5 and len(queue) == 0
    assert queue.batch(complete=False) == []


def test_no_batch_has_more_files_than_its_calls_cost_asks_for(queue: Queue) -> None:
    for number in range(200):
        queue.add(work(f"{number}", 1))
    assert len(queue.batch(complete=True)) == BATCH_FILES


def test_what_takes_long_is_not_known_or_is_suspected_goes_alone(queue: Queue) -> None:
    """And holds up no other."""
    alone = [work("ten-hours", 10**9), work("unknown", None), work("tried", attempt=2)]
    alone.append(work("moved", moves=1))
    for number, one in enumerate(alone):
        queue.add(work(f"{number}"))
        queue.add(one)
    queue.add(work("last"))
    found = []
    while batch := queue.batch(complete=False):
        found.append(names(batch))
    assert found == ["0", "ten-hours", "1", "unknown", "2", "tried", "3", "moved", "last"]


def test_before_anything_is_known_all_go_alone_and_the_pace_is_learnt() -> None:
    queue = Queue()
    for number in range(100):
        queue.add(work(f"{number}", 10_000))
    assert names(queue.batch(complete=True)) == "0"
    queue.learn([{"status": "failed"}])  # says nothing of the pace
    assert names(queue.batch(complete=True)) == "1"
    queue.learn([{"status": "done", "size": 10_000, "wall_seconds": BATCH_SECONDS / 4}])
    assert names(queue.batch(complete=True)) == "2 3 4 5"
    for _ in range(50):  # others, ten times as fast
        queue.learn([{"status": "done", "size": 10_000, "wall_seconds": BATCH_SECONDS / 40}])
    assert len(queue.batch(complete=True)) > 30


def test_what_a_worker_had_no_time_for_comes_next_in_its_order(queue: Queue) -> None:
    for name in "abcd":
        queue.add(work(name))
    taken = queue.batch(complete=False)
    queue.add(work("e"))
    queue.give_back(taken[2:])
    assert names(queue.batch(complete=False)) == "c d e"


@pytest.mark.parametrize(
    ("rows", "seconds", "number"),
    [
        ([{}] * 4, 0.0, 4),
        ([{}] * 4, 0.6 * BATCH_SECONDS, 2),  # taken for shorter than they are
        ([{}, {"fatal": True}, {}], 0.0, 2),
    ],
)
def test_a_batch_ends_with_its_time_and_with_what_ends_the_job(
    rows: list[dict[str, Any]], seconds: float, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Station:
        now = 0.0

        def do(self, one: Work) -> dict[str, Any]:
            self.now += seconds
            return rows[int(one.name)]

    station: Any = Station()
    monkeypatch.setattr("time.monotonic", lambda: station.now)
    works = [work(f"{n}") for n in range(len(rows))]
    assert do_batch(station, works) == rows[:number]
