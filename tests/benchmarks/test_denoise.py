"""The benchmark's own parts: rooms, counting, adapters' framing, statistics, held-out draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made.corpora import held_out_corpus

onnx = pytest.importorskip("onnx")
pytest.importorskip("scipy")

from aeolia.data.heldout import rooms  # noqa: E402
from benchmarks.measure import cost  # noqa: E402
from benchmarks.peers import peer as peers  # noqa: E402


@pytest.mark.parametrize("rt60_seconds", [0.3, 0.6])
def test_shoebox_decays_as_asked(rt60_seconds: float) -> None:
    response = rooms.shoebox(np.random.default_rng(1), rt60_seconds, 16000)
    left = np.cumsum(response[::-1] ** 2.0)[::-1]
    start, end = (int(np.argmax(left < left[0] * 10 ** (-db / 10))) for db in (5, 25))
    assert response[0] == 1.0
    assert 3 * (end - start) / 16000 == pytest.approx(rt60_seconds, rel=0.15)


def test_reverberate_splits_early_from_late() -> None:
    speech = np.zeros(8000, np.float32)
    speech[100] = 1.0
    response = np.zeros(4000, np.float32)
    response[[0, 500, 2000]] = 1.0, 0.5, 0.25
    wet, target = rooms.reverberate(speech, response, 16000)
    assert np.flatnonzero(np.abs(wet) > 1e-5).tolist() == [100, 600, 2100]
    assert np.flatnonzero(np.abs(target) > 1e-5).tolist() == [100, 600]


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


def test_held_out_sets_are_repeatable_balanced_and_at_the_snr(tmp_path: Path) -> None:
    from aeolia.data.heldout import denoise as heldout

    manifest = held_out_corpus(tmp_path, speakers=80, noises=40)
    sets = heldout.build_sets(manifest, mixtures=10)
    again = heldout.build_sets(manifest, mixtures=10)
    assert {n: heldout.set_hash(p) for n, p in sets.items()} == {
        n: heldout.set_hash(p) for n, p in again.items()
    }
    pairs = sets["mixtures"]
    assert sorted(pair.snr_db for pair in pairs) == sorted([*heldout.SNRS_DB] * 2)
    assert sum(pair.rt60_seconds is not None for pair in pairs) == 5
    for pair in pairs:
        if pair.rt60_seconds is None:
            noise = pair.noisy - pair.reference
            ratio = heldout.active_level(pair.reference) / heldout.active_level(noise)
            assert 20 * np.log10(ratio) == pytest.approx(pair.snr_db, abs=0.2)


def test_a_speaker_on_both_sides_stops_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aeolia.data.heldout import denoise as heldout
    from aeolia.errors import DataError

    monkeypatch.setattr(heldout, "recording_of", lambda row: "the same")
    with pytest.raises(DataError, match="held out and yet"):
        heldout.HeldOut(held_out_corpus(tmp_path, speakers=40, noises=20))


def test_too_few_held_out_speakers_are_said_so(tmp_path: Path) -> None:
    from aeolia.data.heldout import denoise as heldout
    from aeolia.errors import DataError

    with pytest.raises(DataError, match="named speakers and .* are needed"):
        heldout.HeldOut(held_out_corpus(tmp_path, speakers=3, noises=2))
