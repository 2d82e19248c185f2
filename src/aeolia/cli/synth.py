"""`aeolia synth`: notes, samples of the prior, scores, and instruments for samplers."""

from __future__ import annotations

from typing import Annotated

import typer

from aeolia.cli.options import Model, Overwrite, Quiet, Seed

__all__ = ["synth"]


def synth(
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            "-i",
            metavar="NAME",
            show_default=False,
            help="The instrument; see --list.",
        ),
    ] = None,
    pitch: Annotated[
        str | None,
        typer.Option(
            "--pitch",
            "-p",
            metavar="A4|69|440Hz",
            show_default="the middle of its range",
            help="A note's name, a MIDI number, or a frequency.",
        ),
    ] = None,
    velocity: Annotated[
        int | None,
        typer.Option("--velocity", "-v", metavar="1..127", show_default="90", help="How hard."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", "-s", metavar="S", help="Length, release included.")
    ] = 2.0,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            "-t",
            metavar="WORDS",
            show_default=False,
            help='Words for the sound, such as "bright plucked low".',
        ),
    ] = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample",
            metavar="N",
            show_default=False,
            help="Draw N timbres from the prior: OUT-1, OUT-2, ... Otherwise the note has "
            "its most usual one.",
        ),
    ] = 0,
    seed: Seed = 0,
    midi: Annotated[
        str | None,
        typer.Option(
            "--midi",
            metavar="FILE.mid",
            show_default=False,
            help="Play this score instead of a note.",
        ),
    ] = None,
    players: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="1=piano,2=tuba",
            show_default="by General MIDI's programs",
            help="Instruments of the score's channels, counted from 1; drums are on 10.",
        ),
    ] = None,
    dry: Annotated[
        bool, typer.Option("--dry", help="Play the score without a room around it.")
    ] = False,
    mono: Annotated[
        bool, typer.Option("--mono", help="Play the score in one channel, without a room.")
    ] = False,
    sfz: Annotated[
        str | None,
        typer.Option(
            "--sfz",
            metavar="DIR",
            show_default=False,
            help="Write the instrument into a new folder as SFZ and FLAC, which samplers open; "
            "--sample 1 draws its timbre.",
        ),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            "--keys",
            metavar="C2:C6",
            show_default="those it learned",
            help="Lowest and highest key of --sfz.",
        ),
    ] = None,
    timbre: Annotated[
        str | None,
        typer.Option(
            "--timbre",
            metavar="FILE.npz",
            show_default=False,
            help="The timbre of a recording, from `aeolia encode`, for --sfz.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default=False,
            help="Audio file; - for a WAV pipe.",
        ),
    ] = None,
    model: Model = "notes",
    drums: Annotated[
        str,
        typer.Option("--drums", metavar="NAME|FILE", help="The model for a score's channel 10."),
    ] = "drums",
    list_instruments: Annotated[
        bool, typer.Option("--list", help="Show the model's instruments and words, and stop.")
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Play a note, timbres drawn at random, or a score; or write an instrument for samplers.

    \b
    Examples:
      aeolia synth --list
      aeolia synth -i alto_sax -p A4 -v 90 -s 2 -o note.wav
      aeolia synth -i piano -p 60 --sample 8 --seed 1 -o piano.wav
      aeolia synth --text "bright plucked low" -o string.wav
      aeolia synth --midi song.mid --map 1=piano,2=double_bass -o song.wav
      aeolia synth -i cello --sfz cello/
    """
    from aeolia import ExportSfz, PlayNote, PlayScore
    from aeolia.cli.run_files import run_file
    from aeolia.errors import InputError

    if list_instruments:
        _show_list(model)
        return
    if sfz is not None:
        _refuse(
            "is not for --sfz, which writes all notes of an instrument into its folder",
            {
                "--midi": midi,
                "--map": players,
                "--output": output,
                "--pitch": pitch,
                "--velocity": velocity,
                "--dry": dry or None,
                "--mono": mono or None,
                "--sample of several timbres": sample if sample > 1 else None,
            },
        )
        export = ExportSfz(
            instrument, text, timbre, drawn=sample == 1, seed=seed, keys=keys, model=model
        )
        run_file(export, None, sfz, doing="sampling", overwrite=overwrite, quiet=quiet)
        return
    _refuse("is for samplers; give it with --sfz DIR", {"--keys": keys, "--timbre": timbre})
    if output is None:
        raise InputError("no output is named; add -o FILE.wav (or --list to see the instruments)")
    if midi is not None:
        _refuse(
            "is for single notes and --midi for scores; give one",
            {
                "--instrument": instrument,
                "--pitch": pitch,
                "--velocity": velocity,
                "--text": text,
                "--sample": sample or None,
            },
        )
        if dry and mono:
            raise InputError("--dry and --mono were both given; --mono has no room either")
        space = "mono" if mono else "dry" if dry else "room"
        score = PlayScore(_read_map(players), drums, seed, space, model=model)
        run_file(score, midi, output, doing="playing", overwrite=overwrite, quiet=quiet)
        return
    if players is not None:
        raise InputError("--map is for scores; give one with --midi FILE.mid")
    _refuse(
        "is for scores; give one with --midi FILE.mid",
        {"--dry": dry or None, "--mono": mono or None},
    )
    if instrument is None and text is None:
        raise InputError("no instrument is named; add --instrument NAME (see --list) or --text")
    note = PlayNote(instrument, pitch, velocity, seconds, text, sample, seed, model=model)
    run_file(note, None, output, doing="playing", overwrite=overwrite, quiet=quiet)


def _refuse(why: str, options: dict[str, object]) -> None:
    """Say of the first option that was given why it cannot be."""
    from aeolia.errors import InputError

    if given := [name for name, value in options.items() if value is not None]:
        raise InputError(f"{given[0]} {why}")


def _show_list(model: str) -> None:
    from aeolia.api.instruments import instruments, words

    table = instruments(model)
    width = max((len(one.name) for one in table), default=0)
    for one in table:
        typer.echo(f"{one.name:<{width}}  {one.range}".rstrip())
    typer.echo(f"\nwords for --text: {', '.join(words(model))}")


def _read_map(text: str | None) -> tuple[tuple[int, str], ...]:
    from aeolia.errors import InputError

    players: dict[int, str] = {}
    for entry in (text or "").split(","):
        if not entry.strip() and not text:
            continue
        number, equals, name = entry.partition("=")
        if not equals or not number.strip().isdigit() or not name.strip():
            raise InputError(
                f"--map has the entry {entry!r}; write channel=instrument, such as "
                f"1=piano,2=double_bass"
            )
        players[int(number)] = name.strip()
    return tuple(players.items())
