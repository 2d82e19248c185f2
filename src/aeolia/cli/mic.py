"""`aeolia mic`: the machine's microphone without noise, for any program (Linux)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aeolia.cli.options import AsJson, AttenuationLimit, Overwrite

if TYPE_CHECKING:
    from aeolia.api.microphone.settings import Progress

__all__ = ["app"]

app = typer.Typer(
    help="Take noise off the machine's microphone, for any program (Linux).", no_args_is_help=True
)

Microphone = Annotated[
    str,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME",
        show_default="the system's",
        help="Microphone, or a part of its name; see `pactl list short sources`.",
    ),
]
DenoiserOfMic = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
]


@app.command()
def on(
    attenuation_limit: AttenuationLimit = None,
    microphone: Microphone = "",
    model: DenoiserOfMic = "denoise",
    buffer: Annotated[
        float,
        typer.Option(
            "--buffer",
            min=5.0,
            max=1000.0,
            metavar="MS",
            help="Of recorder and player each; more where blocks are dropped, for more delay.",
        ),
    ] = 30.0,
    at_login: Annotated[
        bool, typer.Option("--at-login", help="And whenever you log in, until `aeolia mic off`.")
    ] = False,
) -> None:
    """Make a microphone without noise that any program can choose, until `aeolia mic off`.

    It is called "Aeolia: microphone without noise" (`aeolia` for programs that ask for names).
    Given again, it changes what runs.

    \b
    Examples:
      aeolia mic on
      aeolia mic on -a 20
      aeolia mic on --input usb --model denoise-16k
    """
    from aeolia.api.microphone.service import turn_on
    from aeolia.api.microphone.settings import Wish

    wish = Wish(model, microphone, attenuation_limit, buffer)
    typer.echo(in_words(turn_on(wish, at_login=at_login)))


@app.command()
def off() -> None:
    """Take the microphone without noise away; programs go back to the other one."""
    from aeolia.api.microphone.service import turn_off

    typer.echo("off" if turn_off() else "it was not on")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether it is on, with delay, load and drop-outs; exit code 1 where it is off."""
    from dataclasses import asdict

    from aeolia.api.microphone.settings import progress

    found = progress()
    if as_json:
        typer.echo(json.dumps(asdict(found) if found else {"state": "off"}))
    else:
        typer.echo(in_words(found) if found else "off; `aeolia mic on` starts it")
    if found is None:
        raise typer.Exit(1)


@app.command()
def strength(
    limit: Annotated[
        str, typer.Argument(metavar="DB|full", help="Noise is lowered by at most so much.")
    ],
) -> None:
    """Change the strength while it is on: decibels, or `full` for no limit.

    \b
    Examples:
      aeolia mic strength 12
      aeolia mic strength full
    """
    from aeolia.api.microphone.service import set_strength

    found = set_strength(_decibels(limit))
    typer.echo(in_words(found) if found else "kept for the next `aeolia mic on`; it is off")


@app.command()
def test(
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=600.0, metavar="S", help="To record.")
    ] = 10.0,
    attenuation_limit: AttenuationLimit = None,
    microphone: Microphone = "",
    model: DenoiserOfMic = "denoise",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FOLDER",
            show_default=False,
            help="Write before.wav and after.wav into this folder, and play nothing.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Record the microphone, then play it as it is and as it would be without noise.

    \b
    Examples:
      aeolia mic test
      aeolia mic test --seconds 5 --save compare
    """
    from aeolia.api.microphone.settings import Wish
    from aeolia.api.microphone.trial import play, record_trial, save_trial, trial_paths

    wish = Wish(model, microphone, attenuation_limit)
    if save is not None:
        trial_paths(save, overwrite=overwrite)

    def begin(source: str) -> None:
        typer.echo(f"recording {source} for {seconds:g} s: speak", err=True)

    trial = record_trial(wish, seconds, begin)
    if save is not None:
        for path in save_trial(trial, save, overwrite=overwrite):
            typer.echo(path)
        return
    for name, samples in (("before", trial.before), ("after", trial.after)):
        typer.echo(f"playing: {name}", err=True)
        play(samples, trial.sample_rate)


@app.command(hidden=True)
def run() -> None:
    """Be the process behind it; `on` starts this one."""
    from aeolia.api.microphone.service import run_locked

    run_locked()


def in_words(found: Progress) -> str:
    """An engine's report in one line."""
    wish = found.wish
    limit = wish.attenuation_limit_db
    strength = "full strength" if limit is None else f"noise lowered by at most {limit:g} dB"
    if found.state != "on":
        return f"waiting: {found.problem}"
    stale = " (nothing was heard of it for a while)" if found.stale else ""
    return (
        f"on{stale}: choose 'Aeolia: microphone without noise' in your program\n"
        f"{found.input} -> {wish.model}, {strength}; {found.sample_rate} Hz, about "
        f"{found.latency_ms:.0f} ms of delay\n"
        f"load {100 * found.load:.0f} %, peak {100 * found.peak_load:.0f} %; "
        f"{found.dropped_blocks} of {found.n_blocks} blocks dropped in {found.seconds:.0f} s"
    )


def _decibels(text: str) -> float | None:
    from aeolia.errors import InputError

    if text == "full":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise InputError(f"the strength is {text!r}; give decibels from 0 up, or full")
    return value
