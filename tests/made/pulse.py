"""A sound server of a test's own, without sound cards: a room, a microphone, a speaker.

PulseAudio, or PipeWire with what answers PulseAudio's programs in it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["HAS_PIPEWIRE", "HAS_PULSE", "PIPEWIRE", "PROGRAMS", "PULSEAUDIO", "Room"]

PULSEAUDIO, PIPEWIRE = "pulseaudio", "pipewire"
_CLIENTS = ("pactl", "parec", "pacat")
HAS_PULSE = all(shutil.which(name) for name in ("pulseaudio", *_CLIENTS))
#: The daemon; who links what belongs together, which wants a bus of its own; and the server for
#: PulseAudio's programs.
_PIPEWIRE = (["pipewire"], ["dbus-run-session", "--", "wireplumber"], ["pipewire-pulse"])
HAS_PIPEWIRE = all(
    shutil.which(name) for name in (*(name for one in _PIPEWIRE for name in one[::2]), *_CLIENTS)
)
#: All that both servers need.
PROGRAMS = ("pulseaudio", "pipewire", "wireplumber", "pipewire-pulse", "dbus-run-session")
PROGRAMS += ("dbus-daemon", *_CLIENTS)
_PATIENCE_SECONDS = 60.0
#: What is played into the sink `room` is what the source `desk_microphone` hears.
_DEVICES = """
load-module module-null-sink sink_name=room rate=48000 channels=1
load-module module-remap-source source_name=desk_microphone master=room.monitor
load-module module-null-sink sink_name=speaker rate=48000 channels=1
set-default-sink speaker
set-default-source desk_microphone
"""


class Room:
    """The daemon, and the environment in which programs find it and nothing of this user's."""

    def __init__(self, folder: Path, server: str = PULSEAUDIO) -> None:
        self.folder = folder
        self.server = server
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PULSE")},
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PULSE_RUNTIME_PATH": str(folder / "run" / "pulse"),
            "PULSE_SERVER": f"unix:{folder}/run/pulse/native",
            "PIPEWIRE_RUNTIME_DIR": str(folder / "run"),
            # No bus of this machine's.
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        (folder / "run" / "pulse").mkdir(parents=True, mode=0o700)
        (folder / "run").chmod(0o700)
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Begin the server, and wait for its devices."""
        if self.server == PULSEAUDIO:
            script = self.folder / "room.pa"
            script.write_text(f"load-module module-native-protocol-unix{_DEVICES}")
            options = ["--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-n", "-F"]
            self._begin("pulseaudio", *options, str(script))
        else:
            for command in _PIPEWIRE:
                self._begin(*command)
                self.wait((self.folder / "run" / "pipewire-0").exists)
            self.wait(lambda: "PipeWire" in self.pactl("info"))
            for line in _DEVICES.strip().splitlines():
                self.wait(lambda words=line.split(): self.has_done(*words))
        self.wait(lambda: "desk_microphone" in self.pactl("list", "short", "sources"))

    def _begin(self, *command: str) -> None:
        daemon = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._daemons.append(daemon)

    def has_done(self, *arguments: str) -> bool:
        """Whether `pactl` could do it."""
        command = ["pactl", *arguments]
        return not subprocess.run(command, env=self.environment, capture_output=True).returncode

    def stop(self) -> None:
        """End the server."""
        for daemon in reversed(self._daemons):
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
        self._daemons = []

    def pactl(self, *arguments: str) -> str:
        """What `pactl` prints."""
        done = subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, text=True
        )
        return done.stdout

    def sources(self) -> list[str]:
        """Names of what can be recorded, but for monitors."""
        rows = (line.split("\t") for line in self.pactl("list", "short", "sources").splitlines())
        return [row[1] for row in rows if not row[1].endswith(".monitor")]

    def wait(self, reached: object) -> None:
        """Until a function is true."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        assert callable(reached)
        while not reached():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.1)

    def start_program(self, arguments: Sequence[str], **pipes: int) -> subprocess.Popen[bytes]:
        """A program that finds this daemon."""
        return subprocess.Popen(arguments, env=self.environment, **pipes)  # type: ignore[call-overload]

    @classmethod
    @contextmanager
    def opened(cls, server: str = PULSEAUDIO) -> Iterator[Room]:
        """A room in a folder with a short name, as sockets need one; nothing is left of it."""
        folder = Path(tempfile.mkdtemp(prefix="aeolia-"))
        room = cls(folder, server)
        try:
            room.start()
            yield room
        finally:
            room.stop()
            for path in folder.glob("run/aeolia-mic-*/progress.json"):
                _end(path)
            shutil.rmtree(folder, ignore_errors=True)


def _end(path: Path) -> None:
    """The engine of a test that failed."""
    import json

    try:
        os.kill(json.loads(path.read_text())["pid"], signal.SIGKILL)
    except (OSError, ValueError, KeyError):
        pass
