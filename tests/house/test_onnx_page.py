"""What docs/onnx.md shows is true: its code, without Aeolia, gives what Aeolia gives."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.api.models import copy_released

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/onnx.md").read_text()
CODE = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
#: The program of somebody who has the files and no Aeolia.
PROGRAM = """
import sys
sys.modules["aeolia"] = None
{code}
{last}
np.save("found.npy", found)
"""


def without_aeolia(folder: Path, last: str) -> np.ndarray:
    """`found` after the page's code and these lines, run by a Python that cannot import us."""
    program = folder / "program.py"
    program.write_text(PROGRAM.format(code=CODE, last=last))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return np.asarray(np.load(folder / "found.npy"))


def test_the_page_imports_nothing_of_ours() -> None:
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", CODE, re.MULTILINE))
    assert imported == {"json", "numpy", "onnxruntime"}


@pytest.mark.parametrize(("name", "clip"), [("denoise", "fan"), ("denoise-16k", "cafe")])
@pytest.mark.parametrize("frames", [1, 64])
def test_denoisers(name: str, clip: str, frames: int, tmp_path: Path) -> None:
    noisy, rate = soundfile.read(ROOT / f"examples/{clip}.noisy.wav", dtype="float32")
    # Two channels, no whole number of hops.
    noisy = np.stack([noisy[: 2 * rate + 77], noisy[rate : 3 * rate + 77]], axis=1)
    copy_released(name, tmp_path / "model.onnx")
    np.save(tmp_path / "noisy.npy", noisy)
    found = without_aeolia(
        tmp_path, f'found = denoise(Model("model.onnx"), np.load("noisy.npy"), frames={frames})'
    )
    expected = aeolia.denoise(noisy, rate, model=name)
    assert found.shape == noisy.shape
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(noisy - expected).max() > 1e-2


def test_separators(tmp_path: Path) -> None:
    left, rate = soundfile.read(ROOT / "examples/fan.noisy.wav", dtype="float32")
    mixture = np.stack([left, 0.5 * left], axis=1)[: 2 * rate + 77]
    copy_released("separate", tmp_path / "separate.onnx")
    np.save(tmp_path / "mixture.npy", mixture)
    found = without_aeolia(
        tmp_path,
        """
model = Model("separate.onnx")
speech = np.array([name == "speech" for name in model.config["classes"]], np.float32)
found = separate(model, np.load("mixture.npy"), [speech, 1.0 - speech], partition=True)
""",
    )
    others = "vocals+drums+bass+other+noise"
    expected = aeolia.separate(mixture, rate, sources=["speech", others], model="separate")
    assert np.abs(found[0] - expected["speech"]).max() < 1e-5
    assert np.abs(found.sum(axis=0) - mixture).max() < 1e-4


def test_synthesisers(tmp_path: Path) -> None:
    copy_released("notes", tmp_path / "notes.onnx")
    noise = np.random.default_rng(5).standard_normal(96000).astype(np.float32)
    np.save(tmp_path / "noise.npy", noise)
    found = without_aeolia(
        tmp_path,
        """
parts = [Model(f"notes{part}.onnx") for part in (".prior", ".envelope", "")]
found = play(*parts, "cello", 48.0, 0.8, held=1.0, seconds=2.0, noise=np.load("noise.npy"))
""",
    )
    model = aeolia.load("notes")
    instrument = model.instrument("cello")[None]
    pitch, velocity = np.float32([48.0]), np.float32([0.8])
    latent = model.prior(instrument, pitch, velocity).mean
    onset = (np.arange(200, dtype=np.float32)[None] + 0.5) * 0.01
    release = np.where(onset >= 1.0, onset - 1.0, -1.0)
    loudness = model.envelope(latent, instrument, pitch, velocity, onset, release)
    hz = np.full((1, 200), 440.0 * 2 ** (-21 / 12), np.float32)
    expected, _ = model.step(latent, instrument, hz, loudness, noise[None], model.initial_state(1))
    assert found.shape == (96000,)
    assert np.abs(found - expected[0]).max() < 1e-4
    # And it is a note: there while the key is held, gone at the end.
    assert np.abs(found[24000:48000]).max() > 0.02 > np.abs(found[-9600:]).max()
