"""Released models are as they were released, or refused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from aeolia.errors import ModelError
from aeolia.runtime import checksums
from aeolia.runtime.session import open_session


def test_the_table_is_that_of_the_files() -> None:
    folder = checksums.released_folder()
    files = [*folder.glob("*.onnx"), *folder.glob("*.safetensors")]
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert checksums._checksums() == there, (
        "a released file changed: in src/aeolia/released, "
        "`sha256sum *.onnx *.safetensors > SHA256SUMS`"
    )


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One released model in a folder that passes for the package's."""
    folder = checksums.released_folder()
    for name in ("drums.prior.onnx", "denoise-16k.safetensors", checksums.CHECKSUMS):
        shutil.copy(folder / name, tmp_path)
    monkeypatch.setattr(checksums, "released_folder", lambda: tmp_path)
    return tmp_path


def test_a_whole_file_is_opened(copied: Path) -> None:
    assert open_session(copied / "drums.prior.onnx").outputs == ["mean", "log_variance"]


def damage(path: Path) -> None:
    """One bit of a weight, such as a bad disk would turn."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_damaged_graph_is_refused(copied: Path) -> None:
    damage(copied / "drums.prior.onnx")
    with pytest.raises(ModelError, match="damaged.*SHA256SUMS.*install Aeolia again"):
        open_session(copied / "drums.prior.onnx")


def test_damaged_weights_are_refused(copied: Path) -> None:
    pytest.importorskip("torch")
    from aeolia.models.checkpoint import read_checkpoint

    damage(copied / "denoise-16k.safetensors")
    with pytest.raises(ModelError, match="damaged.*SHA256SUMS"):
        read_checkpoint(copied / "denoise-16k.safetensors")


def test_files_elsewhere_are_no_matter_of_the_table(copied: Path) -> None:
    other = copied / "mine" / "drums.prior.onnx"
    other.parent.mkdir()
    shutil.copy(copied / "drums.prior.onnx", other)
    damage(other)
    checksums.check_as_released(other)
