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


def test_a_long_recording_that_is_not_named_would_be_seen() -> None:
    row = {"engine": "ray", "hours": 10.0, "number": 9, "alone": 200.0, "early": 210.0}
    row |= {"megabytes": 220.0, "short_done": 30.0, "long_done": 99.0, "rate": 400.0}
    found = {"long": {"found": [{**row, "in_status": False, "in_report": True}], "made": {}}}
    assert re.search(
        r"\| ray .*\| 200 .*\| 210 .*\| 220 .*\| 30 .*\| 99 .*\| 400 .*\| NO .*\| yes", page(found)
    )
