"""`aeolia synth`: notes, samples of the prior, and scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aeolia.cli.options import Overwrite, Quiet

if TYPE_CHECKING:
    from aeolia.runtime.synth.instrument import OnnxSynthesiser

__all__ = ["synth"]


def synth(
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument", "-i", metavar="NAME", show_default=False, help="Who plays; see --list."
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
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Decides all draws.")] = 0,
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
            metavar="0=piano,1=tuba",
            show_default="by General MIDI's programs",
            help="Who plays the score's channels, counted from 0; drums are on 9.",
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
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
    ] = "notes",
    drums: Annotated[
        str, typer.Option("--drums", metavar="NAME|FILE", help="What plays a score's channel 9.")
    ] = "drums",
    list_instruments: Annotated[
        bool, typer.Option("--list", help="Show the model's instruments and words, and stop.")
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Play a note, timbres drawn at random, or a score.

    \b
    Examples:
      aeolia synth --list
      aeolia synth -i alto_sax -p A4 -v 90 -s 2 -o note.wav
      aeolia synth -i piano -p 60 --sample 8 --seed 1 -o piano.wav
      aeolia synth --text "bright plucked low" -o string.wav
      aeolia synth --midi song.mid --map 0=piano,1=double_bass -o song.wav
    """
    from aeolia.api.synthesis import open_synthesiser
    from aeolia.errors import InputError

    if list_instruments:
        _show_list(open_synthesiser(model))
        return
    if output is None:
        raise InputError("no output is named; add -o FILE.wav (or --list to see who can play)")
    if output == "-" and sys.stdout.isatty():
        raise InputError("standard output is a terminal; use -o FILE, or pipe it into a program")
    if midi is not None:
        chosen = {
            "--instrument": instrument,
            "--pitch": pitch,
            "--velocity": velocity,
            "--text": text,
            "--sample": sample or None,
        }
        if given := [name for name, value in chosen.items() if value is not None]:
            raise InputError(f"{given[0]} is for single notes and --midi for scores; give one")
        _play_score(midi, players, output, model, drums, seed, overwrite, quiet)
        return
    if players is not None:
        raise InputError("--map is for scores; give one with --midi FILE.mid")
    if instrument is None and text is None:
        raise InputError("nobody is named to play; add --instrument NAME (see --list) or --text")
    opened = open_synthesiser(model)
    _play_notes(
        opened, instrument, pitch, velocity, seconds, text, sample, seed, output, overwrite, quiet
    )


def _show_list(model: OnnxSynthesiser) -> None:
    from aeolia.audio.pitch_names import note_name
    from aeolia.runtime.synth.tags import known_words

    config = model.config
    width = max(map(len, config.instruments), default=0)
    for name in config.instruments:
        low, high = model.range_of(model.instrument(name))
        place = f"{low:.0f} to {high:.0f} ({note_name(low)} to {note_name(high)})"
        typer.echo(name if model.unpitched else f"{name:<{width}}  {place}")
    typer.echo(f"\nwords for --text: {', '.join(known_words(model))}")


def _play_notes(
    model: OnnxSynthesiser,
    instrument: str | None,
    pitch: str | None,
    velocity: int | None,
    seconds: float,
    text: str | None,
    sample: int,
    seed: int,
    output: str,
    overwrite: bool,
    quiet: bool,
) -> None:
    from aeolia.audio.files import AudioInfo, Outputs
    from aeolia.audio.pitch_names import note_name
    from aeolia.errors import InputError
    from aeolia.runtime.synth.single import plan_notes, play_note

    if output == "-" and sample > 1:
        raise InputError("-o - takes one note, and several samples were asked for; name a file")
    requests = plan_notes(model, instrument, pitch, velocity, text=text, samples=sample, seed=seed)
    paths = _numbered(output, len(requests))
    notes = play_note(model, requests, seconds, seed=seed)
    info = AudioInfo("note", model.config.sample_rate, 1, len(notes[0]), "WAV", "PCM_24")
    with Outputs({path: path for path in paths}, info, overwrite=overwrite) as outputs:
        outputs.write({path: note[:, None] for path, note in zip(paths, notes, strict=True)})
    for warning in dict.fromkeys(request.warning for request in requests if request.warning):
        print(f"aeolia: {warning}", file=sys.stderr)
    if not quiet:
        stream = sys.stderr if output == "-" else sys.stdout
        for path, request in zip(paths, requests, strict=True):
            print(
                f"{path}: {request.instrument}, {note_name(request.pitch_midi)} "
                f"({request.pitch_midi:g}), velocity {request.velocity}, {seconds:g} s",
                file=stream,
            )


def _numbered(output: str, count: int) -> list[str]:
    """The output itself for one note, else OUT-1 and so on before the suffix."""
    path = Path(output)
    if count == 1:
        return [output]
    width = len(str(count))
    return [
        str(path.with_name(f"{path.stem}-{n:0{width}d}{path.suffix}")) for n in range(1, count + 1)
    ]


def _read_map(text: str | None) -> dict[int, str]:
    from aeolia.errors import InputError

    players: dict[int, str] = {}
    for entry in (text or "").split(","):
        if not entry.strip() and not text:
            continue
        number, equals, name = entry.partition("=")
        if not equals or not number.strip().isdigit() or not name.strip():
            raise InputError(
                f"--map has the entry {entry!r}; write channel=instrument, such as "
                f"0=piano,1=double_bass"
            )
        if int(number) > 15:
            raise InputError(f"--map names channel {int(number)}; channels are 0 to 15")
        players[int(number)] = name.strip()
    return players


def _play_score(
    midi: str,
    players: str | None,
    output: str,
    model: str,
    drums: str,
    seed: int,
    overwrite: bool,
    quiet: bool,
) -> None:
    from aeolia.api.synthesis import play_score_file
    from aeolia.cli.progress import ProgressBar

    with ProgressBar(1, "playing", hidden=quiet) as bar:
        report = play_score_file(
            midi,
            output,
            players=_read_map(players),
            model=model,
            drums=drums,
            seed=seed,
            overwrite=overwrite,
            progress=lambda done, total: bar.update(midi, done / total if total else None),
        )
    for remark in report.remarks:
        print(f"aeolia: {midi}: {remark}", file=sys.stderr)
    if quiet:
        return
    stream = sys.stderr if output == "-" else sys.stdout
    speed = report.seconds / max(report.wall_seconds, 1e-9)
    who = ", ".join(f"{channel}={name}" for channel, name in report.players.items())
    print(
        f"{midi} -> {output}: {report.notes} notes, {report.seconds:.1f} s in "
        f"{report.wall_seconds:.1f} s ({speed:.1f} x real time); {who}",
        file=stream,
    )
    if report.level.gain_db:
        print(
            f"lowered by {-report.level.gain_db:.1f} dB, because its peak was "
            f"{report.level.peak_db:+.1f} dBFS",
            file=stream,
        )
