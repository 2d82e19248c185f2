"""Full disks: what was there before stays, and the reason is one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from aeolia.data.corpus.left_out import LeftOut
from aeolia.errors import InputError, TrainingError
from aeolia.training.run_folder import RunFolder, only_one_writes
from made.full_disk import file_size_limit


def test_a_checkpoint_that_finds_no_room(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.save_state({"step": 1})
    with file_size_limit(50_000):
        with pytest.raises(TrainingError, match="state.pt: cannot be written .*free some space"):
            folder.save_state({"step": 2, "weights": torch.zeros(100_000)})
    assert folder.load_state() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.parametrize("write", ["settings", "card", "list", "log"])
def test_texts_that_find_no_room(tmp_path: Path, write: str) -> None:
    folder = RunFolder(tmp_path)
    (tmp_path / "log.csv").write_bytes(b"step,loss\n" * 1_000)
    with file_size_limit(10_000):
        with pytest.raises(TrainingError, match="cannot be written .File too large.*free some"):
            if write == "settings":
                folder.write_settings({"data": "x" * 20_000})
            elif write == "card":
                folder.write_card("x" * 20_000)
            elif write == "list":
                folder.write_left_out([LeftOut("a.wav", "unreadable", "x" * 20_000)])
            else:
                folder.log("log", 1, {"loss": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_only_one_writes_a_run(tmp_path: Path) -> None:
    @only_one_writes
    def train(steps: int, out: Path) -> int:
        with pytest.raises(InputError, match="run: another process is writing there"):
            resume(out)
        return steps

    @only_one_writes
    def resume(out: Path) -> None:
        raise AssertionError("never reached")

    assert train(3, tmp_path / "run") == 3
    assert not list(tmp_path.iterdir())
