"""aeolia export: a training run as one .onnx file, or as another program wants it."""

from __future__ import annotations

import tempfile
from enum import Enum
from pathlib import Path

import typer

__all__ = ["export"]


class Program(str, Enum):
    """Programs that read files of their own form."""

    sherpa = "sherpa"
    c = "c"


def export(
    run: Path = typer.Argument(
        ...,
        metavar="MODEL",
        help="Folder of a training run, a checkpoint file, or a released model's name; for C also "
        "an .onnx file.",
    ),
    out: Path = typer.Option(
        ..., "--out", "-o", help="The .onnx file to write; for C a folder, which is made."
    ),
    card: Path = typer.Option(None, help="Model card in Markdown; RUN/card.md by default."),
    preset_name: str = typer.Option(
        None,
        "--preset",
        help="Settings that the same weights serve, instead of the run's own: separate-speaker "
        "for a run of separate-speaker-16k.",
    ),
    program: Program = typer.Option(
        None,
        "--for",
        help="Write a denoiser as another program reads it: sherpa-onnx, which runs it on phones, "
        "in browsers and from a dozen languages; or c, source code and a LADSPA plug-in.",
    ),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace existing files."),
) -> None:
    """Export a trained model to an .onnx file that `aeolia denoise --model FILE` runs.

        aeolia export run -o model.onnx
        aeolia export denoise -o denoise.onnx
        aeolia export denoise-16k -o for-sherpa.onnx --for sherpa
        aeolia export denoise -o denoise-c --for c

    So do `aeolia separate` and `aeolia synth` with models of their tasks. A separator by speaker
    gets a second file, model.voice.onnx, for enrolment; a synthesiser gets three more.
    docs/onnx.md says how programs of your own run them.

    Files are written only if ONNX Runtime and PyTorch agree; a released model's name alone gives
    a copy, which needs no PyTorch.
    """
    from aeolia import released_models
    from aeolia.errors import InputError

    if program is Program.c:
        _export_c(run, out, card, preset_name, overwrite)
        return
    if out.is_dir():
        raise InputError(f"{out} is a folder; name the .onnx file to write")
    if out.exists() and not overwrite:
        raise InputError(f"{out} exists; give --overwrite to replace it, or another --out")
    if not out.parent.is_dir():
        raise InputError(f"the folder {out.parent} does not exist; make it first")
    released = None if run.exists() else released_models().get(str(run))
    if released and not (program or card or preset_name):
        _copy(str(run), out)
        return
    difference = _export(released, run, out, card, preset_name, program)
    typer.echo(
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, differs from PyTorch by at most "
        f"{difference:.1e}"
    )


def _export_c(
    run: Path, out: Path, card: Path | None, preset_name: str | None, overwrite: bool
) -> None:
    from aeolia import released_models
    from aeolia.errors import InputError, MissingExtraError

    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name the folder to make for the C code")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise InputError(f"{out} holds files; give --overwrite to replace them, or another --out")
    try:
        from aeolia.models.export.c_source.export import export_c
    except ImportError as error:
        raise MissingExtraError(
            f"export needs {error.name}; install it with: pip install {error.name}"
        ) from error

    released = None if run.exists() else released_models().get(str(run))
    model = released or run
    with tempfile.TemporaryDirectory() as folder:
        if model.suffix != ".onnx" or card or preset_name:
            _export(released, run, Path(folder) / "model.onnx", card, preset_name, None)
            model = Path(folder) / "model.onnx"
        difference = export_c(model, out, overwrite=overwrite)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    typer.echo(
        f"{out}: {size:.1f} MB of C, differs from aeolia.Stream by at most {difference:.1e}; "
        f"`make -C {out}` builds the LADSPA plug-in, `make -C {out} install` puts it to ~/.ladspa"
    )


def _copy(name: str, out: Path) -> None:
    from aeolia.api.models import copy_released
    from aeolia.errors import InputError

    try:
        written = copy_released(name, out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from error
    beside = ", ".join(path.name for path in written[1:])
    typer.echo(
        f"{out}: {name} as it was released, {out.stat().st_size / 1e6:.1f} MB"
        + f"; beside it {beside}" * bool(beside)
    )


def _export(
    released: Path | None,
    run: Path,
    out: Path,
    card: Path | None,
    preset_name: str | None,
    program: Program | None,
) -> float:
    """Write one file; returns the largest difference from PyTorch."""
    from aeolia.errors import MissingExtraError, ModelError
    from aeolia.recipes.catalogue import preset

    try:
        from aeolia.models.checkpoint import load_checkpoint
        from aeolia.models.export.onnx import export_onnx
        from aeolia.models.export.sherpa import export_sherpa
    except ImportError as error:
        raise MissingExtraError(
            f"export needs {error.name}; install it with: pip install 'aeolia[train]'"
        ) from error

    if released is not None:
        run = released
    own_card = run.with_suffix(".md") if released else run / "card.md"
    card_path = card or own_card
    if card is not None and not card.is_file():
        raise ModelError(f"no card at {card}; leave --card out to use the run's own")
    text = card_path.read_text(encoding="utf-8") if card_path.is_file() else ""
    model = load_checkpoint(run, preset(preset_name).model if preset_name else None)
    if program is Program.sherpa:
        return export_sherpa(model, out)
    return export_onnx(model, out, text)
