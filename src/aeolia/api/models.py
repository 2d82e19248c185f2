"""What is known of a model file: its task, rate and latency, and its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aeolia.config import SeparateConfig, SpectralConfig
from aeolia.files import write_atomically
from aeolia.runtime.catalogue import find_model, released_models
from aeolia.runtime.like import graph_path, read_model
from aeolia.runtime.released_file import open_released

__all__ = ["ModelInfo", "copy_released", "describe_model"]


@dataclass(frozen=True)
class ModelInfo:
    """A model that came with the package, or a file of the release format.

    >>> info = aeolia.describe_model("denoise")
    >>> info.task, info.sample_rate, info.latency_ms
    ('denoise', 48000, 32.0)
    """

    name: str
    path: Path
    #: "denoise", "separate" or "synth".
    task: str
    #: In Hz.
    sample_rate: int
    #: By how much the output lags the input; None for models that make sound of nothing.
    latency_ms: float | None
    #: Size of the file.
    bytes: int
    #: Markdown on data, licence, figures and known weaknesses; empty if the file has none.
    card: str
    #: What a separator tells apart by name; empty for other models, and where a voice is given.
    classes: tuple[str, ...] = ()


def describe_model(name_or_path: str | Path) -> ModelInfo:
    """What is known of a released model by name, or of a model file by path.

    Raises:
        ModelError: no such model, or a file that is none.

    >>> aeolia.describe_model("separate").card.splitlines()[0]
    '# separate'
    """
    file = open_released(find_model(name_or_path))
    config = file.config
    return ModelInfo(
        name=file.path.stem,
        path=file.path,
        task=config.task,
        sample_rate=config.sample_rate,
        latency_ms=config.latency_ms if isinstance(config, SpectralConfig) else None,
        bytes=graph_path(file.path).stat().st_size,
        card=file.card,
        classes=config.classes if isinstance(config, SeparateConfig) else (),
    )


def copy_released(name: str, target: str | Path) -> list[Path]:
    """Copy a released model's file to `target`, and the parts that it has to their places beside.

    Returns:
        The files that were written, `target` first.

    Raises:
        KeyError: no released model has that name.
        ModelError: a file is not as it was released.
        OSError: a file cannot be written.
    """
    source = released_models()[name]
    written = []
    graph = graph_path(source)
    for path in (source, *sorted(graph.parent.glob(f"{graph.stem}.*.onnx"))):
        suffixes = ".onnx" if path == source else path.name[len(graph.stem) :]
        written.append(Path(target).with_suffix(suffixes))
        write_atomically(written[-1], read_model(path))
    return written
