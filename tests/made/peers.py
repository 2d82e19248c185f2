"""A folder of peers that are made up: each halves its input, in the form its adapter runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

__all__ = ["write_peers"]

#: Packages as their adapters call them. WebRTC's works on blocks and is late by 96 samples.
_PACKAGES = {
    "noisereduce": """
def reduce_noise(y, sr, n_jobs):
    return 0.5 * y
""",
    "webrtc_noise_gain": """
import numpy

class _Result:
    def __init__(self, audio):
        self.audio = audio

class AudioProcessor:
    def __init__(self, gain, level):
        self.past = numpy.zeros(96, "<i2")

    def Process10ms(self, pcm):
        samples = numpy.concatenate([self.past, numpy.frombuffer(pcm, "<i2")])
        self.past = samples[-96:]
        return _Result((samples[:-96] // 2).astype("<i2").tobytes())
""",
}


def write_peers(folder: Path) -> Path:
    """noisereduce, WebRTC NS and GTCRN in a folder as benchmarks/README.md has it."""
    onnx = pytest.importorskip("onnx")
    for name, text in _PACKAGES.items():
        package = folder / "packages" / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text)
    info, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    floats = onnx.TensorProto.FLOAT
    half = onnx.numpy_helper.from_array(np.array(0.5, np.float32), "half")
    identity = onnx.numpy_helper.from_array(np.eye(2, dtype=np.float32), "identity")
    graph = onnx.helper.make_graph(
        [
            node("MatMul", ["mix", "identity"], ["same"]),
            node("Mul", ["same", "half"], ["enh"]),
            node("Identity", ["cache"], ["cache_out"]),
        ],
        "gtcrn",
        [info("mix", floats, [1, 257, 1, 2]), info("cache", floats, [1, 3])],
        [info("enh", floats, [1, 257, 1, 2]), info("cache_out", floats, [1, 3])],
        [half, identity],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )
    (folder / "gtcrn_simple.onnx").write_bytes(model.SerializeToString())
    return folder
