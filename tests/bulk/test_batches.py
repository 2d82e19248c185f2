"""Which files go to an actor together."""

from __future__ import annotations

from typing import Any

import pytest

from aeolia.bulk.ray_crew import _BATCH_FILES, _Queue
from aeolia.bulk.station import Work


def work(name: str, size: int | None = 1000, **facts: Any) -> Work:
    return Work(f"file:///{name}", name, size=size, **facts)


@pytest.fixture
def queue() -> _Queue:
    """Knows that 100 kB take a second."""
    found = _Queue()
    found.learn([{"status": "done", "size": 100_000, "wall_seconds": 1.0}])
    return found


def names(works: list[Work]) -> str:
    return " ".join(one.name for one in works)


def test_a_second_of_work_is_a_batch(queue: _Queue) -> None:
    for number in range(25):
        queue.add(work(f"{number}", 10_000))
    assert names(queue.batch(complete=True)) == "0 1 2 3 4 5 6 7 8 9"
    assert len(queue.batch(complete=True)) == 10
    assert queue.batch(complete=True) == []  # five, and more may come
    assert len(queue.batch(complete=False)) == 5 and len(queue) == 0
    assert queue.batch(complete=False) == []


def test_no_batch_has_more_files_than_its_calls_cost_asks_for(queue: _Queue) -> None:
    for number in range(200):
        queue.add(work(f"{number}", 1))
    assert len(queue.batch(complete=True)) == _BATCH_FILES


def test_what_takes_long_is_not_known_or_is_suspected_goes_alone(queue: _Queue) -> None:
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
    queue = _Queue()
    for number in range(100):
        queue.add(work(f"{number}", 10_000))
    assert names(queue.batch(complete=True)) == "0"
    queue.learn([{"status": "failed"}])  # says nothing of the pace
    assert names(queue.batch(complete=True)) == "1"
    queue.learn([{"status": "done", "size": 10_000, "wall_seconds": 0.25}])
    assert names(queue.batch(complete=True)) == "2 3 4 5"
    for _ in range(50):  # others, ten times as fast
        queue.learn([{"status": "done", "size": 10_000, "wall_seconds": 0.025}])
    assert len(queue.batch(complete=True)) > 30


def test_what_an_actor_had_no_time_for_comes_next_in_its_order(queue: _Queue) -> None:
    for name in "abcd":
        queue.add(work(name))
    taken = queue.batch(complete=False)
    queue.add(work("e"))
    queue.give_back(taken[2:])
    assert names(queue.batch(complete=False)) == "c d e"
