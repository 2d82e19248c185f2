"""From a PyTorch module to a lean ONNX graph whose free axes stay free."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import onnx
import torch
from torch import Tensor, nn

from aeolia.models.export.graph import simplify, store_small

__all__ = ["trace"]

_OPSET = 17


def trace(
    module: nn.Module,
    example: dict[str, Tensor],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    probes: Sequence[dict[str, Tensor]],
) -> onnx.ModelProto:
    """The graph of `module`.

    Args:
        example: inputs by name, in the order of the module's arguments.
        axes: names of the free axes of inputs and outputs.
        probes: more inputs of other sizes, for `aeolia.models.export.graph.simplify`.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter keeps the time axis of recurrent layers dynamic.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(example.values()),
            buffer,  # type: ignore[arg-type]  # this exporter writes to files too
            input_names=list(example),
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    proto = onnx.load_from_string(buffer.getvalue())
    arrays = [{name: value.numpy() for name, value in probe.items()} for probe in probes]
    proto = simplify(proto, arrays)
    store_small(proto)
    onnx.checker.check_model(proto)
    return proto
