"""The page of denoisers as C: every column is there, and sizes are those of the files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from benchmarks.denoise import c_code
from made.tiny_models import TINY, random_model

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="needs a C compiler: gcc"
)


def test_the_page_has_times_ratios_and_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.models.export.c_source.export import c_files
    from aeolia.models.export.onnx import export_onnx

    model, page = tmp_path / "tiny.onnx", tmp_path / "c.md"
    export_onnx(random_model(TINY), model)
    # One build: the machine that compiles need not be like ours.
    monkeypatch.setattr(c_code, "_BUILDS", {"-O1": ["-O1"]})
    c_code.run([str(model)], page, hops=20)
    head, _, row = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.read_text().splitlines()
        if line.startswith("|")
    )
    cells = dict(zip(head, row, strict=True))
    assert cells["hop"] == "16 ms" and float(cells["ratio, -O1"]) > 0.0
    files = c_files(model)
    count = re.search(r"_weights\[([0-9]+)\]", files["tiny_weights.c"])
    assert count is not None and cells["weights"] == f"{4 * int(count[1]) / 1e3:.0f}"
    assert 10.0 < float(cells["code"]) < 500.0
    size = re.search(r"TINY_BYTES ([0-9]+)", files["tiny.h"])
    assert size is not None and cells["memory"] == f"{int(size[1]) / 1e3:.0f}"
