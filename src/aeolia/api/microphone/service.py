"""Starting and ending the engine: a user's service of systemd, or a process by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from aeolia.api.denoising import open_denoiser
from aeolia.api.microphone import pulse
from aeolia.api.microphone.engine import run_engine
from aeolia.api.microphone.settings import (
    Progress,
    Wish,
    engine_lock,
    engine_runs,
    log_path,
    progress,
    read_wish,
    write,
)
from aeolia.errors import InputError

__all__ = ["run_locked", "set_strength", "turn_off", "turn_on"]

UNIT = "aeolia-mic.service"
_START_SECONDS, _STOP_SECONDS = 90.0, 10.0
_COMMAND = (sys.executable, "-m", "aeolia", "mic", "run")


def turn_on(wish: Wish, *, at_login: bool = False) -> Progress:
    """Have the microphone denoised; one that runs follows the new wish.

    Args:
        at_login: begin with every session of this user, too (systemd only).

    Returns:
        The engine's first report.

    Raises:
        AeoliaError: no sound server, no such microphone or model, or the engine did not begin.
    """
    pulse.choose_input(pulse.server(), wish.input)
    wish = _checked(wish)
    systemd = _has_systemd()
    if at_login and not systemd:
        raise InputError(
            "--at-login needs systemd, which runs no session here; start `aeolia mic on` from what "
            "your desktop runs at login"
        )
    asked = time.time()
    write(wish)
    if systemd:
        _write_unit()
        if at_login:
            _systemctl("enable", UNIT)
    process = None
    if not engine_runs():
        if systemd:
            _systemctl("restart", UNIT)
        else:
            process = _start_process()
    return _await_report(wish, asked, process)


def set_strength(attenuation_limit_db: float | None) -> Progress | None:
    """Lower noise by at most so many decibels from now on; None for no limit.

    Returns:
        The engine's report; None when it does not run: it is kept for the next time.
    """
    wish = replace(read_wish(), attenuation_limit_db=attenuation_limit_db)
    asked = time.time()
    write(wish)
    return _await_report(wish, asked) if engine_runs() else None


def turn_off() -> bool:
    """End the engine and take its source away; returns whether anything was there."""
    if _has_systemd() and _unit_path().exists():
        _systemctl("disable", "--now", UNIT)
        _unit_path().unlink()
    last = progress()
    was_on = engine_runs()
    if was_on and last is not None:
        with suppress(ProcessLookupError):
            os.kill(last.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while engine_runs():
        if time.monotonic() > deadline:
            raise InputError(
                "the engine does not end"
                + (f"; end process {last.pid} with `kill -9 {last.pid}`" if last else "; try again")
            )
        time.sleep(0.05)
    found = pulse.server()
    if found.is_on:  # an engine that was killed left it
        pulse.unload_devices()
    return was_on or found.is_on


def run_locked() -> None:
    """Be the engine, unless one runs."""
    held = engine_lock()
    if held is None:
        raise InputError("the microphone is on already; `aeolia mic off` ends it")
    try:
        run_engine()
    finally:
        os.close(held)


def _checked(wish: Wish) -> Wish:
    """The wish, once its model is known to be a denoiser: here is somebody to tell.

    The engine runs in another folder, so a model file is named by its whole path.
    """
    limit = wish.attenuation_limit_db
    if limit is not None and not 0 <= limit < float("inf"):
        raise InputError(f"the limit is {limit} dB; 0 (leave all noise) or more is needed")
    open_denoiser(wish.model, None)
    path = Path(wish.model)
    return replace(wish, model=str(path.absolute())) if path.is_file() else wish


def _start_process() -> subprocess.Popen[bytes]:
    """A process that outlives the shell; what it prints is in the log."""
    with open(log_path(), "wb") as log:
        return subprocess.Popen(
            _COMMAND,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def _await_report(
    wish: Wish, asked: float, process: subprocess.Popen[bytes] | None = None
) -> Progress:
    """What the engine says once it follows the wish; `process` is one that was just started."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        last = progress()
        if last is not None and last.written > asked and last.wish == wish and last.state == "on":
            return last
        time.sleep(0.1)
    raise InputError(
        f"the microphone did not come up ({_reason(progress())}); `aeolia mic off` ends it"
    )


def _reason(last: Progress | None) -> str:
    if last is not None and last.problem:
        return last.problem
    if _has_systemd():
        return f"see `journalctl --user -u {UNIT}`"
    with suppress(OSError):
        said = log_path().read_text(errors="replace").strip().splitlines()
        if said:
            return said[-1]
    return "no reason given"


def _has_systemd() -> bool:
    """Whether systemd runs a session of this user."""
    if shutil.which("systemctl") is None:
        return False
    done = subprocess.run(
        ["systemctl", "--user", "show", "--property=Version"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return done.returncode == 0


def _systemctl(*arguments: str) -> None:
    done = subprocess.run(["systemctl", "--user", *arguments], capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise InputError(f"systemd refused {' '.join(arguments)} ({said}); see `journalctl --user`")


def _unit_path() -> Path:
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "systemd" / "user" / UNIT


def _write_unit() -> None:
    command = " ".join(f'"{part}"' for part in _COMMAND)
    text = (
        "[Unit]\nDescription=Aeolia: the microphone without noise\n"
        "After=pulseaudio.service pipewire-pulse.service\n\n"
        f"[Service]\nExecStart={command}\nRestart=on-failure\nRestartSec=2\n\n"
        "[Install]\nWantedBy=default.target\n"
    )
    path = _unit_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    _systemctl("daemon-reload")
