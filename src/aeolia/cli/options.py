"""Options that several commands share, in the same words everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "ALL_TRACKS",
    "AsJson",
    "AttenuationLimit",
    "DualMono",
    "Compare",
    "Jobs",
    "DenoisingModel",
    "Model",
    "ModelOfTask",
    "Output",
    "Overwrite",
    "Played",
    "Quality",
    "Quiet",
    "Recording",
    "Raw",
    "Recursive",
    "Salvage",
    "Seed",
    "SkipExisting",
    "Speaker",
    "Speakers",
    "Subtype",
    "Track",
]

Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Folders with all their subfolders.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        show_default="one per CPU core",
        help="Files at the same time; one file is done by one core, as each part needs the last.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs.")]
Compare = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="PAGE.html",
        show_default=False,
        help="Write a page with players and spectrograms of before and after.",
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Skip files whose outputs are there, such as of a run that was stopped.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]

Model = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME|FILE", help="See `aeolia models`.")
]
#: Where the recording's sample rate decides which model is meant.
DenoisingModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="See `aeolia models`.",
        show_default="denoise-studio; of pipes denoise; -16k of either for 16 kHz or less",
    ),
]
#: Where the task of the command's other options decides which model is meant.
ModelOfTask = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|FILE",
        help="See `aeolia models`.",
        show_default="that of the task",
    ),
]
AttenuationLimit = Annotated[
    float | None,
    typer.Option(
        "--attenuation-limit",
        "-a",
        metavar="DB",
        show_default=False,
        help="Lower noise by at most this many decibels, such as 12, to keep some of the room.",
    ),
]
DualMono = Annotated[
    bool,
    typer.Option(
        "--dual-mono",
        help="Channels are recordings of their own, such as a microphone for each of two people, "
        "and are filtered apart. Otherwise one filter keeps voices where they are in the stereo "
        "image.",
    ),
]
Speaker = Annotated[
    str | None,
    typer.Option(
        "--speaker",
        metavar="FILE",
        show_default=False,
        help="One voice only: a clip of it (2 to 30 s of one speaker), or a saved .voice.",
    ),
]
Speakers = Annotated[
    list[str] | None,
    typer.Option(
        "--speaker",
        metavar="FILE",
        show_default=False,
        help="One voice only: a clip of it (2 to 30 s of one speaker), or a saved .voice; several "
        "clips, of other days and microphones, tell it better.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Decides all that is random.")]

Subtype = Annotated[
    str | None,
    typer.Option(
        "--subtype",
        metavar="FORMAT",
        show_default="the input's",
        help="Sample format of the output, such as PCM_16, PCM_24 or FLOAT.",
    ),
]
Quality = Annotated[
    float | None,
    typer.Option(
        "--quality",
        metavar="KBIT/S",
        show_default="the input's",
        help="Bit rate of an MP3, Opus or Ogg output, such as 192.",
    ),
]

#: For every audio track, in the place of a track's number.
ALL_TRACKS = 0


def _track(text: str) -> int:
    if text == "all":
        return ALL_TRACKS
    if text.isdecimal() and text.isascii() and 0 < len(text) < 10 and int(text) > 0:
        return int(text)
    raise typer.BadParameter(f"{text!r} is neither the number of a track, from 1, nor all.")


Track = Annotated[
    int | None,
    typer.Option(
        "--track",
        parser=_track,
        metavar="N|all",
        show_default="the first",
        help="Audio track of a film or another file with several; all of them one after the other.",
    ),
]
Raw = Annotated[
    str | None,
    typer.Option(
        "--raw",
        metavar="FORMAT:RATE:CHANNELS",
        show_default="WAV",
        help="What goes through pipes (-), without a header, such as s16le:16000:1.",
    ),
]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Take what is there of a file that is cut off.")
]

#: What is transferred, shifted and encoded.
Recording = Annotated[
    str, typer.Argument(metavar="INPUT", help="A recording of one voice or instrument.")
]
Played = Annotated[
    str | None,
    typer.Option(
        "--instrument",
        "-i",
        metavar="NAME",
        show_default="the most similar one",
        help="The instrument in the recording.",
    ),
]
Output = Annotated[
    str, typer.Option("--output", "-o", metavar="OUT", help="Audio file; - for a WAV pipe.")
]
