"""What the commands say of odd files: cut off, unfinished, of any name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run

SOURCE = Path(__file__).parents[2] / "src"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gain_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    monkeypatch.chdir(tmp_path)
    soundfile.write("talk.wav", 0.1 * np.random.default_rng(0).standard_normal(16000), 16000)

    def denoise(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["denoise", "--model", str(gain_model), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return denoise


def cut(name: str, share: float = 0.5) -> None:
    content = Path(name).read_bytes()
    Path(name).write_bytes(content[: int(share * len(content))])


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_salvage(call: Call, suffix: str) -> None:
    name = f"cut.{suffix}"
    soundfile.write(name, soundfile.read("talk.wav")[0], 16000)
    cut(name)
    code, out, err = call(name, "-o", "out.wav")
    assert (code, out) == (2, "") and "truncated" in err
    assert err.rstrip().endswith("copy or record it again, or add --salvage to take what is there")
    assert not Path("out.wav").exists()
    code, out, err = call(name, "-o", "out.wav", "--salvage")
    assert (code, err) == (0, "")
    done, remark = out.splitlines()
    assert done.startswith(f"{name} -> out.wav: 0.") and "truncated" in remark
    assert 3000 < soundfile.info("out.wav").frames <= 8000
    code, out, err = call(name, "-o", "out.wav", "--salvage", "--overwrite", "--json")
    report = json.loads(out)
    assert report["operation"]["options"] == {"salvage": True}
    assert "truncated" in report["files"][0]["warnings"][0]


def test_separate_takes_what_is_there_too(
    call: Call, separators: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut("talk.wav")
    model = str(separators / "classes.onnx")
    arguments = ["separate", "talk.wav", "--model", model, "--source", "speech", "-o", "parts"]
    assert run(arguments) == 2
    assert "add --salvage" in capsys.readouterr().err
    assert run([*arguments, "--salvage"]) == 0
    assert "truncated" in capsys.readouterr().out
    assert soundfile.info("parts/talk.speech.wav").frames == (32044 // 2 - 44) // 2


def test_a_recorder_that_crashed(call: Call) -> None:
    content = bytearray(Path("talk.wav").read_bytes())
    content[40:44] = bytes(4)
    Path("talk.wav").write_bytes(content)
    code, out, err = call("talk.wav", "-o", "out.wav")
    assert (code, err) == (0, "")
    assert "talk.wav: its header says 0 bytes of audio" in out
    assert "the 1.0 s that are there were taken" in out
    assert soundfile.info("out.wav").frames == 16000


@pytest.mark.skipif(sys.platform != "linux", reason="names there are any bytes")
def test_names_that_are_no_utf8(call: Call) -> None:
    Path("in").mkdir()
    sound = Path("talk.wav").read_bytes()
    names = [b"latin1-\xfc.wav", b"\xff\xfe.flac", b"plain.wav", "ü.wav".encode()]
    for name in names:
        Path("in", os.fsdecode(name)).write_bytes(sound)
    code, out, err = call("in", "-o", "out", "--json")
    assert (code, err) == (0, "")
    files = json.loads(out)["files"]
    assert len(files) == 4 and all(file["error"] is None for file in files)
    assert sorted(os.listdir(b"out")) == sorted(names)
    done = subprocess.run(
        [sys.executable, "-m", "aeolia", "denoise", "in", "-o", "again"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"in/latin1-\udcfc.wav -> again/latin1-\udcfc.wav" in done.stdout
