"""The three layouts of pairs, and what is said when nothing pairs up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.errors import DataError
from aeolia.evaluation import find_pairs


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(100, 0.5), 16000)


def test_folders_with_labels(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "sub/c.flac"):
        _write(tmp_path / "noisy" / name)
    for name in ("a.flac", "b.wav", "sub/c.wav", "lonely.wav"):
        _write(tmp_path / "clean" / name)
    (tmp_path / "pairs.csv").write_text(
        "name,snr_db,room,speaker,noise\na.wav,-5,hall,anna,rain\nsub/c,2.5,,bert,\n"
    )
    found = find_pairs(tmp_path)
    assert [pair.name for pair in found.pairs] == ["a", "b", "sub/c"]
    assert [pair.snr_db for pair in found.pairs] == [-5.0, None, 2.5]
    assert found.pairs[0].labels == {"room": "hall", "speaker": "anna", "noise": "rain"}
    assert found.pairs[2].labels == {"speaker": "bert"}
    assert found.pairs[0].clean.suffix == ".flac"
    assert [Path(path).name for path in found.unpaired] == ["lonely.wav"]


def test_voicebank_demand(tmp_path: Path) -> None:
    for side in ("noisy", "clean"):
        _write(tmp_path / f"{side}_testset_wav" / "p232_001.wav")
    (tmp_path / "log_testset.txt").write_text("p232_001 bus 17.5\np232_002 cafe 2.5\n")
    (pair,) = find_pairs(tmp_path).pairs
    assert (pair.name, pair.snr_db) == ("p232_001", 17.5)
    assert pair.labels == {"noise": "bus", "speaker": "p232"}


def test_one_folder(tmp_path: Path) -> None:
    for name in ("fan.noisy.wav", "fan.clean.wav", "other.wav", "x.noisy.wav"):
        _write(tmp_path / name)
    found = find_pairs(str(tmp_path))
    assert [(pair.name, pair.noisy.name) for pair in found.pairs] == [("fan", "fan.noisy.wav")]
    assert len(found.unpaired) == 1


def test_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; a folder of noisy and clean"):
        find_pairs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no pairs; needed are noisy/ and clean/"):
        find_pairs(tmp_path)
    _write(tmp_path / "noisy" / "a.wav")
    _write(tmp_path / "clean" / "b.wav")
    with pytest.raises(DataError, match="1 noisy and 1 clean recordings, but none share a name"):
        find_pairs(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        find_pairs(tmp_path / "noisy" / "a.wav")


def test_bad_tables_of_labels(tmp_path: Path) -> None:
    for side in ("noisy", "clean"):
        _write(tmp_path / side / "a.wav")
    (tmp_path / "pairs.csv").write_text("file,snr_db\na,5\n")
    with pytest.raises(DataError, match="columns file, snr_db; a column name is needed"):
        find_pairs(tmp_path)
    for text in ("loud", "nan", "-inf", "9" * 400):
        (tmp_path / "pairs.csv").write_text(f"name,snr_db\na,{text}\n")
        with pytest.raises(DataError, match=f"snr_db of a is '{text[:50]}.*must be a number"):
            find_pairs(tmp_path)
    (tmp_path / "pairs.csv").write_bytes(b"name,snr_db\na,\xff\n")
    with pytest.raises(DataError, match="pairs.csv: no text in UTF-8"):
        find_pairs(tmp_path)


def test_lines_of_other_lengths(tmp_path: Path) -> None:
    for side in ("noisy", "clean"):
        _write(tmp_path / side / "a.wav")
    (tmp_path / "pairs.csv").write_text("room,name\nbath\nhall,a,3,4\n")
    (pair,) = find_pairs(tmp_path).pairs
    assert pair.labels == {"room": "hall"}
