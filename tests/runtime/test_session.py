"""A model that misbehaves is an error in words, never silence or a file of another length."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

import aeolia
from aeolia.errors import ModelError
from aeolia.runtime.session import stop_running
from made.odd_models import write_odd_model

pytest.importorskip("onnx")


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ("infinite", "its output is not finite"),
        ("not a number", "its output is not finite"),
        ("too short", r"its output has the shape \[1, 1, \d+\] where \[1, 1, \d+\] is needed"),
        ("too long", r"its output has the shape \[1, 1, \d+\] where"),
        ("other numbers", "no array of 32-bit"),
        ("failing", "the model failed"),
    ],
)
def test_what_is_odd_is_said(odd: str, message: str, tmp_path: Path) -> None:
    path = write_odd_model(tmp_path / "odd.onnx", odd)
    with pytest.raises(ModelError, match=f"odd.onnx: .*{message}") as caught:
        aeolia.denoise(np.zeros(4000), 16000, model=path)
    assert "\n" not in str(caught.value)


def test_a_file_is_not_left_half(tmp_path: Path) -> None:
    import soundfile

    path = write_odd_model(tmp_path / "odd.onnx", "infinite")
    soundfile.write(tmp_path / "in.wav", np.zeros(4000), 16000)
    with pytest.raises(ModelError):
        aeolia.denoise_file(tmp_path / "in.wav", tmp_path / "out.wav", model=path)
    assert {entry.name for entry in tmp_path.iterdir()} == {"odd.onnx", "in.wav"}


def test_an_endless_run_is_stopped_and_the_next_one_runs(tmp_path: Path, gain_model: Path) -> None:
    endless = write_odd_model(tmp_path / "odd.onnx", "endless")
    errors: list[Exception] = []

    def run() -> None:
        try:
            aeolia.denoise(np.zeros(4000), 16000, model=endless)
        except ModelError as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    stop_running()
    thread.join(20)
    stop_running(False)
    assert not thread.is_alive() and "the model failed" in str(errors[0])
    assert len(aeolia.denoise(np.zeros(4000), 16000, model=gain_model)) == 4000
