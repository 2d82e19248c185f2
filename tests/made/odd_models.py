"""Denoisers in the release format that misbehave when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aeolia.config import DenoiseConfig, config_to_json

__all__ = ["ODD", "write_odd_model"]

_HOP = 256


def _loop(helper: Any, numbers: Any) -> list[Any]:
    """Adds 0 to the audio until the end of time."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["goes"]),
            helper.make_node("Add", ["sum", "none"], ["sums"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", numbers.INT64, []),
            helper.make_tensor_value_info("go", numbers.BOOL, []),
            helper.make_tensor_value_info("sum", numbers.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes", numbers.BOOL, []),
            helper.make_tensor_value_info("sums", numbers.FLOAT, None),
        ],
    )
    return [helper.make_node("Loop", ["", "yes", "audio"], ["output"], body=body)]


#: What is odd -> the nodes that make `output` of `audio`, and of the constants below.
ODD: dict[str, Any] = {
    "endless": _loop,
    "infinite": lambda helper, _: [helper.make_node("Add", ["audio", "infinity"], ["output"])],
    "not a number": lambda helper, _: [
        helper.make_node("Sub", ["infinity", "infinity"], ["nan"]),
        helper.make_node("Add", ["audio", "nan"], ["output"]),
    ],
    "too short": lambda helper, _: [
        helper.make_node("Slice", ["audio", "from", "to", "axis"], ["output"])
    ],
    "too long": lambda helper, _: [
        helper.make_node("Concat", ["audio", "audio"], ["output"], axis=2)
    ],
    "other numbers": lambda helper, numbers: [
        helper.make_node("Cast", ["audio"], ["output"], to=numbers.DOUBLE)
    ],
    "failing": lambda helper, _: [
        helper.make_node("Reshape", ["audio", "seven"], ["seven_samples"]),
        helper.make_node("Add", ["audio", "seven_samples"], ["output"]),
    ],
}


def write_odd_model(path: Path, odd: str) -> Path:
    """Write a 16 kHz denoiser that is odd in the way named."""
    import onnx

    helper, numbers = onnx.helper, onnx.TensorProto
    kind = numbers.DOUBLE if odd == "other numbers" else numbers.FLOAT
    past = helper.make_tensor_value_info("state_past", numbers.FLOAT, ["batch", 1, _HOP])
    following = helper.make_tensor_value_info("next_state_past", numbers.FLOAT, None)
    constants = {
        "none": np.array(0, np.float32),
        "infinity": np.array(np.inf, np.float32),
        "yes": np.array(True),
        "from": np.array([1]),
        "to": np.array([2**31 - 1]),
        "axis": np.array([2]),
        "seven": np.array([7]),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Identity", ["state_past"], ["next_state_past"]),
            *ODD[odd](helper, numbers),
        ],
        "odd",
        [helper.make_tensor_value_info("audio", numbers.FLOAT, ["batch", 1, "samples"]), past],
        [helper.make_tensor_value_info("output", kind, None), following],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    config = config_to_json(DenoiseConfig(win_length=512, hop_length=_HOP))
    helper.set_model_props(model, {"aeolia_format": "1", "aeolia_config": config})
    path.write_bytes(model.SerializeToString())
    return path
