"""The pages on doors and on the page of `aeolia web`: what was measured is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.doors import in_browser, native
from benchmarks.doors.run import page
from benchmarks.results import Entry, Results
from benchmarks.web.run import page as web_page


def row(door: str, system: str, *, ours: bool, **more: Any) -> dict[str, Any]:
    times = {"hop_ms": 16.0, "median_ms": 0.8, "p95_ms": 1.2, "bytes": 2_000_000}
    return {"door": door, "system": system, "model": system, "ours": ours, **times, **more}


def cells(text: str) -> list[list[str]]:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def test_the_page_on_doors(tmp_path: Path) -> None:
    rows = [
        row("C", "denoise", ours=True),
        row("C", "RNNoise 0.2", ours=False),
        row("browser", "denoise-8bit", ours=True, model="denoise", gzip_bytes=4_500_000),
    ]
    quality = {"denoise": {"pesq_wb": 2.0, "estoi": 0.7, "si_sdr": 9.5}}
    details = {
        "rows": rows,
        "missing": ["GTCRN: not among the peers"],
        "browser": "HeadlessChrome/1",
        "quality": quality,
        "quality_note": "Quality is of 200 clips.",
    }
    Results("doors", {"date": "today"}, details=details).write(tmp_path / "doors.json")
    text = page(Results.read(tmp_path / "doors.json"))
    found = {one[0]: one[1:] for one in cells(text)}
    assert found["**denoise**"] == [
        "2000",
        "16.0",
        "0.80",
        "1.20",
        "5.0 %",
        "2.00",
        "0.700",
        "9.50",
    ]
    assert found["RNNoise 0.2"][-3:] == ["", "", ""]  # no scores of it
    assert found["**denoise-8bit**"][0] == "4500"  # as it is sent
    assert found["**denoise-8bit**"][-3:] == ["", "", ""]  # other weights, other scores
    assert "Not measured: GTCRN: not among the peers." in text and "HeadlessChrome/1" in text


def test_scores_of_models_that_changed_are_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    from benchmarks.denoise.quality import our_system
    from benchmarks.doors import run
    from benchmarks.results import ClipSet

    scores = {"pesq_wb": [1.0, 3.0], "estoi": [0.5, 0.7], "si_sdr": [8.0, 10.0]}
    systems = [our_system("denoise-16k").entry, Entry("denoise", 48000, "ours-old", ours=True)]
    kept = Results(
        "denoise",
        {"date": "then"},
        systems,
        {"mixtures": ClipSet("hash", [{}, {}])},
        {"mixtures": {"denoise-16k": scores, "denoise": scores}},
    )
    kept.write(tmp_path / "denoise.json")
    monkeypatch.setattr(run, "_SCORES", tmp_path / "denoise.json")
    quality, note = run._quality(["denoise", "denoise-16k"])
    assert quality == {"denoise-16k": {"pesq_wb": 2.0, "estoi": 0.6, "si_sdr": 9.0}}
    assert "2 mixtures" in note and "measured then" in note and "denoise changed since" in note


def test_peers_that_are_not_there_are_named(tmp_path: Path) -> None:
    found, missing = in_browser._fastenhancer(tmp_path)
    assert found == {} and len(missing) == 3 and "fe_tiny_48k.bin" in missing[0]
    # What sherpa-onnx's own script says of GTCRN is what its network has.
    assert native._GTCRN["hop_length"] == 256 and native._GTCRN["model_type"] == "gtcrn"


def test_the_page_on_the_page(tmp_path: Path) -> None:
    spread = {"count": 100, "p50": 2.0, "p99": 4.0, "most": 9.0}
    slower = {"count": 100, "p50": 3.0, "p99": 10.0, "most": 20.0}
    keys = ("/", "/api/about", "/play.js", "frames", "clicks")
    details = {
        "minutes": 10.0,
        "seconds": 61.0,
        "browser": "HeadlessChrome/1",
        "starts": [{"address": 0.5, "page": value} for value in (1.0, 1.5, 1.25)],
        "rest": {**dict.fromkeys(keys, spread), "long_tasks": 0, "longest_task": 0.0},
        "busy": {**dict.fromkeys(keys, slower), "long_tasks": 2, "longest_task": 70.0},
    }
    (tmp_path / "web.json").write_text("")
    Results("web", {"date": "today"}, details=details).write(tmp_path / "web.json")
    assert json.loads((tmp_path / "web.json").read_text())["page"] == "web"
    text = web_page(Results.read(tmp_path / "web.json"))
    found = {one[0]: one[1:] for one in cells(text)}
    assert found["the page is there"] == ["1.25", "1.50"]
    assert found["`GET /api/about`"] == ["2.0", "4.0", "9.0", "3.0", "10.0", "20.0", "2.5"]
    assert "at work 2, the longest 70 ms" in text
