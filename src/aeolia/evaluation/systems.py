"""What can be evaluated by name: released models, model files, training runs, the input itself."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np

from aeolia.errors import InputError, MissingExtraError, ModelError
from aeolia.evaluation.commands import OUT, Command
from aeolia.evaluation.ledger import file_facts
from aeolia.evaluation.scoring import System
from aeolia.runtime.backend import Backend

__all__ = [
    "UNPROCESSED",
    "command_key",
    "load_system",
    "model_key",
    "system_of",
    "system_of_command",
    "torch_backends",
]

#: Name of the system that returns its input: what every denoiser must be better than.
UNPROCESSED = "noisy"


def load_system(name: str) -> System:
    """The system behind a name.

    Args:
        name: "noisy", a released model, the path of an .onnx file, or a folder that
            `aeolia train` wrote or its checkpoint file (these two need PyTorch).

    Raises:
        ModelError: nothing of this name, or a file that is no model.
        MissingExtraError: a training run without PyTorch installed.
    """
    if name == UNPROCESSED:
        return _unprocessed
    if Path(name).is_dir() or Path(name).suffix == ".safetensors":
        return system_of(_load_checkpoint(Path(name)))
    from aeolia.runtime.catalogue import load

    return system_of(load(name, "denoise"))


def system_of_command(line: str) -> tuple[str, System]:
    """(name, system) of a command line with {in} and {out}, such as "sox {in} {out} norm -3".

    Raises:
        InputError: a line that cannot be run.
    """
    command = Command(line, ("in",))
    if "in" not in command.places or command.named:
        raise InputError(f"the command {line!r} must have {{in}} and {{out}}, for the two files")

    def process(audio: np.ndarray, sample_rate: int) -> np.ndarray:
        return command.run({"in": audio}, sample_rate)[OUT]

    return command.name, process


def system_of(backend: Backend) -> System:
    """A backend behind the very stream that users run, as a callable on whole recordings."""
    from aeolia.runtime.denoise import DenoisingStream

    def process(audio: np.ndarray, sample_rate: int) -> np.ndarray:
        channels = 1 if audio.ndim == 1 else audio.shape[1]
        return DenoisingStream(backend, sample_rate, channels).process(audio)

    return process


def model_key(name: str) -> str:
    """What changes with a model's file; see `load_system` for its name.

    Raises:
        ModelError: nothing of this name.
    """
    path = Path(name)
    if path.is_dir():
        path = path / "model.safetensors"
    elif path.suffix != ".safetensors":
        from aeolia.runtime.catalogue import find_model

        path = find_model(name)
    return repr(file_facts(path))


def command_key(line: str) -> str:
    """What changes with a command line, its program, and the files that it names."""
    words = shlex.split(line)
    files = [Path(word) for word in (shutil.which(words[0]) or words[0], *words[1:])]
    return repr([words, [file_facts(path) for path in files if path.is_file()]])


def _unprocessed(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    return audio


def _load_checkpoint(run: Path) -> Backend:
    backend: Backend = torch_backends(run).TorchBackend.from_checkpoint(run)
    return backend


def torch_backends(run: Path) -> ModuleType:
    """The module that runs `run`, which is to hold a checkpoint, in PyTorch.

    Raises:
        ModelError: the folder holds none.
        MissingExtraError: PyTorch is not installed.
    """
    if run.is_dir() and not (run / "model.safetensors").is_file():
        raise ModelError(
            f"{run} holds no checkpoint (model.safetensors); name a folder that aeolia train "
            "wrote, an .onnx file or a released model"
        )
    try:
        from aeolia.models import torch_backend
    except ImportError as error:
        raise MissingExtraError(
            f"{run} is a training run, and running it needs PyTorch; run: pip install "
            "aeolia[train], or export it to .onnx where PyTorch is installed"
        ) from error
    return torch_backend
