"""The forms of other denoisers, which their adapters fill in: on one thread, aligned to the sample.

The peers' code and weights are not part of Aeolia: `benchmarks/README.md` says in words which
public files a user puts into the folder given as `--peers DIR`. A peer whose files are absent is
left out and named as missing in the results (`folder.py`).

Two shapes of peer:
    HopPeer    hop samples in, hop samples out, with its own state; the output lags by `delay`.
    WholePeer  a whole recording at once.
Both offer `enhance(audio)`: [T] float32 at the peer's own `sample_rate` in, [T] out, lag removed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Array", "HopPeer", "Peer", "SpectralPeer", "WholePeer", "hann", "onnx_session"]

Array: TypeAlias = np.ndarray[Any, Any]


def onnx_session(path: Path) -> Any:
    """A one-thread ONNX Runtime session with denormals flushed, the same settings for everyone."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Peer:
    """A system under comparison; `files` are the paths, below the peers folder, that it needs."""

    name: str
    sample_rate: int
    files: tuple[str, ...]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def size_bytes(self) -> int:
        return sum((self.folder / file).stat().st_size for file in self.files)

    def enhance(self, audio: Array) -> Array:
        """[T] float32 at `sample_rate` -> [T] float32, aligned with the input."""
        raise NotImplementedError


class WholePeer(Peer):
    """A peer that needs the whole recording at once."""


class HopPeer(Peer):
    """A peer that takes `hop` samples and gives `hop` samples, `delay` samples late."""

    hop: int
    delay: int

    def reset(self) -> None:
        raise NotImplementedError

    def step(self, block: Array) -> Array:
        """[hop] -> [hop]; the state is kept inside until `reset`."""
        raise NotImplementedError

    def enhance(self, audio: Array) -> Array:
        self.reset()
        blocks = -(-(len(audio) + self.delay) // self.hop)
        padded = np.zeros(blocks * self.hop, np.float32)
        padded[: len(audio)] = audio
        out = np.concatenate([self.step(block) for block in padded.reshape(blocks, self.hop)])
        return out[self.delay : self.delay + len(audio)].astype(np.float32)


class SpectralPeer(HopPeer):
    """512/256 short-time Fourier peers: `frame(spectrum [257]) -> spectrum [257]` is theirs.

    With zeros before the recording, the k-th frame is the k-th frame of a centred transform, and
    overlap-add completes a block one hop after it came in. The synthesis window divides by the
    overlapped square of the analysis window, so that an untouched spectrum gives the input back.
    """

    sample_rate = 16000
    hop = 256
    delay = 256

    def __init__(self, folder: Path, window: Array) -> None:
        super().__init__(folder)
        self.window = window.astype(np.float32)
        power = self.window[:256] ** 2 + self.window[256:] ** 2
        self.synthesis = (self.window / np.tile(power, 2)).astype(np.float32)

    def frame(self, spectrum: Array) -> Array:
        raise NotImplementedError

    def reset(self) -> None:
        self.past = np.zeros(512, np.float32)
        self.tail = np.zeros(512, np.float32)

    def step(self, block: Array) -> Array:
        self.past = np.concatenate([self.past[256:], block])
        spectrum = np.fft.rfft(self.past * self.window)
        wave = np.fft.irfft(self.frame(spectrum)).astype(np.float32) * self.synthesis
        self.tail = np.concatenate([self.tail[256:], np.zeros(256, np.float32)]) + wave
        return self.tail[:256]


def hann(length: int) -> Array:
    """The periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
