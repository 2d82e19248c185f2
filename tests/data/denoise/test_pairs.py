"""Validation pairs: the same every time, at their SNRs, from held-out recordings only."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from made.full_disk import file_size_limit
from made.recordings import made_rows

torch = pytest.importorskip("torch")

from aeolia.data.corpus.manifest import Row  # noqa: E402
from aeolia.data.corruptions import active_level  # noqa: E402
from aeolia.data.denoise.pairs import pair_config, validation_pairs, write_pairs  # noqa: E402
from aeolia.errors import DataError  # noqa: E402

RATE = 16000


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    """Made recordings, the last speakers and noises held out."""
    rows = made_rows(folder)
    return [
        replace(row, split="choose" if row.label in ("s5", "n4", "n5") else "train") for row in rows
    ]


def test_pairs_are_fixed_and_at_their_snr(rows: list[Row], folder: Path) -> None:
    config = pair_config(RATE, seconds=1.0)
    first, again = (list(validation_pairs(rows, 6, (-5.0, 10.0), config)) for _ in range(2))
    assert [pair.info for pair in first] == [pair.info for pair in again]
    for index, (pair, same) in enumerate(zip(first, again, strict=True)):
        assert np.array_equal(pair.noisy, same.noisy)
        assert pair.info.snr_db == (-5.0, 10.0)[index % 2]
        assert pair.info.speaker == "made/s5"
        noise = torch.from_numpy(pair.noisy - pair.reference)[None]
        speech = torch.from_numpy(pair.reference)[None]
        ratio = active_level(speech, RATE) / active_level(noise, RATE)
        assert 20 * np.log10(ratio.item()) == pytest.approx(pair.info.snr_db, abs=0.3)
        names = {part for part in pair.info.noise.split("+") if not part.startswith("babble")}
        assert names <= {"made/n4", "made/n5"}


def test_written_pairs_are_complete(rows: list[Row], folder: Path) -> None:
    out = folder / "out"
    config = pair_config(RATE, seconds=1.0, reverb=1.0)
    infos = write_pairs(out, rows, 4, (0.0, float("inf")), config)
    with (out / "pairs.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [line["name"] for line in table] == [info.name for info in infos]
    assert all(line["room"].startswith("simulated") for line in table)
    for info in infos:
        for part in ("noisy", "clean"):
            audio, rate = soundfile.read(out / part / f"{info.name}.wav")
            assert rate == RATE and len(audio) == RATE and np.abs(audio).max() > 0.001
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_what_is_missing_or_in_the_way_is_said(rows: list[Row], folder: Path) -> None:
    config = pair_config(RATE, seconds=1.0)
    (folder / "full").mkdir()
    (folder / "full" / "x").touch()
    with pytest.raises(DataError, match="exists already"):
        write_pairs(folder / "full", rows, 1, (0.0,), config)
    for kind in ("speech", "noise"):
        fewer = [row for row in rows if row.kind != kind]
        with pytest.raises(DataError, match=f"the choose split holds no {kind}"):
            write_pairs(folder / "none", fewer, 1, (0.0,), config)
    assert not (folder / "none").exists()


def test_pairs_that_find_no_room(rows: list[Row], tmp_path: Path) -> None:
    config = pair_config(RATE, seconds=1.0)
    list(validation_pairs(rows, 1, (0.0,), config))  # decoded, into the cache, while there is room
    with file_size_limit(10_000):
        with pytest.raises(DataError, match="out: cannot be written"):
            write_pairs(tmp_path / "out", rows, 2, (0.0,), config)
    assert not list(tmp_path.iterdir())
