"""Multiply-accumulates of an ONNX graph, counted from the shapes of an actual run.

Only operators that multiply matrices count: MatMul, Gemm, Einsum, Conv, ConvTranspose, GRU, LSTM.
Peers take spectra: their Fourier transforms happen outside their graphs and are not counted. Ours
lie inside the graph as products with fixed matrices, and are counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import ModelError
from benchmarks.peers.peer import HopPeer, Peer, onnx_session

__all__ = ["count_macs", "our_macs_per_second", "peer_macs_per_second"]

Shape = tuple[int, ...]


def count_macs(
    path: Path,
    feeds: dict[str, np.ndarray],
    counts: Callable[[Any, dict[str, Shape]], bool] = lambda node, shapes: True,
) -> int:
    """MACs of one run of the graph at `path` with inputs `feeds`, of nodes for which `counts`.

    Raises:
        ModelError: the graph has control flow, whose cost a count of nodes would miss.
    """
    import onnx
    import onnxruntime

    model = onnx.load(str(path))
    nodes = list(model.graph.node)
    if flow := {node.op_type for node in nodes} & {"Loop", "Scan", "If"}:
        raise ModelError(f"{path.name} has {', '.join(sorted(flow))}; its cost cannot be counted")
    shapes: dict[str, Shape] = {one.name: tuple(one.dims) for one in model.graph.initializer}
    shapes |= {name: array.shape for name, array in feeds.items()}
    counted = [node for node in nodes if node.op_type in _RULES]
    needed = {name for node in counted for name in (*node.input, *node.output) if name}
    needed -= set(shapes)
    present = {output.name for output in model.graph.output}
    for name in sorted(needed - present):
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = sorted(needed)
    # Without names a session would return every output.
    found = session.run(names, feeds) if names else []
    shapes |= {name: array.shape for name, array in zip(names, found, strict=True)}
    return sum(_RULES[node.op_type](node, shapes) for node in counted if counts(node, shapes))


def our_macs_per_second(path: Path) -> tuple[float, float]:
    """MACs a second of one of our models: (without, with) its Fourier transforms.

    A transform is a MatMul with a fixed matrix (the exporter names those Constant, learned ones
    otherwise) other than that between bins and bands, which has an axis of all grouped bins.
    """
    from aeolia.runtime.onnx_backend import OnnxBackend

    backend = OnnxBackend(path)
    hops = round(backend.config.sample_rate / backend.config.hop_length)
    samples = hops * backend.config.hop_length
    feeds = {"audio": np.zeros((1, 1, samples), np.float32), **backend.initial_state(1)}
    grouped = backend.config.n_bins - backend.config.n_linear_bins

    def no_transform(node: Any, shapes: dict[str, Shape]) -> bool:
        fixed = [shapes[name] for name in node.input if "Constant" in name]
        return node.op_type != "MatMul" or not fixed or grouped in fixed[0]

    per_second = backend.config.sample_rate / samples
    network = count_macs(path, feeds, no_transform) * per_second
    return network, count_macs(path, feeds) * per_second


def peer_macs_per_second(peer: Peer) -> float | None:
    """MACs a second of a peer's ONNX graphs; None where it has none.

    Graphs of streaming peers run once a hop; the others take a second's frames at once.
    """
    paths = [peer.folder / file for file in peer.files if file.endswith(".onnx")]
    if not paths:
        return None
    runs = peer.sample_rate / peer.hop if isinstance(peer, HopPeer) else 1.0
    total = 0
    for path in paths:
        inputs = onnx_session(path).get_inputs()
        feeds = {one.name: np.zeros(_sizes(one.shape), np.float32) for one in inputs}
        total += count_macs(path, feeds)
    return total * runs


def _sizes(shape: list[int | str]) -> Shape:
    """Unknown axes are time, a second of 10 ms frames, but for a batch's."""
    return tuple(size if isinstance(size, int) else 1 if "batch" in size else 100 for size in shape)


def _attribute(node: Any, name: str, default: Any) -> Any:
    import onnx

    for attribute in node.attribute:
        if attribute.name == name:
            return onnx.helper.get_attribute_value(attribute)
    return default


def _matmul(node: Any, shapes: dict[str, Shape]) -> int:
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


def _gemm(node: Any, shapes: dict[str, Shape]) -> int:
    inner = shapes[node.input[0]][0 if _attribute(node, "transA", 0) else 1]
    return math.prod(shapes[node.output[0]]) * inner


def _einsum(node: Any, shapes: dict[str, Shape]) -> int:
    """One multiplication for each combination of all indices (exact for two operands)."""
    terms = _attribute(node, "equation", b"").decode().replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, name in zip(terms, node.input, strict=True):
        sizes |= dict(zip(term, shapes[name], strict=True))
    return math.prod(sizes.values())


def _conv(node: Any, shapes: dict[str, Shape]) -> int:
    """Weight [C_out, C_in / groups, kernel...]: each output sums over all but the first axis."""
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])


def _conv_transpose(node: Any, shapes: dict[str, Shape]) -> int:
    """Weight [C_in, C_out / groups, kernel...]: each input is spread over all but the first."""
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _recurrent(node: Any, shapes: dict[str, Shape]) -> int:
    """Input [F, B, I]; weights W and R, all directions, are used once a frame and batch row."""
    frames, batch = shapes[node.input[0]][:2]
    return frames * batch * (math.prod(shapes[node.input[1]]) + math.prod(shapes[node.input[2]]))


_RULES = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "GRU": _recurrent,
    "LSTM": _recurrent,
}
