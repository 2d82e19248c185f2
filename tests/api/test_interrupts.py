"""Ctrl-C and SIGTERM end the command even while a model's endless loop runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from made.odd_models import write_odd_model

pytest.importorskip("onnx")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("n_files", [1, 2])  # in the main thread, and in threads of a pool
def test_an_endless_model_ends(sent: int, code: int, n_files: int, tmp_path: Path) -> None:
    model = write_odd_model(tmp_path / "odd.onnx", "endless")
    names = [f"{number}.wav" for number in range(n_files)]
    for name in names:
        soundfile.write(tmp_path / name, np.zeros(4000), 16000)
    command = [sys.executable, "-m", "aeolia", "denoise", *names, "-o", "out"]
    command[-1] = "out" if n_files > 1 else "out.wav"
    with subprocess.Popen(
        [*command, "--model", str(model), "--jobs", "2"], cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        # Until it works: its output lies beside its path.
        deadline = time.monotonic() + 30
        while len(list(tmp_path.rglob(".*.partial-*"))) < n_files and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(sent)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert b"Traceback" not in errors
    assert not list(tmp_path.rglob(".*.partial-*"))
