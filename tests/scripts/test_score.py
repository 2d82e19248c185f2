"""The bundled score: the script makes what is committed, and a player finds all it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from aeolia.runtime.synth.score_reader import read_score

ROOT = Path(__file__).parents[2]
SCORE = ROOT / "examples" / "greensleeves.mid"


def test_the_script_makes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_score.py", tmp_path],
        check=True,
        capture_output=True,
    )
    assert (tmp_path / SCORE.name).read_bytes() == SCORE.read_bytes()


def test_what_is_in_it() -> None:
    score = read_score(SCORE)
    assert score.remarks == ()
    assert score.channels() == {1: (65,), 2: (0,), 3: (32,), 4: (42,), 10: (0,)}
    # 193 eighths at 252 a minute, the last six slower.
    assert 193 * 60 / 252 < score.seconds < 193 * 60 / 252 + 1.5
    tune = [note for note in score.notes if note.channel == 1]
    assert [note.pitch for note in tune[:7]] == [69, 72, 74, 76, 77, 76, 74]
    onsets = np.array([note.onset_seconds for note in tune])
    assert (np.diff(onsets) > 0).all()
    assert score.bends[1].values.min() == -0.5
    # The pedal holds the piano's broken chords to the end of each half bar.
    piano = [note for note in score.notes if note.channel == 2][:3]
    ends = [note.release_seconds for note in piano]
    assert max(ends) - min(ends) < 1e-9 and ends[0] > piano[2].onset_seconds + 0.2
