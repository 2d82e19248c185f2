"""Denoisers as libraries: the bytes that a program ships, and the time of a hop, in turns."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import DataError
from aeolia.files import write_atomically
from aeolia.models.export.c_source.export import c_files
from aeolia.models.export.c_source.source import file_name
from aeolia.runtime.catalogue import find_model
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.onnx_backend import OnnxBackend
from benchmarks.denoise.c_code import Library, compiled
from benchmarks.measure.speed import made_audio
from benchmarks.peers.folder import find_peers
from benchmarks.peers.peer import HopPeer
from benchmarks.results import digest_of

__all__ = ["measure"]

MODELS = ("denoise-16k", "denoise")
#: As the peers' libraries are built, by benchmarks/README.md.
_BUILD = ("-O3", "-march=native")
#: Hops that one program runs before it is the other's turn.
_TURN = 20
#: Peers that are measured beside C, and what of each is shipped: its weights are files or within.
_LIBRARIES = (
    "RNNoise 0.1.1",
    "RNNoise 0.2",
    "FastEnhancer-T 48 kHz",
    "FastEnhancer-B 48 kHz",
    "FastEnhancer-S 48 kHz",
)
#: What sherpa-onnx's own script writes into GTCRN's file (scripts/gtcrn/add_meta_data.py).
_GTCRN = {
    "model_type": "gtcrn",
    "sample_rate": 16000,
    "version": 1,
    "n_fft": 512,
    "hop_length": 256,
    "window_length": 512,
    "window_type": "hann_sqrt",
    "conv_cache_shape": "2,1,16,16,33",
    "tra_cache_shape": "2,3,1,1,16",
    "inter_cache_shape": "2,1,33,16",
    "comment": "gtcrn",
}


@dataclass
class _System:
    door: str
    name: str
    ours: bool
    sample_rate: int
    hop: int
    n_bytes: int
    push: Callable[[np.ndarray], Any]


def measure(peers: Path | None, hops: int, cache: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """A row a system, and lines on what is missing; what was compiled is kept in `cache`."""
    with tempfile.TemporaryDirectory() as folder:
        systems, missing = _systems(Path(folder), peers, cache)
        taken = _taken(systems, hops)
    rows = [
        {
            "door": one.door,
            "system": one.name,
            "model": one.name,
            "ours": one.ours,
            "hop_ms": 1000 * one.hop / one.sample_rate,
            "median_ms": float(np.median(ms)),
            "p95_ms": float(np.percentile(ms, 95)),
            "bytes": one.n_bytes,
        }
        for one, ms in zip(systems, taken, strict=True)
    ]
    return rows, missing


def _taken(systems: Sequence[_System], hops: int) -> list[list[float]]:
    """Milliseconds of each hop of each system."""
    seconds = max(one.hop / one.sample_rate for one in systems) * (hops + _TURN)
    sounds = {rate: made_audio(seconds, rate) for rate in {one.sample_rate for one in systems}}
    taken: list[list[float]] = [[] for _ in systems]
    loudest = [0.0 for _ in systems]
    for start in range(0, hops, _TURN):
        for n, one in enumerate(systems):
            for k in range(start, start + _TURN):
                hop = sounds[one.sample_rate][k * one.hop : (k + 1) * one.hop]
                began = time.process_time()
                output = one.push(hop)
                taken[n].append(1000 * (time.process_time() - began))
                loudest[n] = max(loudest[n], float(np.abs(output).max(initial=0.0)))
    for one, level in zip(systems, loudest, strict=True):
        if not level > 0:
            raise DataError(f"{one.name} ({one.door}): silent")
    return [ms[min(_TURN, len(ms) // 2) :] for ms in taken]


def _systems(folder: Path, peers: Path | None, cache: Path) -> tuple[list[_System], list[str]]:
    found: dict[str, HopPeer] = {}
    missing = [f"{name}: no --peers" for name in (*_LIBRARIES, "GTCRN")] if peers is None else []
    if peers is not None:
        there, _ = find_peers(peers)
        found = {one.name: one for one in there if isinstance(one, HopPeer)}
        missing = [
            f"{name}: not among the peers" for name in (*_LIBRARIES, "GTCRN") if name not in found
        ]
    systems = [_ours_in_c(cache, model) for model in MODELS]
    for name in _LIBRARIES:
        if name in found:
            peer = found[name]
            peer.reset()
            size = peer.size_bytes()
            systems.append(_System("C", name, False, peer.sample_rate, peer.hop, size, peer.step))
    if importlib.util.find_spec("sherpa_onnx") is None:
        missing.append("sherpa-onnx: pip install sherpa-onnx")
    else:
        systems += [_ours_in_sherpa(folder, model) for model in MODELS]
        if "GTCRN" in found:
            systems.append(_gtcrn_in_sherpa(folder, found["GTCRN"].folder / "gtcrn_simple.onnx"))
    systems += [_ours_in_python(model) for model in MODELS]
    return systems, missing


def _ours_in_c(cache: Path, model: str) -> _System:
    path = find_model(model)
    config = OnnxBackend(path).config
    sources = "".join(c_files(path).values())
    kept = cache / f"{model}-{digest_of(f'{sources}{_BUILD}'.encode())}.so"
    if not kept.is_file():  # a minute's work for a compiler
        with tempfile.TemporaryDirectory() as folder:
            _, libraries = compiled(Path(folder), path, file_name(config), [_BUILD])
            write_atomically(kept, libraries[0].read_bytes())
    library = Library(kept, f"aeolia_{file_name(config)}", config.hop_length)
    return _System(
        "C", model, True, config.sample_rate, config.hop_length, library.n_bytes, library.push
    )


def _ours_in_sherpa(folder: Path, model: str) -> _System:
    from aeolia.models.checkpoint import load_checkpoint
    from aeolia.models.export.sherpa import export_sherpa

    config = OnnxBackend(find_model(model)).config
    path = folder / f"{model}.sherpa.onnx"
    export_sherpa(load_checkpoint(find_model(model).with_suffix(".safetensors")), path)
    return _in_sherpa(path, model, config.sample_rate, config.hop_length, ours=True)


def _gtcrn_in_sherpa(folder: Path, source: Path) -> _System:
    import onnx

    proto = onnx.load(str(source))
    for key, value in _GTCRN.items():
        proto.metadata_props.add(key=key, value=str(value))
    path = folder / "gtcrn.sherpa.onnx"
    onnx.save(proto, str(path))
    return _in_sherpa(path, "GTCRN", 16000, 256, ours=False)


def _in_sherpa(path: Path, name: str, sample_rate: int, hop: int, *, ours: bool) -> _System:
    import sherpa_onnx

    config = sherpa_onnx.OnlineSpeechDenoiserConfig(
        model=sherpa_onnx.OfflineSpeechDenoiserModelConfig(
            gtcrn=sherpa_onnx.OfflineSpeechDenoiserGtcrnModelConfig(model=str(path)), num_threads=1
        )
    )
    denoiser = sherpa_onnx.OnlineSpeechDenoiser(config)

    def push(block: np.ndarray) -> np.ndarray:
        return np.asarray(denoiser.run(block, sample_rate).samples, np.float32)

    return _System("sherpa-onnx", name, ours, sample_rate, hop, path.stat().st_size, push)


def _ours_in_python(model: str) -> _System:
    path = find_model(model)
    stream = DenoisingStream(OnnxBackend(path))
    config = stream.backend.config
    size = path.stat().st_size
    return _System("Python", model, True, config.sample_rate, config.hop_length, size, stream.push)
