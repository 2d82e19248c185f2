"""Export of a released denoiser to a folder of C, compared with the original before it is put."""

from __future__ import annotations

from pathlib import Path

from aeolia.config import DenoiseConfig
from aeolia.errors import InputError, ModelError
from aeolia.files import new_folder, not_written, write_atomically
from aeolia.models.export.c_source.check import TOLERANCE, find_compiler, largest_difference
from aeolia.models.export.c_source.program import Constants
from aeolia.models.export.c_source.source import file_name, source_files
from aeolia.models.export.c_source.step import write_step
from aeolia.models.export.causal import refuse_chunks
from aeolia.runtime.ahead import SOUND
from aeolia.runtime.graph_file import read_graph
from aeolia.runtime.onnx_backend import OnnxBackend
from aeolia.runtime.released_file import open_released

__all__ = ["c_files", "export_c"]

#: Numbers of channels that the code is written for: those of microphones and of plug-ins.
_CHANNELS = (1, 2)


def export_c(path: Path, folder: Path, *, overwrite: bool = False) -> float:
    """Write the denoiser of an .onnx file as C into a folder, new unless `overwrite`.

    Returns:
        The largest difference of a sample from `aeolia.Stream`.

    Raises:
        ModelError: not a denoiser, one with parts that this export does not know, or the compiled
            code makes another sound; nothing is written.
        InputError: no C compiler is found, or the folder cannot be written.
    """
    compiler = find_compiler()
    files = c_files(path)
    backend = OnnxBackend(path)
    difference = largest_difference(files, file_name(backend.config), backend, compiler)
    if not difference <= TOLERANCE:
        raise ModelError(
            f"not exported: the compiled code and ONNX Runtime differ by {difference:.2e}, and at "
            f"most {TOLERANCE:.0e} is allowed; report this model and the compiler, {compiler}"
        )
    try:
        _put(files, folder, overwrite)
    except OSError as error:
        raise InputError(not_written(folder, error)) from error
    return difference


def c_files(path: Path) -> dict[str, str]:
    """Name -> text of the files, not yet compared with anything.

    Raises:
        ModelError: see `export_c`.
    """
    file = open_released(path)
    if not isinstance(file.config, DenoiseConfig):
        raise ModelError(
            f"--for c takes denoisers, and {file.config.name} is for the task "
            f"{file.config.task!r}; export it without --for"
        )
    refuse_chunks(file.config, "c")
    backend = OnnxBackend(file)
    if not backend.links_channels:
        raise ModelError(
            f"{path}: written by an older version, for one channel at a time; export the model "
            f"again with `aeolia export`, and then that file --for c"
        )
    data, constants = read_graph(path), Constants()
    steps = {}
    for channels in _CHANNELS:
        state = backend.initial_state(1, channels)
        steps[channels] = write_step(
            data,
            constants,
            (1, channels, backend.config.hop_length),
            {name: value.shape for name, value in state.items()},
            {name: name.endswith(SOUND) for name in state},
        )
    return source_files(backend.config, steps, constants, backend.card)


def _put(files: dict[str, str], folder: Path, overwrite: bool) -> None:
    if overwrite and folder.is_dir():
        for name, text in files.items():
            write_atomically(folder / name, text)
        return
    with new_folder(folder) as partial:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8")
