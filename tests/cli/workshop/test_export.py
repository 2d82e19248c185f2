"""aeolia export: a run as one file that `aeolia denoise` runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.cli import run
from aeolia.models.checkpoint import WEIGHTS_FILE, save_checkpoint
from aeolia.models.export import onnx as export
from aeolia.models.torch_backend import TorchBackend
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from made.recordings import voice_like
from made.tiny_models import TINY, random_model


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """What training leaves, as far as export needs it."""
    folder = tmp_path / "run"
    folder.mkdir()
    save_checkpoint(folder / WEIGHTS_FILE, TINY, random_model(TINY).state_dict())
    (folder / "card.md").write_text("# tiny\n\nSaid “clean”.\n", encoding="utf-8")
    return folder


def test_the_file_denoises(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.onnx"
    assert run(["export", str(run_folder), "-o", str(file)]) == 0
    assert "differs from PyTorch by at most" in capsys.readouterr().out
    assert OnnxBackend(file).card == "# tiny\n\nSaid “clean”.\n"

    audio = voice_like(1.0, 16000)
    soundfile.write(tmp_path / "talk.wav", audio, 16000, subtype="FLOAT")
    out = tmp_path / "out.wav"
    assert (
        run(
            ["denoise", str(tmp_path / "talk.wav"), "-o", str(out), "--model", str(file), "--quiet"]
        )
        == 0
    )
    found, _ = soundfile.read(out, dtype="float32")
    expected = DenoisingStream(TorchBackend.from_checkpoint(run_folder)).process(audio)
    assert np.abs(found - expected).max() < 1e-5


def test_a_checkpoint_file_and_a_card_of_ones_own(run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("# mine\n")
    file = tmp_path / "model.onnx"
    weights = str(run_folder / WEIGHTS_FILE)
    assert run(["export", weights, "-o", str(file), "--card", str(tmp_path / "own.md")]) == 0
    assert OnnxBackend(file).card == "# mine\n"
    assert run(["export", weights, "-o", str(file), "--overwrite"]) == 0
    assert OnnxBackend(file).card == ""


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("denoise-16k", []),
        ("separate-speaker", ["voice"]),
        ("notes", ["encode", "envelope", "prior"]),
    ],
)
def test_released_names_give_copies_without_pytorch(
    name: str,
    parts: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aeolia.models.export.onnx", None)
    assert run(["export", name, "-o", str(tmp_path / "mine.onnx")]) == 0
    assert f"{name} as it was released" in capsys.readouterr().out
    expected = {"mine.onnx", *(f"mine.{part}.onnx" for part in parts)}
    assert {path.name for path in tmp_path.iterdir()} == expected
    released = aeolia.released_models()[name]
    for path in tmp_path.iterdir():
        original = released.with_name(path.name.replace("mine", name, 1))
        assert path.read_bytes() == original.read_bytes()
    assert aeolia.load(tmp_path / "mine.onnx").config == aeolia.load(name).config
    assert run(["export", name, "-o", str(tmp_path / "mine.onnx")]) == 2


def test_mistakes_are_told_in_one_line(
    run_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "model.onnx"
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"12345678901234567890")
    (tmp_path / "taken.onnx").write_bytes(b"precious")

    def refused(*arguments: object) -> str:
        assert run(["export", *map(str, arguments)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("aeolia: ") and said.count("\n") == 1, said
        return said

    assert "no checkpoint at" in refused(tmp_path / "absent", "-o", file)
    assert "not a readable safetensors file" in refused(damaged, "-o", file)
    taken = tmp_path / "taken.onnx"
    assert "give --overwrite" in refused(run_folder, "-o", taken)
    assert taken.read_bytes() == b"precious"
    assert "does not exist; make it" in refused(run_folder, "-o", tmp_path / "no" / "model.onnx")
    assert "is a folder; name the .onnx file" in refused(run_folder, "-o", tmp_path)
    assert "is a folder" in refused(run_folder, "-o", tmp_path, "--overwrite")
    assert "no card at" in refused(run_folder, "-o", file, "--card", tmp_path / "no.md")

    monkeypatch.setattr(export, "largest_difference", lambda model, files: 3e-4)
    said = refused(run_folder, "-o", file)
    assert "not exported: ONNX Runtime and PyTorch differ by 3.00e-04" in said
    monkeypatch.setattr(export, "largest_difference", lambda model, files: 0.0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "cannot be written" in refused(run_folder, "-o", file)
    assert {path.name for path in tmp_path.iterdir()} == {
        "run",
        "damaged.safetensors",
        "taken.onnx",
    }
