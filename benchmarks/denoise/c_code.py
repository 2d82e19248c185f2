"""Our denoisers as C beside the same on ONNX Runtime: time of a hop, and bytes."""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aeolia.evaluation.tables import markdown
from aeolia.files import write_atomically
from aeolia.models.export.c_source.check import find_compiler
from aeolia.models.export.c_source.export import c_files
from aeolia.models.export.c_source.source import file_name
from aeolia.pictures.table import Table
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from benchmarks import say
from benchmarks.results import provenance

__all__ = ["Library", "compiled", "run", "table"]

#: Name of a column -> what the compiler is told.
_BUILDS = {"-O3": ["-O3"], "-O3 -march=native": ["-O3", "-march=native"]}
_OPTIONS = ("-std=c99", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-s")
#: Hops that one program runs before it is the other's turn.
_TURN = 20


class Library:
    """A compiled denoiser of one channel, called through its header's functions."""

    def __init__(self, path: Path, prefix: str, hop_length: int) -> None:
        self.n_bytes = path.stat().st_size
        library = ctypes.CDLL(str(path))
        size, create = library[f"{prefix}_size"], library[f"{prefix}_create"]
        self._process = library[f"{prefix}_process"]
        size.restype, create.restype = ctypes.c_size_t, ctypes.c_void_p
        self.memory_bytes = int(size())
        self._memory = np.zeros(self.memory_bytes // 8 + 1, np.float64)
        pointer = ctypes.POINTER(ctypes.c_float)
        create.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self._process.argtypes = [ctypes.c_void_p, ctypes.POINTER(pointer), ctypes.POINTER(pointer)]
        self._denoiser = create(self._memory.ctypes.data, 1)
        self._hop = np.zeros(hop_length, np.float32)
        self._channels = (pointer * 1)(self._hop.ctypes.data_as(pointer))

    def push(self, hop: np.ndarray) -> np.ndarray:
        self._hop[:] = hop
        self._process(self._denoiser, self._channels, self._channels)
        return self._hop


def run(models: Sequence[str], output: Path, hops: int) -> None:
    """Measure, and write the page."""
    found = table(models, hops)
    made = "; ".join(f"{name}: {value}" for name, value in provenance().items())
    compiler = _version(find_compiler())
    text = (
        "# Denoisers as C\n\n"
        "What `aeolia export --for c` writes ([docs/c.md](../docs/c.md)), compiled by "
        f"`{compiler}`, beside `aeolia.Stream` on ONNX Runtime with one thread.\n\n"
        f"{markdown(found.columns, found.rows)}\n{found.note}\n\n"
        f"Made by `python -m benchmarks c`; {made}.\n"
    )
    write_atomically(output, text)
    say(f"{output} is written")


def table(models: Sequence[str], hops: int) -> Table:
    """Time of a hop and bytes of each model, one channel."""
    rows = [_row(model, hops) for model in models]
    return Table(
        "",
        (
            "model",
            "hop",
            "ONNX Runtime",
            *(f"C, {build}" for build in _BUILDS),
            *(f"ratio, {build}" for build in _BUILDS),
            "code",
            "weights",
            "memory",
        ),
        tuple(rows),
        note="Times are of the processor, in ms, the median over hops that alternate in turns of "
        f"{_TURN}; the ratio is C over ONNX Runtime. Code (the library, -O3, without the weights), "
        "weights and memory (of a denoiser, for up to two channels) are in KB.",
    )


def _row(model: str, hops: int) -> tuple[str, ...]:
    backend = OnnxBackend(find_model(model))
    config = backend.config
    stream = DenoisingStream(backend)
    with tempfile.TemporaryDirectory() as folder:
        n_weights, libraries = compiled(Path(folder), find_model(model), file_name(config))
        opened = [
            Library(path, f"aeolia_{file_name(config)}", config.hop_length) for path in libraries
        ]
        systems = [stream.push, *(library.push for library in opened)]
        reference, *ours = _median_ms(systems, config.hop_length, hops)
    return (
        model,
        f"{1000 * config.hop_length / config.sample_rate:.0f} ms",
        f"{reference:.3f}",
        *(f"{ms:.3f}" for ms in ours),
        *(f"{ms / reference:.2f}" for ms in ours),
        f"{(opened[0].n_bytes - 4 * n_weights) / 1e3:.0f}",
        f"{4 * n_weights / 1e3:.0f}",
        f"{opened[0].memory_bytes / 1e3:.0f}",
    )


def compiled(
    folder: Path, model: Path, name: str, builds: Sequence[Sequence[str]] = ()
) -> tuple[int, list[Path]]:
    """The number of weights, and the libraries in the order of the builds."""
    files = c_files(model)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    compiler = find_compiler()
    weights, made = folder / "weights.o", []
    # They are numbers: optimising changes nothing.
    command = [
        compiler,
        "-O0",
        "-fPIC",
        "-c",
        "-o",
        str(weights),
        str(folder / f"{name}_weights.c"),
    ]
    subprocess.run(command, check=True)
    for number, options in enumerate(builds or _BUILDS.values()):
        library = folder / f"{number}.so"
        command = [compiler, *options, *_OPTIONS, "-o", str(library), str(folder / f"{name}.c")]
        subprocess.run([*command, str(weights), "-lm"], check=True)
        made.append(library)
    count = re.search(r"_weights\[([0-9]+)\]", files[f"{name}_weights.c"])
    assert count is not None, "the file declares its array"
    return int(count[1]), made


def _median_ms(
    systems: Sequence[Callable[[np.ndarray], np.ndarray]], hop_length: int, hops: int
) -> list[float]:
    """Of each system, all fed the same noise."""
    random = np.random.default_rng(0)
    audio = 0.05 * random.standard_normal((hops, hop_length)).astype(np.float32)
    times: list[list[int]] = [[] for _ in systems]
    for start in range(0, hops, _TURN):
        for system, taken in zip(systems, times, strict=True):
            for hop in audio[start : start + _TURN]:
                before = time.thread_time_ns()
                system(hop)
                taken.append(time.thread_time_ns() - before)
    return [float(np.median(taken)) / 1e6 for taken in times]


def _version(compiler: str) -> str:
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0]
