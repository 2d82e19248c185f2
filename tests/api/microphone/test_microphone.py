"""`aeolia mic` before real PulseAudio and PipeWire servers without sound cards.

Skipped where neither is installed; `.ci/run` installs them where it can.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import aeolia
from made.pulse import HAS_PIPEWIRE, HAS_PULSE, PIPEWIRE, PROGRAMS, PULSEAUDIO, Room

EXAMPLES = Path(__file__).parents[3] / "examples"
RATE = 16000
AEOLIA = (sys.executable, "-m", "aeolia", "mic")


@pytest.fixture(params=[PULSEAUDIO, PIPEWIRE])
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    if not (HAS_PULSE if request.param == PULSEAUDIO else HAS_PIPEWIRE):
        pytest.skip(f"{request.param} is not installed")
    with Room.opened(request.param) as opened:
        opened.environment["PYTHONPATH"] = os.pathsep.join(
            [str(Path(aeolia.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        )
        # No systemd, whatever this machine has: a process by itself.
        opened.environment["PATH"] = str(programs(opened.folder))
        yield opened


def programs(folder: Path) -> Path:
    """A folder with the sound servers' programs alone."""
    path = folder / "bin"
    path.mkdir()
    for name in PROGRAMS:
        if found := shutil.which(name):
            (path / name).symlink_to(found)
    return path


def mic(room: Room, *arguments: str, code: int = 0) -> str:
    """What `aeolia mic ...` says, once it has ended with this code."""
    done = subprocess.run(
        [*AEOLIA, *arguments], env=room.environment, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    if code == 2:
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("aeolia: ")
    return done.stdout + done.stderr


def status(room: Room) -> dict:
    done = subprocess.run([*AEOLIA, "status", "--json"], env=room.environment, capture_output=True)
    return json.loads(done.stdout)


def test_on_strength_and_off(room: Room) -> None:
    said = mic(room, "on", "--model", "denoise-16k", "-a", "20")
    assert "desk_microphone -> denoise-16k, noise lowered by at most 20 dB; 16000 Hz" in said
    assert room.sources() == ["desk_microphone", "aeolia"]
    assert "Aeolia: microphone without noise" in room.pactl("list", "sources")
    first = status(room)["pid"]
    assert "full strength" in mic(room, "strength", "full")
    assert "at most 6 dB" in mic(room, "on", "--model", "denoise-16k", "-a", "6")
    assert status(room)["pid"] == first  # the same engine
    room.wait(lambda: status(room)["n_blocks"] > 60)
    assert "load" in mic(room, "status")
    # A model of another rate: the same engine with other devices.
    assert "denoise, full strength; 48000 Hz" in mic(room, "on")
    room.wait(lambda: (status(room)["state"], status(room)["sample_rate"]) == ("on", 48000))
    if room.server == PULSEAUDIO:  # PipeWire's devices all have its own rate
        assert re.search(r"\taeolia\t.* 1ch 48000Hz", room.pactl("list", "short", "sources"))
    assert status(room)["pid"] == first
    assert mic(room, "off") == "off\n"
    assert room.sources() == ["desk_microphone"]
    assert "room" in room.pactl("list", "short", "sinks")
    assert mic(room, "off") == "it was not on\n"
    assert "off" in mic(room, "status", code=1)
    assert "kept for the next" in mic(room, "strength", "9")


def heard(room: Room, played: Path, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """What both microphones give [T] while a file is played into the room, in step to 50 ms."""
    recorders = [
        room.start_program(
            ["parec", f"--device={name}", f"--rate={RATE}", "--channels=1", "--format=float32le",
             "--raw", "--latency-msec=20"],
            stdout=subprocess.PIPE,
        )
        for name in ("desk_microphone", "aeolia")
    ]  # fmt: skip
    pipes = [recorder.stdout for recorder in recorders]
    data = {pipe: bytearray() for pipe in pipes}
    player = None
    began = 0.0
    try:
        while not began or time.monotonic() < began + seconds:
            for pipe in select.select(pipes, [], [], 1.0)[0]:
                data[pipe] += os.read(pipe.fileno(), 1 << 16)
            if not began and all(len(one) > 4 * RATE // 4 for one in data.values()):
                for one in data.values():
                    one.clear()  # both run: from here on they are in step
                began = time.monotonic()
                player = room.start_program(
                    ["pacat", "--device=room", "--file-format", str(played)]
                )
    finally:
        for process in (*recorders, *([player] if player else [])):
            process.kill()
            process.wait()
    return tuple(np.frombuffer(bytes(one[: len(one) // 4 * 4]), "<f4") for one in data.values())


def lag(later: np.ndarray, earlier: np.ndarray) -> int:
    """By how many samples the one lags the other, where they are most alike."""
    size = 1 << (len(later) + len(earlier)).bit_length()
    spectrum = np.fft.rfft(later, size) * np.conj(np.fft.rfft(earlier, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)))
    return at if at < size // 2 else at - size


def power_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def test_what_is_recorded(room: Room, tmp_path: Path) -> None:
    noisy, _ = soundfile.read(EXAMPLES / "cafe.noisy.wav", dtype="float32")
    rng = np.random.default_rng(3)
    # Speech in a cafe, then two seconds of noise alone.
    noise = 0.05 * rng.standard_normal(2 * RATE).astype(np.float32)
    soundfile.write(tmp_path / "room.wav", np.concatenate([noisy, noise]), RATE)
    # Buffers for a machine that may be busy: what is looked at is the sound.
    mic(room, "on", "--model", "denoise-16k", "--buffer", "300")
    room.wait(lambda: status(room)["n_blocks"] > 200)
    dropped = status(room)["dropped_blocks"]
    before, after = heard(room, tmp_path / "room.wav", 10.0)
    said = status(room)
    if said["dropped_blocks"] > dropped + 3:
        pytest.skip(f"this machine is too busy for live sound: {said}")
    expected = aeolia.Stream("denoise-16k", RATE).process(np.concatenate([noisy, noise]))
    at, later = lag(before, noisy), lag(after, expected[: len(noisy)])
    speech = after[later : later + len(noisy)]
    # The delay: the model's 32 ms, and buffers, which servers may make larger or smaller.
    assert said["latency_ms"] == pytest.approx(632, abs=1)
    assert 0.032 * RATE < later - at < 1.5 * RATE
    # The level of what is kept, and what it is. PipeWire makes one channel of two 3 dB louder: once
    # on the way from the room, and once more from the microphone.
    added_db = power_db(before[at:][: len(noisy)]) - power_db(noisy)
    assert -0.5 < added_db < 3.5
    kept_db = power_db(expected[: len(noisy)]) + 2 * added_db
    assert power_db(speech) == pytest.approx(kept_db, abs=1.5)
    assert np.corrcoef(speech, expected[: len(noisy)])[0, 1] > 0.8
    # What is not kept, away from the ends.
    inside = slice(len(noisy) + RATE // 2, len(noisy) + 3 * RATE // 2)
    assert power_db(before[at:][inside]) - power_db(after[later:][inside]) > 12.0


def test_it_survives_what_comes_and_goes(room: Room) -> None:
    mic(room, "on", "--model", "denoise-16k")
    # Another default: it is followed, but for our own.
    room.pactl("load-module", "module-remap-source", "source_name=headset", "master=room.monitor")
    room.pactl("set-default-source", "headset")
    room.wait(lambda: status(room)["input"] == "headset")
    room.pactl("set-default-source", "aeolia")
    room.wait(lambda: status(room)["input"] == "desk_microphone")
    # All microphones go, and one comes back.
    room.pactl("unload-module", "module-remap-source")
    room.wait(lambda: status(room)["state"] == "waiting")
    assert "no microphone is connected" in status(room)["problem"]
    assert "waiting: no microphone" in mic(room, "status")
    room.pactl("load-module", "module-remap-source", "source_name=webcam", "master=room.monitor")
    room.wait(lambda: status(room)["state"] == "on")
    assert (status(room)["input"], "aeolia" in room.sources()) == ("webcam", True)
    # The sound server ends, and another begins.
    room.stop()
    room.wait(lambda: status(room)["state"] == "waiting")
    room.start()
    room.wait(lambda: status(room)["state"] == "on")
    assert room.sources() == ["desk_microphone", "aeolia"]
    # The machine sleeps for longer than any buffer holds.
    pid = status(room)["pid"]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(pid, signal.SIGCONT)
    n_blocks = status(room)["n_blocks"]
    room.wait(lambda: status(room)["n_blocks"] > n_blocks + 60)
    # An engine that is killed leaves devices, which `off` takes away.
    os.kill(pid, signal.SIGKILL)
    room.wait(lambda: status(room)["state"] == "off")
    assert "aeolia" in room.sources()
    assert mic(room, "off") == "off\n"
    assert room.sources() == ["desk_microphone"]


def test_behind_systemd(room: Room) -> None:
    """A `systemctl` that starts and ends what the unit says, and writes down what it is told."""
    (room.folder / "bin" / "systemctl").write_text(
        f"""#!{sys.executable}
import os, shlex, subprocess, sys
folder, words = {str(room.folder)!r}, sys.argv[1:]
with open(folder + "/told.txt", "a") as told:
    print(*words, file=told)
unit = folder + "/config/systemd/user/aeolia-mic.service"
if "restart" in words:
    (line,) = [line for line in open(unit) if line.startswith("ExecStart=")]
    command = shlex.split(line.removeprefix("ExecStart="))
    nowhere = {{name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}}
    process = subprocess.Popen(command, start_new_session=True, **nowhere)
    open(folder + "/pid", "w").write(str(process.pid))
if "--now" in words:
    os.kill(int(open(folder + "/pid").read()), 15)
"""
    )
    (room.folder / "bin" / "systemctl").chmod(0o755)
    mic(room, "on", "--model", "denoise-16k", "--at-login")
    assert "aeolia" in room.sources()
    assert mic(room, "off") == "off\n"
    assert room.sources() == ["desk_microphone"]
    told = (room.folder / "told.txt").read_text().splitlines()
    asked = [line.removeprefix("--user ") for line in told if "show" not in line]
    unit = "aeolia-mic.service"
    assert asked == ["daemon-reload", f"enable {unit}", f"restart {unit}", f"disable --now {unit}"]
    assert not (room.folder / "config/systemd/user" / unit).exists()


def test_a_trial(room: Room, tmp_path: Path) -> None:
    player = room.start_program(
        ["pacat", "--device=room", "--file-format", str(EXAMPLES / "cafe.noisy.wav")]
    )
    arguments = ("test", "--seconds", "2", "--model", "denoise-16k", "--save", str(tmp_path / "ab"))
    said = mic(room, *arguments)
    player.kill()
    player.wait()
    assert "recording desk_microphone for 2 s: speak" in said
    before, rate = soundfile.read(tmp_path / "ab" / "before.wav", dtype="float32")
    after, _ = soundfile.read(tmp_path / "ab" / "after.wav", dtype="float32")
    assert (len(before), len(after), rate) == (2 * RATE, 2 * RATE, RATE)
    stream = aeolia.Stream("denoise-16k", RATE)
    expected = np.concatenate([stream.push(before), stream.flush()])
    assert np.abs(after - expected).max() < 1e-3  # but for silence behind the end
    assert "add --overwrite" in mic(room, *arguments, code=2)
    # Without --save both are played.
    said = mic(room, "test", "--seconds", "0.5", "--model", "denoise-16k")
    assert said.index("playing: before") < said.index("playing: after")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("on", "--input", "nobody"),
            "no microphone is called 'nobody'; name one of those there: ",
        ),
        (("on", "--input", "o"), "several microphones are called 'o'"),
        (("on", "--model", "none.onnx"), "none.onnx"),
        (("on", "--model", "separate"), "separate"),
        (("on", "-a", "-3"), "the limit is -3.0 dB; 0 (leave all noise) or more is needed"),
        (("on", "--at-login"), "--at-login needs systemd"),
        (("strength", "loud"), "the strength is 'loud'; give decibels from 0 up, or full"),
        (("test", "--input", "nobody"), "no microphone is called 'nobody'"),
    ],
)
def test_what_cannot_be(room: Room, arguments: tuple[str, ...], says: str) -> None:
    assert says in mic(room, *arguments, code=2)
    assert room.sources() == ["desk_microphone"]
    assert status(room) == {"state": "off"}


def test_without_a_microphone_a_server_or_programs(room: Room) -> None:
    room.pactl("unload-module", "module-remap-source")
    assert "no microphone is connected" in mic(room, "on", code=2)
    room.stop()
    for command in ("on", "off", "test"):
        assert "no sound server can be reached" in mic(room, command, code=2)
    (room.folder / "bin" / "parec").unlink()
    said = mic(room, "on", code=2)
    assert "parec cannot be found; install PulseAudio's programs" in said
