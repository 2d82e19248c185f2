"""`aeolia data scan`, `split`, `pairs`; from files of their own: `songs`, `check`, `describe`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aeolia.cli.workshop.notes import notes_command
from aeolia.cli.workshop.songs import songs_command
from aeolia.cli.workshop.stems import check_command, describe_command

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Scan recordings; split them; write validation pairs; make songs; check stems.",
)
app.command("songs")(songs_command)
app.command("notes")(notes_command)
app.command("check")(check_command)
app.command("describe")(describe_command)


@app.command("scan")
def scan_command(
    folder: Annotated[Path, typer.Argument(help="Folder with recordings, subfolders included.")],
    kind: Annotated[
        str | None, typer.Option(help="speech, noise or rir; otherwise from the folders' names.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Manifest (CSV) to write.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    held_out: Annotated[
        float,
        typer.Option("--held-out", help="Share of speakers and recordings not to learn from."),
    ] = 0.1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Find and check audio, say what is there, split it, and write a manifest."""
    from rich.console import Console
    from rich.progress import Progress

    from aeolia.data.corpus.manifest import write_manifest
    from aeolia.data.corpus.scan import scan

    hidden = quiet or not Console(stderr=True).is_terminal
    with Progress(console=Console(stderr=True), transient=True, disable=hidden) as bar:
        task = bar.add_task("checking", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        found = scan(folder, kind, seed, held_out, progress=show)
    for line in found.words():
        typer.echo(line)
    if output is not None:
        write_manifest(output, found.rows)
        typer.echo(f"wrote {output} ({len(found.rows)} rows, split with seed {seed})")


@app.command("split")
def split_command(
    manifest: Annotated[Path, typer.Argument(help="A manifest (CSV).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Manifest to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    held_out: Annotated[
        float,
        typer.Option("--held-out", help="Share of speakers and recordings not to learn from."),
    ] = 0.1,
    report: Annotated[
        list[str] | None,
        typer.Option(
            help="A source or label (song, speaker) for the split report; more than once."
        ),
    ] = None,
) -> None:
    """Write a manifest in which every recording is to train, choose or report.

    What the manifest says already stays. Candidates are compared on `choose`; `report` is for
    the figures of what was chosen, and no training reads it. Of three songs, speakers or
    instruments' pitches and more, one at least is for each; --report says which.
    """
    from aeolia.data.corpus.manifest import read_manifest, write_manifest
    from aeolia.data.corpus.scan import Scan
    from aeolia.data.separate.rows import split_everything, without_report

    rows = split_everything(read_manifest(manifest), held_out, seed, report or ())
    write_manifest(output, rows)
    for line in Scan(manifest, rows).words()[:-2]:
        typer.echo(line)
    for kind, count in without_report(rows).items() if held_out > 0.0 else ():
        typer.echo(
            f"{kind}: nothing of it is for report ({count} in all, and what the manifest says "
            "stays); give three or more, or name one with --report"
        )
    typer.echo(f"wrote {output} ({len(rows)} rows, split with seed {seed})")


@app.command("pairs")
def pairs_command(
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder for the pairs.")],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Manifests, or folders whose names say what is in them."),
    ] = None,
    speech: Annotated[
        list[Path] | None, typer.Option(help="A folder or manifest of clean speech.")
    ] = None,
    noise: Annotated[list[Path] | None, typer.Option(help="A folder or manifest of noise.")] = None,
    rooms: Annotated[
        list[Path] | None, typer.Option(help="A folder or manifest of impulse responses.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Number of pairs.")] = 60,
    snr: Annotated[str, typer.Option(help="SNRs in dB, by commas; inf is no noise.")] = (
        "-5,0,5,10,15"
    ),
    sample_rate: Annotated[int, typer.Option(help="Sample rate of the pairs in Hz.")] = 16000,
    seconds: Annotated[float, typer.Option(help="Length of each pair.")] = 5.0,
    reverb: Annotated[float, typer.Option(help="Share of pairs in a simulated room.")] = 0.0,
    split: Annotated[str, typer.Option(help="choose, report or train.")] = "choose",
    seed: Annotated[int, typer.Option(help="Seed of the mixtures.")] = 1000,
) -> None:
    """Write noisy and clean pairs from held-out speakers and noises, for `aeolia evaluate`.

    aeolia data pairs --speech my-speech --noise my-noise -o pairs
    """
    from aeolia.data.corpus.scan import load_rows
    from aeolia.errors import InputError, MissingExtraError

    try:
        from aeolia.data.denoise.mistaken import mistaken
        from aeolia.data.denoise.pairs import pair_config, write_pairs
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"mixing needs {error.name}, which is not installed; pip install 'aeolia[train]'"
        ) from error

    try:
        snrs_db = [float(value) for value in snr.split(",")]
    except ValueError:
        raise InputError(f"--snr is {snr!r}; give numbers separated by commas") from None
    rows = [row for path in sources or () for row in load_rows(path, guess=False)[0]]
    for kind, paths in (("speech", speech), ("noise", noise), ("rir", rooms)):
        for path in paths or ():
            found = load_rows(path, kind)[0]
            if kind != "rir":
                other = "noise" if kind == "speech" else "speech"
                for remark in mistaken(f"--{kind}", path, found, other):
                    typer.echo(remark, err=True)
            rows += found
    if not rows:
        raise InputError("no recordings were given; add --speech FOLDER and --noise FOLDER")
    config = pair_config(sample_rate, seconds, reverb, seed)
    write_pairs(output, rows, count, snrs_db, config, split=split)
    typer.echo(f"wrote {count} pairs to {output}")
