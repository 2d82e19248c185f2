"""A few seconds of the microphone, before and after: recorded, then played one after the other."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aeolia.api.microphone import pulse
from aeolia.api.microphone.engine import Filter
from aeolia.api.microphone.settings import Wish
from aeolia.audio.writer import write_audio
from aeolia.errors import AudioFileError, InputError

__all__ = ["Trial", "play", "record_trial", "save_trial", "trial_paths"]

_BYTES = 4
#: Nobody waits for an answer here.
_BUFFER_MS = 200.0
#: Longer than any sound card takes to begin.
_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Trial:
    """A recording [T] and what the denoiser makes of it [T], in step, at `sample_rate` in Hz."""

    before: np.ndarray
    after: np.ndarray
    sample_rate: int
    input: str


def record_trial(
    wish: Wish, seconds: float, begin: Callable[[str], None] = lambda source: None
) -> Trial:
    """Record the microphone, and denoise it as the virtual one is.

    Args:
        begin: called with the microphone's name when it is time to speak.

    Raises:
        AeoliaError: no sound server, no such microphone or model, or nothing comes.
    """
    source = pulse.choose_input(pulse.server(), wish.input)
    filter_ = Filter(wish.model, wish.attenuation_limit_db)
    begin(source)
    before = _recorded(source, filter_.sample_rate, seconds)
    latency = filter_.blocks.latency
    padded = np.concatenate([before, np.zeros(latency + -(len(before) + latency) % filter_.hop)])
    hops = padded.astype(np.float32).reshape(-1, filter_.hop)
    after = np.concatenate([filter_.process(hop) for hop in hops])
    return Trial(before, after[latency : latency + len(before)], filter_.sample_rate, source)


def _recorded(source: str, sample_rate: int, seconds: float) -> np.ndarray:
    needed = round(seconds * sample_rate) * _BYTES
    with pulse.recorder(source, sample_rate, _BUFFER_MS) as recorder:
        assert recorder.stdout is not None
        try:
            data = _read(recorder, needed, seconds + _PATIENCE_SECONDS)
        finally:
            recorder.kill()
    if len(data) < needed:
        raise InputError(f"the microphone {source} ended while it was recorded; connect it again")
    return np.asarray(np.nan_to_num(np.frombuffer(data, "<f4"), posinf=0.0, neginf=0.0), np.float32)


def _read(recorder: subprocess.Popen[bytes], needed: int, seconds: float) -> bytes:
    assert recorder.stdout is not None
    deadline, data = time.monotonic() + seconds, bytearray()
    while len(data) < needed:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([recorder.stdout], [], [], left)[0]:
            raise InputError(
                "nothing comes of the microphone; see that it is connected and not off"
            )
        chunk = os.read(recorder.stdout.fileno(), needed - len(data))
        if not chunk:
            break
        data += chunk
    return bytes(data)


def play(samples: np.ndarray, sample_rate: int) -> None:
    """Samples [T] to the system's speaker, to the end.

    Raises:
        InputError: there is none, or it went away.
    """
    sink = pulse.server().default_sink
    if not sink or sink == pulse.SINK:
        raise InputError("there is no speaker to play to; connect one, or use --save")
    with pulse.player(sink, sample_rate, _BUFFER_MS) as player:
        try:
            player.communicate(samples.astype("<f4").tobytes())
        finally:
            player.kill()
    if player.returncode:
        raise InputError(f"the speaker {sink} cannot be played to; choose another in the system")


def save_trial(trial: Trial, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write before.wav and after.wav into a folder, which is made where it is missing.

    Raises:
        AudioFileError: they are there already, or cannot be written.
    """
    paths = trial_paths(folder, overwrite=overwrite)
    for path, samples in zip(paths, (trial.before, trial.after), strict=True):
        write_audio(path, samples, trial.sample_rate, overwrite=overwrite)
    return paths


def trial_paths(folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Where `save_trial` writes; to be asked for before anybody speaks.

    Raises:
        AudioFileError: they are there already.
    """
    paths = [folder / "before.wav", folder / "after.wav"]
    for path in paths:
        if path.exists() and not overwrite:
            raise AudioFileError(f"{path}: already exists; add --overwrite, or name another folder")
    return paths
