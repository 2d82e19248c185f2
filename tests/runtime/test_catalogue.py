"""The catalogue: released models by name, other files by path, helpful errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aeolia.errors import ModelError
from aeolia.runtime import catalogue
from aeolia.runtime.released_file import open_released
from made.tiny_separators import write_separator


@pytest.fixture
def released(tmp_path: Path, gain_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    for name in ("denoise", "denoise-16k"):
        shutil.copy(gain_model, folder / f"{name}.onnx")
    monkeypatch.setattr(catalogue, "released_folder", lambda: folder)
    return folder


def test_names(released: Path) -> None:
    assert list(catalogue.released_models()) == ["denoise", "denoise-16k"]
    assert catalogue.find_model("denoise-16k") == released / "denoise-16k.onnx"
    assert catalogue.load("denoise").config.task == "denoise"


def test_parts_of_models_are_no_models(released: Path, gain_model: Path) -> None:
    shutil.copy(gain_model, released / "denoise.voice.onnx")
    assert list(catalogue.released_models()) == ["denoise", "denoise-16k"]
    with pytest.raises(ModelError, match="no model is named 'denoise.voice'"):
        catalogue.load("denoise.voice")


def test_load_by_task(tmp_path: Path, released: Path) -> None:
    path = write_separator(tmp_path / "mine.onnx")
    assert catalogue.load(path, "separate").config.condition == "classes"
    with pytest.raises(ModelError, match="'denoise'; 'separate' needs another one"):
        catalogue.load("denoise", "separate")


def test_path(gain_model: Path) -> None:
    assert catalogue.load(gain_model).path == gain_model
    assert catalogue.load(str(gain_model)).path == gain_model


def test_unknown_name_names_the_nearest(released: Path) -> None:
    with pytest.raises(ModelError, match="'denoise16k'; did you mean 'denoise-16k'"):
        catalogue.load("denoise16k")


def test_unknown_path_and_folder(released: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        catalogue.load("somewhere/mine.onnx")
    with pytest.raises(ModelError, match="a folder, not a model file"):
        catalogue.load(tmp_path)


def test_every_released_model_has_a_card() -> None:
    for name, path in catalogue.released_models().items():
        file = open_released(path)
        assert file.config.name == name
        assert file.card.startswith("#"), f"{name} has no card"
