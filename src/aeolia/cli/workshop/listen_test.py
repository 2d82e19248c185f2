"""`aeolia listen-test`: make a listening test as a page, and analyse what listeners said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

__all__ = ["app"]


class _MakeUnlessNamed(TyperGroup):
    """`aeolia listen-test FOLDER... -o DIR` means `aeolia listen-test make FOLDER... -o DIR`."""

    default = "make"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_MakeUnlessNamed,
    no_args_is_help=True,
    help="Make a listening test (the word make may be left out); analyse its ratings.",
)


@app.command("make")
def make(
    systems: Annotated[
        list[Path],
        typer.Argument(
            metavar="SYSTEMS...",
            show_default=False,
            help="Folders of audio with the same file names, one folder per system.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            show_default=False,
            help="New folder for index.html and its audio.",
        ),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            show_default=False,
            help="Reference recordings, or the name of one of SYSTEMS: makes it a MUSHRA test "
            "with hidden reference and anchors. Without it listeners choose of two.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the orders, with the listener's name.")] = 0,
) -> None:
    """Write a page on which people rate SYSTEMS, without a server: MUSHRA or A/B.

    All versions of a clip are played at one loudness (ITU-R BS.1770), in an order of its own for
    every listener. Ratings stay in the listener's browser and are exported as CSV.

    \b
    Examples:
      aeolia listen-test noisy denoised -o test --reference clean
      aeolia listen-test old new -o test
      aeolia listen-test analyse ratings-*.csv
    """
    from aeolia.evaluation.listening.make import make_listening_test

    made = make_listening_test(systems, out, reference=reference, seed=seed)
    for note in made.notes:
        typer.echo(note)
    kind = "MUSHRA" if made.method == "mushra" else "A/B"
    typer.echo(
        f"{made.page}: {kind} test of {', '.join(made.systems)} on {made.clips} clip(s), "
        f"{made.trials} screen(s); send the whole folder, and analyse the CSV files that come "
        "back with: aeolia listen-test analyse *.csv"
    )


@app.command("analyse")
def analyse(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="CSV...", show_default=False, help="Ratings exported from the page."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Means with 95 % intervals of what listeners said, careless listeners left out.

    Left out are, by BS.1534-3, those who rated the hidden reference below 90 in more than 15 % of
    their clips, and in an A/B test those who chose the same side every time.
    """
    from aeolia.evaluation.listening.analysis import analyse_ratings
    from aeolia.evaluation.listening.ratings import read_ratings
    from aeolia.evaluation.tables import print_table

    analysis = analyse_ratings(read_ratings(files))
    if as_json:
        typer.echo(analysis.as_json(), nl=False)
        return
    for table in analysis.tables():
        print_table(table)
    for line in analysis.words():
        typer.echo(line)
