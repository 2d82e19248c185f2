"""Adapters of peers that are libraries: sound in, sound out."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import DataError
from benchmarks.peers.peer import Array, HopPeer, WholePeer

__all__ = [
    "FastEnhancerBase",
    "FastEnhancerSmall",
    "FastEnhancerTiny",
    "NoiseReduce",
    "Rnnoise01",
    "Rnnoise02",
    "WebRtc",
]


class RnnoiseLibrary(HopPeer):
    """RNNoise through its C interface; samples in the range of 16-bit integers."""

    sample_rate = 48000
    hop = 480
    handle: Any = None

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.library = ctypes.CDLL(str(folder / self.files[0]))
        self.library.rnnoise_create.restype = ctypes.c_void_p
        self.library.rnnoise_create.argtypes = [ctypes.c_void_p]
        self.library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
        self.library.rnnoise_process_frame.restype = ctypes.c_float
        self.library.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3

    def reset(self) -> None:
        if self.handle is not None:
            self.library.rnnoise_destroy(self.handle)
        self.handle = self.library.rnnoise_create(None)

    def step(self, block: Array) -> Array:
        scaled = np.ascontiguousarray(block * 32768, np.float32)
        out = np.empty(480, np.float32)
        self.library.rnnoise_process_frame(self.handle, out.ctypes.data, scaled.ctypes.data)
        return out / 32768


class Rnnoise01(RnnoiseLibrary):
    name = "RNNoise 0.1.1"
    files = ("librnnoise-0.1.1.so",)
    delay = 480


class Rnnoise02(RnnoiseLibrary):
    name = "RNNoise 0.2"
    files = ("packages/pyrnnoise/librnnoise.so",)
    delay = 960


class FastEnhancerLibrary(HopPeer):
    """FastEnhancer at 48 kHz through its C interface, without its high-pass and its gain."""

    sample_rate = 48000
    hop = 512
    delay = 512
    #: As `fe_init` counts its sizes.
    size: int
    state: Any = None

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        library, weights = (folder / file for file in self.files)
        self.library = ctypes.CDLL(str(library))
        self.library.fe_init.restype = ctypes.c_void_p
        self.library.fe_init.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        for name in ("fe_set_hpf", "fe_set_agc"):
            getattr(self.library, name).argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.library.fe_process.argtypes = [ctypes.c_void_p] * 3
        self.library.fe_reset.argtypes = [ctypes.c_void_p]
        data = weights.read_bytes()
        self.state = self.library.fe_init(self.size, data, len(data))
        if not self.state:
            raise DataError(f"{weights}: FastEnhancer's library does not take these weights")
        self.library.fe_set_hpf(self.state, 0)
        self.library.fe_set_agc(self.state, 0)

    def reset(self) -> None:
        self.library.fe_reset(self.state)

    def step(self, block: Array) -> Array:
        samples = np.ascontiguousarray(block, np.float32)
        out = np.empty(self.hop, np.float32)
        self.library.fe_process(self.state, samples.ctypes.data, out.ctypes.data)
        return out


class FastEnhancerTiny(FastEnhancerLibrary):
    name = "FastEnhancer-T 48 kHz"
    files = ("fastenhancer/libtiny.so", "fastenhancer/fe_tiny_48k.bin")
    size = 0


class FastEnhancerBase(FastEnhancerLibrary):
    name = "FastEnhancer-B 48 kHz"
    files = ("fastenhancer/libbase.so", "fastenhancer/fe_base_48k.bin")
    size = 1


class FastEnhancerSmall(FastEnhancerLibrary):
    name = "FastEnhancer-S 48 kHz"
    files = ("fastenhancer/libsmall.so", "fastenhancer/fe_small_48k.bin")
    size = 2


class WebRtc(HopPeer):
    """WebRTC noise suppression at its strongest setting; 16-bit mono blocks of 10 ms."""

    name = "WebRTC NS"
    sample_rate = 16000
    files = ("packages/webrtc_noise_gain/__init__.py",)
    hop = 160
    delay = 96  # its transform is 256 long

    def size_bytes(self) -> int:
        return sum(f.stat().st_size for f in (self.folder / self.files[0]).parent.glob("*.so"))

    def reset(self) -> None:
        from webrtc_noise_gain import AudioProcessor

        self.processor = AudioProcessor(0, 4)

    def step(self, block: Array) -> Array:
        pcm = np.clip(np.round(block * 32768), -32768, 32767).astype("<i2").tobytes()
        out = self.processor.Process10ms(pcm).audio
        return np.frombuffer(out, "<i2").astype(np.float32) / 32768


class NoiseReduce(WholePeer):
    """Spectral gating, non-stationary mode, default settings."""

    name = "noisereduce"
    sample_rate = 16000
    files = ("packages/noisereduce/__init__.py",)

    def size_bytes(self) -> int:
        return 0

    def enhance(self, audio: Array) -> Array:
        import noisereduce

        out = noisereduce.reduce_noise(y=audio, sr=self.sample_rate, n_jobs=1)
        # It divides by the level of its input, which digital silence does not have.
        return np.nan_to_num(np.asarray(out, np.float32))
