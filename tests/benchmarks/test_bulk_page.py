"""The page of `aeolia bulk`, and its measurement of memory on few names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import PAGES, RESULTS
from benchmarks.bulk.page import PARTS, page

pytest.importorskip("fsspec", reason="pip install 'aeolia[cluster]'")


def test_the_page_is_that_of_its_results() -> None:
    found = json.loads((RESULTS / "bulk.json").read_text())
    assert set(found) <= set(PARTS)
    assert page(found) == (PAGES / "bulk.md").read_text()


def test_a_kill_that_lost_something_would_be_seen() -> None:
    counts = {"files": 9, "workers": 1, "drivers": 1, "missing": 2, "different": 3}
    found = {"kills": {"found": {**counts, "besides": 4, "rows": 7, "twice": 5}, "made": {}}}
    assert re.search(r"\| 9 +\| 1 +\| 1 +\| 2 +\| 3 +\| 4 +\| 7 +\| 5 +\|", page(found))


def test_memory_is_measured_on_few_names(tmp_path: Path) -> None:
    from benchmarks.bulk.memory import measure

    (row,) = measure([2000])
    assert row["files"] == 2000 and 50 < row["megabytes"] < 1000


def test_a_long_recording_is_measured_beside_short_ones() -> None:
    from benchmarks.bulk.long import measure

    (row,) = found = measure(hours=0.05, number=4, engines=("local",))
    assert 50 < row["alone"] < 1000 and 50 < row["early"] <= row["megabytes"] < 1000
    assert row["rate"] > 1 and row["in_report"]
    made = {"long": {"found": found, "made": {}}}
    assert re.search(r"\| local +\| +\d+ \| +\d+ \| +\d+ \|", page(made))
