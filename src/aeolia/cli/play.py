"""`aeolia play`: a MIDI keyboard that plays an instrument."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aeolia.cli.live import meter_line
from aeolia.cli.options import Model, Seed

if TYPE_CHECKING:
    from aeolia.api.keyboard import PlayedKeys

__all__ = ["play"]


def play(
    instrument: Annotated[
        str | None,
        typer.Option(
            "--instrument",
            "-i",
            metavar="NAME",
            show_default="the keyboard's programs choose",
            help="The instrument; see `aeolia synth --list`.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            "-t",
            metavar="WORDS",
            show_default=False,
            help='Words for the sound, such as "bright plucked".',
        ),
    ] = None,
    timbre: Annotated[
        str | None,
        typer.Option(
            "--timbre",
            metavar="FILE.npz",
            show_default=False,
            help="The timbre of a recording, from `aeolia encode`.",
        ),
    ] = None,
    drawn: Annotated[
        bool, typer.Option("--draw", help="Draw the timbre at random, by --seed.")
    ] = False,
    seed: Seed = 0,
    port: Annotated[
        str | None,
        typer.Option(
            "--port",
            "-p",
            metavar="NAME|NUMBER",
            show_default="the first",
            help="MIDI keyboard; see --list-ports.",
        ),
    ] = None,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="Make a MIDI port that other programs connect to."),
    ] = False,
    output_device: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="NAME|NUMBER", help="Speaker.", show_default="the system's"
        ),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Without a room.")] = False,
    model: Model = "notes",
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", metavar="S", help="Stop after this time.", show_default="until Ctrl-C"
        ),
    ] = None,
    list_ports: Annotated[
        bool, typer.Option("--list-ports", help="Show the MIDI keyboards, and stop.")
    ] = False,
) -> None:
    """Play an instrument on a MIDI keyboard, until Ctrl-C.

    Up to 32 keys at a time, with the sustain pedal, both wheels, volume, expression and programs.
    Needs `pip install 'aeolia[play]'`.

    \b
    Examples:
      aeolia play
      aeolia play --list-ports
      aeolia play -i cello --port 1 --dry
      aeolia play --text "bright plucked"
    """
    from aeolia.api.keyboard import keyboard_of, midi_ports, open_port, play_keyboard

    if list_ports:
        found = midi_ports()
        lines = [f"{number} {name}" for number, name in enumerate(found)]
        typer.echo("\n".join(lines) or "no MIDI keyboard was found")
        return
    keyboard = keyboard_of(
        instrument, text=text, timbre=timbre, drawn=drawn, seed=seed, dry=dry, model=model
    )
    opened = open_port(port, virtual=virtual)
    device = int(output_device) if output_device and output_device.isdigit() else output_device
    played = play_keyboard(
        keyboard, opened, device=device, seconds=seconds, begin=_begin, watch=_watch
    )
    print(f"\r{_line(played)}", file=sys.stderr)


def _begin(played: PlayedKeys) -> None:
    print(
        f"{played.keyboard.patch.name}: {1000 * played.latency_seconds:.0f} ms from a key to its "
        f"sound, and {1000 * played.device_seconds:.0f} ms of the sound device; Ctrl-C stops",
        file=sys.stderr,
    )


def _watch(played: PlayedKeys) -> None:
    print(f"\r{_line(played)}", end="", file=sys.stderr, flush=True)


def _line(played: PlayedKeys) -> str:
    return f"{played.keyboard.sounding:2d} voices, {meter_line(played.meter)}"
