"""Separators in the release format whose output is known: weighted, delayed copies of the input.

With classes, each class takes its share of everything; fewer classes leave shares untaken. With a
speaker, a "voice" is a tone: the encoder's vector is [r, sqrt(1 - r**2)], r the correlation of
neighbouring samples (near 1 for low tones, 0 at 4 kHz, near -1 for high ones), and the separator
takes the share max(r, 0).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aeolia.config import SeparateConfig, config_to_json
from aeolia.config.classes import CLASSES

__all__ = ["SHARES", "TONES", "tone", "write_separator", "write_voice_encoder"]

#: What each class takes of everything.
SHARES = dict(zip(CLASSES, (0.4, 0.05, 0.1, 0.15, 0.2, 0.1), strict=True))
#: "Voices": one that a speaker's model finds, one that it does not.
TONES = {"alice": 700.0, "bob": 4600.0}

_HOP = 256


def tone(name: str, seconds: float, sample_rate: int = 16000, level: float = 0.2) -> np.ndarray:
    """A voice [T]."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * TONES[name] * time)).astype(np.float32)


def write_separator(path: Path, condition: str = "classes", **config: Any) -> Path:
    """A separator of 16 kHz with a delay of two hops of 256, and states of every kind of axis."""
    onnx = pytest.importorskip("onnx")
    settings = SeparateConfig(
        **{
            "name": path.stem,
            "condition": condition,
            "condition_dim": 2,
            "classes": CLASSES if condition == "classes" else (),
            "win_length": 3 * _HOP,
            "hop_length": _HOP,
            **config,
        }
    )
    shares = [*SHARES.values()][: len(settings.classes)] or [1.0, 0.0]
    info, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    floats = onnx.TensorProto.FLOAT
    states = {
        "past": ("channels", _HOP),
        "out": ("streams", _HOP),
        "asked": ("sources", 1),
        "clock": ("one", 1),
    }
    constants = {
        "shares": np.array(shares, np.float32)[:, None],
        "one": np.ones((1, 1), np.float32),
        "zero": np.array([0]),
        "hop": np.array([-_HOP]),
        "end": np.array([2**31 - 1]),
        "axis": np.array([1]),
        "first": np.array([0]),
        "to_rows": np.array([1, -1]),
        "columns": np.array([2]),
        "last": np.array([3]),
        "flat": np.array([-1, _HOP]),
        "nothing": np.array(0.0, np.float32),
    }

    def delayed(sound: str, state: str, result: str) -> list[Any]:
        return [
            node("Concat", [f"state_{state}", sound], [f"{state}_all"], axis=1),
            node("Slice", [f"{state}_all", "zero", "hop", "axis"], [result]),
            node("Slice", [f"{state}_all", "hop", "end", "axis"], [f"next_state_{state}"]),
        ]

    nodes = [
        node("Squeeze", ["audio", "first"], ["rows"]),  # [C, T]
        *delayed("rows", "past", "joined"),
        node("MatMul", ["condition", "shares"], ["raw_gain"]),  # [1, S, 1]
        node("Relu", ["raw_gain"], ["gain"]),
        node("Unsqueeze", ["gain", "last"], ["gain4"]),  # [1, S, 1, 1]
        node("Mul", ["gain4", "joined"], ["sources"]),  # [1, S, C, T]
        node("Shape", ["sources"], ["shape"]),
        node("Slice", ["shape", "last", "end", "zero"], ["length"]),
        node("Constant", [], ["minus"], value_ints=[-1]),
        node("Concat", ["minus", "length"], ["stream_shape"], axis=0),
        node("Reshape", ["sources", "stream_shape"], ["streams"]),  # [S * C, T]
        *delayed("streams", "out", "late"),
        node("Reshape", ["late", "shape"], ["late4"]),
        # These states are counted, not played, but their sizes must fit.
        node("Add", ["state_clock", "one"], ["next_state_clock"]),
        node("Squeeze", ["gain", "first"], ["gain2"]),
        node("Add", ["state_asked", "gain2"], ["next_state_asked"]),
        node("ReduceSum", ["partition"], ["whole"], keepdims=0),
        node("Mul", ["whole", "nothing"], ["silence"]),
        node("Add", ["late4", "silence"], ["output"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "separator",
        [
            info("audio", floats, [1, "channels", "samples"]),
            info("condition", floats, [1, "sources", len(shares)]),
            info("partition", floats, [1]),
            *(info(f"state_{name}", floats, shape) for name, shape in states.items()),
        ],
        [
            info("output", floats, [1, "sources", "channels", "samples"]),
            *(info(f"next_state_{name}", floats, shape) for name, shape in states.items()),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _save(
        path,
        graph,
        {
            "aeolia_format": "1",
            "aeolia_config": config_to_json(settings),
            "aeolia_card": f"# {path.stem}\n",
        },
    )


def write_voice_encoder(model: Path, version: str = "1") -> Path:
    """The encoder beside a speaker's model; another `version` is another file."""
    onnx = pytest.importorskip("onnx")
    info, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    floats = onnx.TensorProto.FLOAT
    constants = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "minus": np.array([-1]),
        "end": np.array([2**31 - 1]),
        "axis": np.array([1]),
        "unit": np.array(1.0, np.float32),
        "tiny": np.array(1e-9, np.float32),
    }
    nodes = [
        node("Slice", ["audio", "zero", "minus", "axis"], ["now"]),
        node("Slice", ["audio", "one", "end", "axis"], ["next"]),
        node("Mul", ["now", "next"], ["products"]),
        node("ReduceSum", ["products", "axis"], ["together"]),
        node("Mul", ["audio", "audio"], ["squares"]),
        node("ReduceSum", ["squares", "axis"], ["power"]),
        node("Max", ["power", "tiny"], ["some"]),
        node("Div", ["together", "some"], ["r"]),
        node("Mul", ["r", "r"], ["r2"]),
        node("Sub", ["unit", "r2"], ["left"]),
        node("Max", ["left", "tiny"], ["positive"]),
        node("Sqrt", ["positive"], ["s"]),
        node("Concat", ["r", "s"], ["voice"], axis=1),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "voice",
        [info("audio", floats, [1, "samples"])],
        [info("voice", floats, [1, 2])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return _save(model.with_suffix(".voice.onnx"), graph, {"version": version})


def _save(path: Path, graph: Any, metadata: dict[str, str]) -> Path:
    import onnx

    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    path.write_bytes(model.SerializeToString())
    return path
