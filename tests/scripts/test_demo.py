"""The demo: results, table and page from the runtime's packages alone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

from made.midi_bytes import midi_file, track

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """scripts/demo.py as a module."""
    spec = importlib.util.spec_from_file_location("demo", ROOT / "scripts" / "demo.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


def _clip(path: Path, level: float = 0.1, rate: int = 16000) -> np.ndarray:
    audio = level * np.random.default_rng(0).standard_normal(rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, rate, subtype="FLOAT")
    return audio


def test_denoises_named_files(
    demo: ModuleType, gain_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = _clip(tmp_path / "a.clean.wav")
    _clip(tmp_path / "a.noisy.wav", 0.2)  # twice the clean audio: the model makes it right
    alone = _clip(tmp_path / "b.wav", rate=48000)
    _clip(tmp_path / "other" / "b.wav")
    files = [str(tmp_path / name) for name in ("a.noisy.wav", "b.wav", "other/b.wav")]
    out = tmp_path / "out"
    assert demo.main([*files, "--model", str(gain_model), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "SI-SDR dB" in printed and "index.html" in printed
    names = sorted(path.name for path in out.iterdir())
    assert names == ["a.denoised.wav", "b.denoised.wav", "b~1.denoised.wav", "index.html"]
    denoised, rate = soundfile.read(out / "a.denoised.wav")
    assert rate == 16000 and np.allclose(denoised, clean, atol=1e-4)
    denoised, rate = soundfile.read(out / "b.denoised.wav")
    assert rate == 48000 and denoised.shape == alone.shape
    page = (out / "index.html").read_text()
    assert page.count("<audio") == 3 + 2 + 2 and "clean reference" in page


def test_goes_on_after_a_bad_file(
    demo: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _clip(tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_text("no audio")
    out = ["--model", "noisy", "--out", str(tmp_path / "out")]
    assert demo.main([str(tmp_path / "bad.wav"), str(tmp_path / "good.wav"), *out]) == 1
    assert "bad.wav: not a readable audio file" in capsys.readouterr().err
    assert (tmp_path / "out" / "good.denoised.wav").exists()
    assert demo.main([str(tmp_path / "bad.wav"), *out]) == 2


def test_plays_a_score(
    demo: ModuleType, synth_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = tmp_path / "song.mid"
    score.write_bytes(
        midi_file(
            track((0, bytes([0x90, 60, 110])), (480, bytes([0x80, 60, 0]))),
            track((0, bytes([0x99, 36, 100])), end=480),
        )
    )
    clip = demo.play(
        score, tmp_path / "out", synth_folder / "notes.onnx", synth_folder / "drums.onnx"
    )
    assert "song.wav: 2 notes by piano, drums" in capsys.readouterr().out
    audio, rate = soundfile.read(tmp_path / "out" / "song.wav")
    # The kick rings on, six seconds in this model.
    assert rate == clip.sample_rate == 48000 and 6.0 < len(audio) / rate < 8.0
    assert np.abs(audio).max() > 0.01
    # The page has a player for it.
    page = demo.write([], tmp_path / "out", "denoise", [clip])
    assert page.read_text().count("<audio") == 1
    assert demo.SCORE.is_file()


def test_runs_without_the_workshop(tmp_path: Path) -> None:
    """As a process in which PyTorch, SciPy and the packages for metrics cannot be imported."""
    _clip(tmp_path / "a.noisy.wav")
    _clip(tmp_path / "a.clean.wav")
    code = (
        "import runpy, sys\n"
        "for name in ('torch', 'scipy', 'pesq', 'pystoi', 'onnx'): sys.modules[name] = None\n"
        f"sys.argv = ['demo', {str(tmp_path / 'a.noisy.wav')!r}, '--model', 'noisy', "
        f"'--out', {str(tmp_path / 'out')!r}]\n"
        f"runpy.run_path({str(ROOT / 'scripts' / 'demo.py')!r}, run_name='__main__')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").exists()
    nowhere = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "demo.py"), "--model", "nosuch"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert nowhere.returncode == 2
    assert nowhere.stderr.startswith("error: ") and "Traceback" not in nowhere.stderr
