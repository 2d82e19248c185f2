"""The generated C, compiled and run beside `aeolia.Stream`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aeolia.api.streams import Stream
from aeolia.errors import InputError, ModelError
from aeolia.runtime.onnx_backend import OnnxBackend

__all__ = ["OPTIONS", "TOLERANCE", "compile_example", "find_compiler", "largest_difference"]

#: Largest difference of a sample from `aeolia.Stream`.
TOLERANCE = 1e-4

#: As in the Makefile, but for the level of optimisation: a check may be slow to run.
OPTIONS = ("-std=c99", "-O1", "-fno-math-errno", "-fno-trapping-math")
_COMPILERS = ("cc", "gcc", "clang")
_SECONDS = 1.5


def find_compiler() -> str:
    """The path of a C compiler: $CC, else cc, gcc or clang.

    Raises:
        InputError: there is none.
    """
    wanted = os.environ.get("CC")
    for name in (wanted,) if wanted else _COMPILERS:
        if found := shutil.which(name):
            return found
    came = f"CC={wanted}" if wanted else ", ".join(_COMPILERS)
    raise InputError(
        f"--for c compiles what it wrote to compare it with the model, and no C compiler is here "
        f"({came}); install one: sudo apt-get install gcc"
    )


def largest_difference(
    files: Mapping[str, str], name: str, backend: OnnxBackend, compiler: str
) -> float:
    """Largest difference of a sample between the C of these files and `aeolia.Stream`.

    Over sounds of one channel and of two, quiet and loud ones, with an offset and with silence.

    Args:
        name: of the example's program.

    Raises:
        ModelError: it does not compile or ends with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        for file, text in files.items():
            (Path(folder) / file).write_text(text, encoding="utf-8")
        program = compile_example(Path(folder), name, compiler)
        return max(_difference(program, backend, channels) for channels in (1, 2))


def compile_example(folder: Path, name: str, compiler: str) -> Path:
    """Compile a folder's example; returns the program's path.

    Raises:
        ModelError: the compiler refuses.
    """
    program = folder / name
    sources = [folder / "example.c", folder / f"{name}.c", folder / f"{name}_weights.c"]
    command = [compiler, *OPTIONS, "-o", str(program), *map(str, sources), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), "no message")
        raise ModelError(
            f"not exported: {compiler} does not compile the code ({first.strip()}); try another "
            f"compiler: CC=gcc, and report this"
        )
    return program


def _difference(program: Path, backend: OnnxBackend, channels: int) -> float:
    audio = _sound(backend.config.sample_rate, channels)
    stream = Stream(backend, channels=channels)
    expected = np.concatenate([stream.push(audio), stream.flush()]).reshape(audio.shape)
    done = subprocess.run(
        [program, str(channels)], input=audio.tobytes(), capture_output=True, check=False
    )
    found = np.frombuffer(done.stdout, np.float32)
    if done.returncode or found.size != expected.size:
        raise ModelError(
            f"not exported: the compiled code ends with {done.returncode} and {found.size} of "
            f"{expected.size} samples; report this"
        )
    return float(np.abs(found.reshape(expected.shape) - expected).max())


def _sound(sample_rate: int, channels: int) -> np.ndarray:
    """Bursts of harmonics in noise [T, C]: silence, quiet, usual with an offset, loud."""
    random = np.random.default_rng(0)
    time = np.arange(round(_SECONDS * sample_rate)) / sample_rate
    bursts = np.sin(2 * np.pi * 3 * time).clip(0)[:, None]
    harmonics = np.arange(1, 12)
    tones = (np.sin(2 * np.pi * 140 * np.outer(time, harmonics)) / harmonics).sum(1)[:, None]
    noise = random.standard_normal((len(time), channels))
    burst = 0.05 * bursts * tones * np.linspace(1.0, 0.4, channels) + 0.01 * noise
    silence = np.zeros((sample_rate // 2, channels))
    # Ends in silence, so that a stream's end, which has the offset in it, is the same as zeros.
    parts = [silence, 0.003 * burst, silence, burst + 0.05, 3.0 * burst, silence]
    return np.concatenate(parts).astype(np.float32)
