"""The ledger: later rows count, kills lose no row that was written, and only one job writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aeolia import Denoise, Shift
from aeolia.bulk.ledger import DONE, FAILED, Ledger
from aeolia.bulk.stores import Place
from aeolia.errors import InputError

Rows = Callable[[str], dict[str, dict[str, Any]]]


def filled(uri: str) -> Ledger:
    ledger = Ledger(uri)
    ledger.begin(Denoise(), "file:///out")
    for number in range(5):
        ledger.add({"input": f"file:///{number}", "status": FAILED, "attempt": 1, "error": "x"})
    ledger.flush()
    ledger.add({"input": "file:///3", "status": DONE, "attempt": 2, "outputs": ["file:///o"]})
    ledger.flush()
    return ledger


@pytest.mark.parametrize("where", ["file", "memory"])
def test_the_latest_row_counts_before_and_after_compaction(
    where: str, tmp_path: Path, memory: Callable[[str], str], rows: Rows
) -> None:
    uri = str(tmp_path / "ledger") if where == "file" else memory("ledger")
    ledger = filled(uri)
    for _ in range(2):
        index = ledger.index()
        known = {n: index.known(f"file:///{n}") for n in range(5)}
        assert [one.status for one in known.values() if one] == [FAILED] * 3 + [DONE, FAILED]
        assert known[3] and known[3].attempt == 2
        assert len(ledger.failures(10)) == 4
        ledger.compact()
    (Place(uri) / "parts").names()
    assert len((Place(uri) / "parts").names()) == 1
    found = rows(uri)
    assert len(found) == 5 and found["3"]["outputs"] == ["file:///o"]


def test_a_kill_between_merging_and_removing_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    ledger = filled(str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(Place, "remove", lambda self: None)  # as if it never came so far
        ledger.compact()
    assert len(list((tmp_path / "parts").iterdir())) == 3
    again = Ledger(str(tmp_path))
    assert {key: row["status"] for key, row in rows(str(tmp_path)).items()}["3"] == DONE
    again.compact()
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert len(rows(str(tmp_path))) == 5


def test_a_clock_that_was_set_back_brings_no_old_rows_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    filled(str(tmp_path))
    monkeypatch.setattr("time.time_ns", lambda: 5)
    ledger = Ledger(str(tmp_path))
    ledger.add({"input": "file:///0", "status": DONE, "attempt": 3})
    ledger.flush()
    assert rows(str(tmp_path))["0"]["attempt"] == 3


def test_a_ledger_is_of_one_operation_and_one_output(tmp_path: Path) -> None:
    Ledger(str(tmp_path)).begin(Denoise(attenuation_limit_db=6.0), "file:///out")
    Ledger(str(tmp_path)).begin(Denoise(attenuation_limit_db=6.0), "file:///out")
    with pytest.raises(InputError, match="ledger of another operation"):
        Ledger(str(tmp_path)).begin(Shift(semitones=1), "file:///out")
    with pytest.raises(InputError, match="ledger of another output, file:///out"):
        Ledger(str(tmp_path)).begin(Denoise(attenuation_limit_db=6.0), "file:///other")


@pytest.mark.parametrize(
    ("text", "match"),
    [("{", "not of a ledger"), ("[]", "not of a ledger"), ('{"format": 9}', "format 9")],
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(InputError, match=match):
        Ledger(str(tmp_path)).begin(Denoise(), "file:///out")


def test_a_part_that_is_none_is_named(tmp_path: Path) -> None:
    filled(str(tmp_path))
    (tmp_path / "parts" / "00-x.parquet").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="00-x.parquet: cannot be read"):
        Ledger(str(tmp_path)).index()


def test_parts_that_are_merged_while_they_are_read_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by `status` when a job ends."""
    reader, writer = Ledger(str(tmp_path / "ledger")), filled(str(tmp_path / "ledger"))
    names = reader._names

    def stale() -> list[str]:
        found = names()
        if len(found) > 1:
            writer.compact()
        return found

    monkeypatch.setattr(reader, "_names", stale)
    assert [known.status for n in (0, 3) if (known := reader.index().known(f"file:///{n}"))] == [
        FAILED,
        DONE,
    ]
    assert len(reader.failures(10)) == 4
    monkeypatch.setattr(reader, "_names", lambda: ["gone.parquet"])
    with pytest.raises(InputError, match="gone.parquet: not there"):
        reader.index()
