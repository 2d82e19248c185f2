"""Standard streams that are full, closed or read by nobody: one line and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which $A is `aeolia`."""
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "A": f"{sys.executable} -m aeolia"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path, gain_model: Path) -> Path:
    soundfile.write(tmp_path / "in.wav", np.zeros(4000), 16000)
    (tmp_path / "model.onnx").write_bytes(gain_model.read_bytes())
    return tmp_path


DENOISE = "$A denoise in.wav --model model.onnx"


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("$A models > /dev/full", 2, "standard output: cannot be written (No space left"),
        ("$A models >&-", 2, "standard output: cannot be written (Bad file descriptor"),
        (f"{DENOISE} -o out.wav > /dev/full", 2, "standard output: cannot be written (No space"),
        (f"{DENOISE} -o - > /dev/full", 2, "standard output: cannot be written (No space"),
        (f"{DENOISE} -o - >&-", 2, "standard output: cannot be written (Bad file"),
        (f"{DENOISE} -o out.wav 2>&-", 0, ""),
        (f"{DENOISE} -o out.wav 2> /dev/full", 0, ""),
        (f"{DENOISE} -o out.wav <&-", 0, ""),
        ("$A denoise - -o out.wav --model model.onnx <&-", 2, "standard input: closed"),
        ("$A denoise none.wav 2>&-", 2, ""),
    ],
)
def test_a_line_and_a_code(line: str, code: int, message: str, folder: Path) -> None:
    done = shell(line, folder)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == bool(message), done.stderr
    if line.startswith(DENOISE) and "out.wav" in line:
        assert soundfile.info(folder / "out.wav").frames == 4000


def test_a_closed_stream_is_not_the_output_file(folder: Path) -> None:
    """The number of a closed stream goes to the next file opened, unless it is taken."""
    done = shell(f"{DENOISE} -o out.flac <&- >&- 2>&-", folder)
    assert done.returncode == 2  # what it has to say cannot be said
    assert soundfile.info(folder / "out.flac").frames == 4000


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("$A denoise ''", "an argument is empty ('')"),
        ("$A denoise in.wav -o ''", "-o is empty ('')"),
        ("$A denoise in.wav --model=", "--model is empty ('')"),
        ("$A evaluate noisy '' -o r", "is empty"),
        ("$A data scan ''", "is empty"),
        ("$A denoise $(printf 'n%.0s' $(seq 300)).wav", "File name too long"),
        ("$A evaluate noisy $(printf 'n%.0s' $(seq 300)) -o r", "File name too long"),
        ("ln -s loop loop; $A denoise loop", "symbolic links"),
        ("ln -s loop loop; $A denoise in.wav --model loop", "no model is named 'loop'"),
        ("ln -s loop loop; $A denoise in.wav -o loop/out.wav", "cannot be written"),
        ("mkdir d; mkfifo d/a.wav; $A denoise -q d", "a folder without audio files"),
        ("head -c 100000 /dev/zero | $A denoise -", "no audio by its first bytes"),
        ("echo hello | $A denoise -", "no audio by its first bytes"),
        ("$A denoise /dev/zero", "not a readable audio file"),
    ],
)
def test_odd_names_are_one_line(line: str, message: str, folder: Path) -> None:
    done = shell(line, folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="who is root may")
def test_a_folder_that_may_not_be_looked_into(folder: Path, tmp_path_factory: object) -> None:
    """As somebody else: root may look everywhere."""
    locked = folder / "locked"
    (locked / "in").mkdir(parents=True)
    locked.chmod(0o000)
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    code = (
        "import os, sys; from aeolia.cli import run\n"
        "run(['denoise', 'in.wav', '-o', 'loaded.wav', '--model', 'model.onnx'])\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for words in ('locked/in/a.wav', 'in.wav -o locked/in/b.wav', 'locked/in',\n"
        "              'locked/a.wav locked/b.wav -o out'):\n"
        "    print('code', run(['denoise', *words.split(), '--model', 'model.onnx']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120
    )
    locked.chmod(0o755)
    codes = [line for line in done.stdout.splitlines() if line.startswith("code")]
    assert codes == ["code 2"] * 4, done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("Permission denied") >= 4
