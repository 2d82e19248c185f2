"""Export of any model to ONNX, checked against PyTorch before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from aeolia.config import AnyConfig, config_to_json
from aeolia.errors import ModelError
from aeolia.files import write_atomically
from aeolia.models.build import Autoencoder
from aeolia.models.export import denoise, separate, synth
from aeolia.models.spectral.denoiser import DenoisingAutoencoder
from aeolia.models.spectral.separator import ConditionalAutoencoder
from aeolia.models.synth.synthesiser import Synthesiser
from aeolia.models.synth.tags import with_tags
from aeolia.runtime.released_file import FORMAT

__all__ = ["TOLERANCE", "export_onnx", "largest_difference"]

#: Largest difference between ONNX Runtime and PyTorch that a released file may have.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class _Task:
    """How the models of one task are exported."""

    #: Graphs by the part of the file's name that each gets: "" for the main one.
    graphs: Callable[[Any], dict[str, onnx.ModelProto]]
    #: Largest difference from PyTorch of what these graphs, as bytes, compute.
    difference: Callable[[Any, Mapping[str, bytes]], float]


_TASKS: dict[type[Autoencoder], _Task] = {
    DenoisingAutoencoder: _Task(denoise.graphs, denoise.largest_difference),
    ConditionalAutoencoder: _Task(separate.graphs, separate.largest_difference),
    Synthesiser: _Task(synth.graphs, synth.largest_difference),
}


def export_onnx(model: Autoencoder, path: Path, card: str = "") -> float:
    """Write `model` as a released file; returns the largest difference from PyTorch.

    The main graph's inputs and outputs are those that `aeolia.runtime` reads; config, card and
    format version stand in the metadata of every graph. Beside the graph of a separator by
    speaker, `path`.voice.onnx is its voice network; beside a synthesiser's decoder are
    `path`.envelope.onnx, `path`.encode.onnx and `path`.prior.onnx.

    Raises:
        ModelError: the model has no step, or ONNX Runtime and PyTorch differ by more than
            `TOLERANCE`; nothing is written.
        InputError: a file cannot be written.
    """
    model, path = model.eval(), Path(path)
    graphs = _TASKS[type(model)].graphs(model)
    config = with_tags(model) if isinstance(model, Synthesiser) else model.config
    files = {part: _with_metadata(graph, config, card) for part, graph in graphs.items()}
    difference = largest_difference(model, files)
    if not difference <= TOLERANCE:
        raise ModelError(
            f"not exported: ONNX Runtime and PyTorch differ by {difference:.2e}, "
            f"and at most {TOLERANCE:.0e} is allowed; retrain, or report this model"
        )
    # The main graph last: where it is, the others are.
    for part in sorted(files, reverse=True):
        write_atomically(path.with_suffix(f".{part}.onnx") if part else path, files[part])
    return difference


def largest_difference(model: Autoencoder, files: Mapping[str, bytes]) -> float:
    """Largest difference from PyTorch of any output of a model's graphs; see `export_onnx`."""
    return _TASKS[type(model)].difference(model, files)


def _with_metadata(proto: onnx.ModelProto, config: AnyConfig, card: str) -> bytes:
    for key, value in (
        ("aeolia_format", FORMAT),
        ("aeolia_config", config_to_json(config)),
        ("aeolia_card", card),
    ):
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    data: bytes = proto.SerializeToString()
    return data
