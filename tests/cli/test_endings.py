"""However work on files ends, nothing half-written is left, and one line says why."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run
from made.full_disk import file_size_limit

SOURCE = Path(__file__).parents[2] / "src"
RATE = 16000

posix = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and limits of POSIX")


@pytest.fixture
def folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gain_model: Path,
    separators: Path,
    synth_folder: Path,
) -> Path:
    """A folder to work in, and the models' paths where commands name them."""
    monkeypatch.chdir(tmp_path)
    tone = 0.2 * np.sin(2 * np.pi * 220 / RATE * np.arange(3 * RATE))
    soundfile.write(
        "talk.wav", tone + 0.05 * np.random.default_rng(0).standard_normal(3 * RATE), RATE
    )
    monkeypatch.setitem(MODELS, "GAIN", str(gain_model))
    monkeypatch.setitem(MODELS, "CLASSES", str(separators / "classes.onnx"))
    monkeypatch.setitem(MODELS, "SPEAKER", str(separators / "speaker.onnx"))
    monkeypatch.setitem(MODELS, "NOTES", str(synth_folder / "notes.onnx"))
    return tmp_path


MODELS: dict[str, str] = {}


def arguments(command: str) -> list[str]:
    return [MODELS.get(word, word) for word in command.split()]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@contextmanager
def at_work(
    folder: Path, command: str
) -> Iterator[tuple[subprocess.Popen[bytes], io.BufferedWriter]]:
    """A command whose input comes through the pipe in.fifo and has not ended, its output begun."""
    os.mkfifo(folder / "in.fifo")
    with subprocess.Popen(
        [sys.executable, "-m", "aeolia", *arguments(command)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.PIPE,
        # A shell may start tests deaf to hangups.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as process:
        with (folder / "in.fifo").open("wb") as pipe:
            pipe.write(Path("talk.wav").read_bytes()[:60_000])
            pipe.flush()
            deadline = time.monotonic() + 50
            while not list(folder.rglob(".*.partial-*")):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            try:
                yield process, pipe
            finally:
                process.kill()


@posix
@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("denoise in.fifo -o out/a.wav --model GAIN", "SIGHUP"),
        ("denoise in.fifo -o out/a.wav --model GAIN", "SIGTERM"),
        ("denoise in.fifo -o out/a.opus --model GAIN --lufs -16", "SIGHUP"),
        ("separate in.fifo --source speech --rest -o out --model CLASSES", "SIGHUP"),
        ("shift in.fifo --semitones 2 -o out/a.flac --model NOTES", "SIGHUP"),
        ("morph in.fifo talk.wav -o out --model NOTES", "SIGHUP"),
        ("encode in.fifo -o out/a.npz --model NOTES", "SIGHUP"),
    ],
)
def test_signals_leave_nothing(folder: Path, command: str, sent: str) -> None:
    number = getattr(signal, sent)
    with at_work(folder, command) as (process, _):
        process.send_signal(number)
        _, said = process.communicate(timeout=50)
    assert process.returncode == 128 + number, said.decode()
    assert b"Traceback" not in said
    assert [name for name in names(folder) if name != "out"] == ["in.fifo", "talk.wav"]


@posix
def test_the_second_of_two_with_one_output_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with at_work(folder, "denoise in.fifo -o out.wav --model GAIN") as (process, pipe):
        for more in ("", " --overwrite"):
            assert run(arguments(f"denoise talk.wav -o out.wav --model GAIN{more}")) == 2
            said = capsys.readouterr().err
            assert said.startswith("aeolia: out.wav: another process is writing there; wait for it")
            assert said.count("\n") == 1
        pipe.write(Path("talk.wav").read_bytes()[60_000:])
        pipe.close()
        assert process.wait(50) == 0
    assert names(folder) == ["in.fifo", "out.wav", "talk.wav"]


@posix
def test_what_came_meanwhile_is_kept(folder: Path) -> None:
    with at_work(folder, "denoise in.fifo -o out.wav --model GAIN") as (process, pipe):
        Path("out.wav").write_text("mine")
        pipe.write(Path("talk.wav").read_bytes()[60_000:])
        pipe.close()
        _, said = process.communicate(timeout=50)
    assert process.returncode == 2
    assert said.startswith(b"aeolia: out.wav: came there while it was made")
    assert Path("out.wav").read_text() == "mine"
    assert names(folder) == ["in.fifo", "out.wav", "talk.wav"]


@posix
@pytest.mark.parametrize(
    "command",
    [
        "denoise talk.wav -o out.wav --model GAIN",
        "denoise talk.wav -o out.flac --model GAIN",
        "denoise talk.wav -o out.opus --model GAIN --lufs -16",
        "denoise talk.wav -o out.opus --model GAIN --compare page.html",
        "separate talk.wav --source speech --rest -o out --model CLASSES",
        "synth -i piano -o out.mp3 --model NOTES",
        "synth -i piano -o out.wav --model NOTES --sample 3",
        "evaluate GAIN pairs -o report --metrics snr --quiet",
    ],
)
def test_full_disks_are_one_line(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("noisy", "clean"):
        (folder / "pairs" / side).mkdir(parents=True)
        soundfile.write(f"pairs/{side}/a.wav", soundfile.read("talk.wav")[0], RATE)
    before = names(folder)
    with file_size_limit(4_000):
        code = run(arguments(command))
    said = capsys.readouterr().err
    assert code == 2, said
    assert said.count("\n") == 1 and "cannot be written" in said and "free some space" in said
    # A folder that was made for the output may stay, and what an evaluation goes on from.
    there = set(names(folder)) - {"report/unfinished.jsonl"}
    assert not [name for name in there if name not in before and Path(name).suffix]


@posix
def test_what_was_private_stays_private(folder: Path) -> None:
    Path("talk.wav").chmod(0o600)
    for command in (
        "denoise talk.wav -o out/a.flac --model GAIN --residual out/b.wav --compare out/page.html",
        "separate talk.wav --source speech -o out --model CLASSES",
        "separate talk.wav --speaker talk.wav --save-voice out/a.voice -o out --model SPEAKER",
    ):
        assert run([*arguments(command), "--quiet"]) in (0, 1)
    written = [path for path in Path("out").rglob("*") if path.is_file()]
    assert len(written) >= 5
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
