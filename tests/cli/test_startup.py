"""Starting up cheaply: what is imported, and when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
HEAVY = {"torch", "numpy", "onnxruntime", "soundfile", "soxr", "scipy", "rich"}


def modules_after(code: str) -> set[str]:
    """Top-level packages loaded once `code` has run in a new interpreter."""
    report = "import sys; print('LOADED', *{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split("LOADED")[-1].split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = modules_after("import aeolia; aeolia.AeoliaError")
    assert not loaded & (HEAVY | {"typer"})


def test_help_loads_nothing_heavy() -> None:
    for command in ("", "denoise", "separate", "models"):
        arguments = [*command.split(), "--help"]
        assert not modules_after(f"from aeolia.cli import run; run({arguments})") & HEAVY


def test_denoising_loads_neither_torch_nor_rich(gain_model: Path, tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "in.wav", np.zeros(1000), 16000)
    command = ["denoise", str(tmp_path / "in.wav"), "--model", str(gain_model)]
    loaded = modules_after(f"from aeolia.cli import run; assert run({command}) == 0")
    assert {"numpy", "onnxruntime"} <= loaded
    assert not loaded & {"torch", "rich", "scipy", "soxr"}


def test_python_m_aeolia() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aeolia", "--version"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stdout.startswith("aeolia ")


IN_WORDS = """
try:
    raise KeyboardInterrupt
except BaseException as error:
    raise ImportError("numpy failed to import") from error
"""


@pytest.mark.parametrize("module", ["typer", "numpy", "onnxruntime"])
@pytest.mark.parametrize("code", ["raise KeyboardInterrupt", IN_WORDS])
def test_an_interrupt_while_modules_load(module: str, code: str, tmp_path: Path) -> None:
    """Those of the command line, and those that it loads for its work."""
    if module == "typer" and code == IN_WORDS:
        pytest.skip("Python's own import lets the interrupt through")
    (tmp_path / f"{module}.py").write_text(code)
    (tmp_path / "in.wav").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-m", "aeolia", "models"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE)])},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "aeolia: interrupted; no partial output was left\n"
