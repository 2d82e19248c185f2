"""The benchmark's own parts: rooms, counting, adapters' framing, statistics, held-out draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("scipy")

from aeolia.data.heldout.denoise import HeldOutPair  # noqa: E402
from aeolia.metrics import METRICS  # noqa: E402
from benchmarks.denoise import quality  # noqa: E402
from benchmarks.measure import cost  # noqa: E402
from benchmarks.peers import peer as peers  # noqa: E402


def test_spectral_peer_that_changes_nothing_is_transparent() -> None:
    class Transparent(peers.SpectralPeer):
        def frame(self, spectrum: np.ndarray) -> np.ndarray:
            return spectrum

    audio = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    windows = [np.sqrt(peers.hann(512)), peers.hann(512)]
    for window in [*windows, np.sin(np.pi * (np.arange(512) + 0.5) / 512)]:
        out = Transparent(Path("."), window).enhance(audio)
        np.testing.assert_allclose(out, audio, atol=1e-5)


def test_macs_agree_with_the_count_by_hand(tmp_path: Path) -> None:
    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(np.zeros(shape, np.float32), name)

    value = onnx.helper.make_tensor_value_info
    float32 = onnx.TensorProto.FLOAT
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["a"], group=2),
        onnx.helper.make_node("MatMul", ["a", "m"], ["b"]),
        onnx.helper.make_node("GRU", ["g", "gw", "gr"], ["h"], hidden_size=4),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "counted",
        [value("x", float32, [1, 6, 10]), value("g", float32, [5, 2, 3])],
        [value("b", float32, None), value("h", float32, None)],
        [weight("w", 8, 3, 3), weight("m", 8, 7), weight("gw", 1, 12, 3), weight("gr", 1, 12, 4)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(tmp_path / "counted.onnx"))
    feeds = {"x": np.zeros((1, 6, 10), np.float32), "g": np.zeros((5, 2, 3), np.float32)}
    convolution = 8 * 8 * 3 * 3  # outputs [8, 8], each over 6 / 2 channels of 3 samples
    product = 8 * 7 * 8
    recurrence = 5 * 2 * 12 * (3 + 4)
    assert cost.count_macs(tmp_path / "counted.onnx", feeds) == convolution + product + recurrence


def test_columns_of_one_computation_are_measured_in_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[tuple[str, ...]] = []

    def score_audio(
        reference: np.ndarray, estimate: np.ndarray, rate: int, names: tuple[str, ...]
    ) -> tuple[dict[str, float], list[str]]:
        passes.append(tuple(names))
        return {name: float(len(name)) for name in names}, []

    monkeypatch.setattr(quality, "score_audio", score_audio)
    noise = 0.01 * np.random.default_rng(0).standard_normal(4800).astype(np.float32)
    pairs = [
        HeldOutPair(name, noise, len(name) * noise, 0, None, "ann", name)
        for name in ("fan", "rain")
    ]
    columns = [name for name, metric in METRICS.items() if metric.family == "dnsmos"]
    assert len(columns) == 3
    scores = quality.score(quality.NOISY, "clean", pairs, tmp_path, [*columns, "sdr"])
    assert {name: scores[name] for name in (*columns, "sdr")} == {
        name: [float(len(name))] * 2 for name in (*columns, "sdr")
    }
    own = ("si_sdr", "pesq_wb", "stoi")
    assert passes == [own] * 2 + [tuple(columns)] * 2 + [("sdr",)] * 2
    assert quality.score(quality.NOISY, "clean", pairs, tmp_path, columns[1:]).keys() >= {*own}
    assert len(passes) == 6
