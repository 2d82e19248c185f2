"""A PulseAudio server, or PipeWire's in its place, through `pactl`, `parec` and `pacat`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

from aeolia.errors import InputError, MissingExtraError

__all__ = [
    "SINK",
    "SOURCE",
    "Server",
    "choose_input",
    "load_devices",
    "player",
    "recorder",
    "server",
    "unload_devices",
]

#: The source that programs choose, and the sink that the denoiser plays into.
SOURCE, SINK = "aeolia", "aeolia_denoised"
_DESCRIPTION = "Aeolia: microphone without noise"
_PROGRAMS = ("pactl", "parec", "pacat")
#: What `pactl` may take; a server that hangs is none.
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    """What is there now.

    Attributes:
        name: the server's own words for itself.
        sources: names of all that can be recorded, monitors of speakers among them.
        default_source, default_sink: names; empty for none.
    """

    name: str
    sources: tuple[str, ...]
    default_source: str
    default_sink: str

    @property
    def microphones(self) -> tuple[str, ...]:
        """Sources that are neither a speaker's monitor nor ours."""
        return tuple(name for name in self.sources if not _is_ours_or_monitor(name))

    @property
    def is_on(self) -> bool:
        """Whether our source is there."""
        return SOURCE in self.sources


def server() -> Server:
    """Ask the sound server what it has.

    Raises:
        InputError: not Linux, or no server answers.
        MissingExtraError: PulseAudio's programs are not installed.
    """
    _check_programs()
    about = dict(line.split(": ", 1) for line in _pactl("info").splitlines() if ": " in line)
    rows = [line.split("\t") for line in _pactl("list", "short", "sources").splitlines()]
    return Server(
        about.get("Server Name", "PulseAudio"),
        tuple(row[1] for row in rows if len(row) > 1),
        about.get("Default Source", ""),
        about.get("Default Sink", ""),
    )


def choose_input(found: Server, wanted: str) -> str:
    """The source to record: `wanted`, by name or a part of it, or the server's own choice.

    Never our own source, which would hear itself; nor a speaker's monitor, unless it is named.

    Raises:
        InputError: there is no microphone, or none (or several) of that name.
    """
    if wanted:
        others = [name for name in found.sources if name != SOURCE and not name.startswith(SINK)]
        fits = [name for name in others if name == wanted]
        fits = fits or [name for name in others if wanted.lower() in name.lower()]
        if len(fits) == 1:
            return fits[0]
        there = ", ".join(fits or others) or "none"
        which = "several microphones are" if fits else "no microphone is"
        raise InputError(f"{which} called {wanted!r}; name one of those there: {there}")
    if found.default_source in found.microphones:
        return found.default_source
    if found.microphones:
        return found.microphones[0]
    raise InputError(
        "no microphone is connected; connect one (`pactl list short sources` names them), or name "
        "a speaker's monitor with --input"
    )


def load_devices(sample_rate: int) -> None:
    """Make our sink and source, at this rate in Hz; what is there of them is made anew."""
    unload_devices()
    _pactl(
        "load-module",
        "module-null-sink",
        f"sink_name={SINK}",
        f"rate={sample_rate}",
        "channels=1",
        "sink_properties='device.description=\"Aeolia: into the microphone\"'",
    )
    _pactl(
        "load-module",
        "module-remap-source",
        f"source_name={SOURCE}",
        f"master={SINK}.monitor",
        f"source_properties='device.description=\"{_DESCRIPTION}\"'",
    )


def unload_devices() -> None:
    """Take our source and sink away; nothing happens where there are none.

    Raises:
        InputError: the server does not answer, or they stay.
    """
    for number in reversed(_own_modules()):
        with suppress(InputError):  # the sink takes the source along
            _pactl("unload-module", number)
    if left := _own_modules():
        raise InputError(
            f"the sound server keeps our devices; try `pactl unload-module {left[0]}` by hand"
        )


def _own_modules() -> list[str]:
    """Numbers of the modules that are our source and sink."""
    ours = f"source_name={SOURCE} ", f"sink_name={SINK} "
    rows = [line.split("\t") for line in _pactl("list", "short", "modules").splitlines()]
    return [
        number
        for number, _, arguments, *_ in (row for row in rows if len(row) > 2)
        if any(own in f"{arguments} " for own in ours)
    ]


def recorder(source: str, sample_rate: int, buffer_ms: float) -> subprocess.Popen[bytes]:
    """A process whose output is a source's sound: float32, one channel.

    Args:
        buffer_ms: asked for; the server may make it larger.
    """
    return _stream("parec", source, sample_rate, buffer_ms, stdout=subprocess.PIPE)


def player(sink: str, sample_rate: int, buffer_ms: float) -> subprocess.Popen[bytes]:
    """A process that plays what it is given: float32, one channel; see `recorder`."""
    return _stream("pacat", sink, sample_rate, buffer_ms, stdin=subprocess.PIPE)


def _stream(
    program: str,
    device: str,
    sample_rate: int,
    buffer_ms: float,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            program,
            f"--device={device}",
            f"--rate={sample_rate}",
            "--format=float32le",
            "--channels=1",
            "--raw",
            f"--latency-msec={buffer_ms:.0f}",
            "--client-name=aeolia",
            "--stream-name=microphone without noise",
        ],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _is_ours_or_monitor(name: str) -> bool:
    return name == SOURCE or name.endswith(".monitor")


def _check_programs() -> None:
    if not sys.platform.startswith("linux"):
        raise InputError(
            "`aeolia mic` is for Linux; on macOS and Windows send `aeolia live` into a loopback "
            "device, see docs/microphone.md"
        )
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        raise MissingExtraError(
            f"{' and '.join(missing)} cannot be found; install PulseAudio's programs (PipeWire "
            f"uses them as well), such as with `apt-get install pulseaudio-utils`"
        )


def _pactl(*arguments: str) -> str:
    """What `pactl` prints, in English.

    Raises:
        InputError: the server does not answer, or refuses.
    """
    try:
        done = subprocess.run(
            ["pactl", *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise _no_server("it does not answer") from None
    if done.returncode == 0:
        return done.stdout
    said = " ".join(done.stderr.split()) or "no reason given"
    if "onnection" in said:  # refused, terminated, or its failure
        raise _no_server(said)
    raise InputError(f"the sound server refused {' '.join(arguments[:2])} ({said})")


def _no_server(reason: str) -> InputError:
    return InputError(
        f"no sound server can be reached ({reason}); start PulseAudio (`pulseaudio --start`) or "
        f"PipeWire (`systemctl --user start pipewire-pulse`) as the user who is logged in"
    )
