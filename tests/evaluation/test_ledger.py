"""An evaluation that is killed goes on: what was scored is not scored again."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from aeolia.errors import DataError, InputError
from aeolia.evaluation.ledger import Ledger, going_on, key_of
from aeolia.evaluation.scoring import ClipScores
from aeolia.files import claimed
from made.programs import program

#: Copies its input and notes so; kills what started it at its third clip, as long as `armed` lies
#: beside it.
_PROGRAM = """
import os, signal
from pathlib import Path
here = Path(__file__).parent
calls = here / "calls"
shutil.copy(arguments[0], arguments[1])
with calls.open("a") as file:
    print("run", file=file)
if (here / "armed").exists() and len(calls.read_text().split()) == 3:
    os.kill(os.getppid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on Windows")
def test_after_a_kill_only_the_rest_is_scored(tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs", tmp_path / "report"
    pairs.mkdir()
    rng = np.random.default_rng(0)
    for name in "abcd":
        for side in ("noisy", "clean"):
            noise = 0.1 * rng.standard_normal(4000)
            soundfile.write(pairs / f"{name}.{side}.wav", noise, 16000)
    line = program(tmp_path, _PROGRAM, "{in} {out}")
    calls, armed = (tmp_path / "a folder" / name for name in ("calls", "armed"))
    arguments = ["evaluate", str(pairs), "-o", str(out), "--metrics", "snr", "-c", line, "-q"]
    armed.touch()
    killed = subprocess.run([sys.executable, "-m", "aeolia", *arguments], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert os.listdir(out) != [] and not (out / "scores.csv").exists()
    armed.unlink()
    calls.unlink()
    assert run(arguments) == 0
    # The third and the fourth clip, and the four that the page is to sound.
    assert calls.read_text().split() == ["run"] * (2 + 4)
    scores = (out / "scores.csv").read_text().splitlines()
    assert len(scores) == 1 + 4 + 4
    assert sorted(os.listdir(out)) == ["report.html", "scores.csv", "summary.json"]


def test_a_row_comes_back_as_it_was_and_a_cut_line_does_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    row = ClipScores(
        *("näme \udcff", "mine", 1.5, 16000, 2, math.nan, True, 0.1 + 0.2),
        labels={"room": "hall"},
        values={"snr": 3.25, "pitch_error": math.nan},
        problems=("pitch_error: no pitch",),
    )
    ledger.add("key", row)
    ledger.add("key", ClipScores("failed", "mine", problems=("no audio",)))
    with ledger.path.open("a") as file:
        file.write('["key", {"name": "cut')
    again = Ledger(tmp_path)
    (found,) = again.known("key", [row.name]) or []
    assert repr(found) == repr(row)
    assert again.known("key", [row.name, "failed"]) is None
    assert again.known("other", [row.name]) is None
    again.add("key", ClipScores("next", "mine", 1.0, 16000, 1))
    assert Ledger(tmp_path).known("key", [row.name, "next"]) is not None


def test_a_key_changes_with_files_and_system_and_metrics(tmp_path: Path) -> None:
    clip = tmp_path / "a.wav"
    clip.write_bytes(b"one")
    key = key_of("model", "clip", [clip], ["snr", "sdr"])
    assert key == key_of("model", "clip", [clip], ["sdr", "snr"])
    assert key != key_of("other", "clip", [clip], ["snr", "sdr"])
    assert key != key_of("model", "clip at 3 dB", [clip], ["snr", "sdr"])
    assert key != key_of("model", "clip", [clip], ["snr"])
    clip.write_bytes(b"other")
    assert key != key_of("model", "clip", [clip], ["snr", "sdr"])


def test_what_cannot_be_evaluated_leaves_nothing_and_two_do_not_mix(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none"), going_on(tmp_path / "new") as ledger:
        ledger.add("key", ClipScores("a", "mine", 1.0, 16000, 1))
        raise DataError("none of the clips")
    assert not (tmp_path / "new").exists()
    with (
        claimed(ledger.path),
        pytest.raises(InputError, match="another process is writing"),
        going_on(tmp_path / "new"),
    ):
        pass
