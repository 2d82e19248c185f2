"""`aeolia bulk`: files by the million, on this machine or a cluster, from and to any store."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from aeolia.cli.bulk.options import (
    Address,
    Engine,
    Inputs,
    LedgerUri,
    Limit,
    OutputUri,
    Retry,
    Workers,
)
from aeolia.cli.bulk.running import run_job
from aeolia.cli.options import (
    AsJson,
    AttenuationLimit,
    DenoisingModel,
    DualMono,
    ModelOfTask,
    Overwrite,
    Quiet,
    Speakers,
)

__all__ = ["app"]


class _Operations(TyperGroup):
    """A group whose `NAME.json` is `run NAME.json`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and args[0].lower().endswith(".json"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    help="Files by the million: restartable, on this machine or on Ray, from and to any store.",
    no_args_is_help=True,
    cls=_Operations,
)

LookedAt = Annotated[str, typer.Argument(metavar="LEDGER", help="The --ledger of a job.")]


@app.command()
def denoise(
    inputs: Inputs,
    output: OutputUri,
    ledger: LedgerUri,
    model: DenoisingModel = None,
    attenuation_limit: AttenuationLimit = None,
    dual_mono: DualMono = False,
    engine: Engine = "local",
    address: Address = None,
    workers: Workers = None,
    retry: Retry = 3,
    limit: Limit = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Take the noise out of recordings.

    Outputs keep their names below the output folder. Stopped anywhere and given again, the same
    command goes on: what is done is left alone, what failed less than K times or changed is done.

    \b
    Examples:
      aeolia bulk denoise -i 's3://radio/**/*.flac' -o s3://clean/radio -l s3://clean/ledger
      aeolia bulk denoise -i calls.csv -o calls/clean -l calls/ledger --workers 8
      aeolia bulk denoise -i 'zip://*.wav::https://host/talks.zip' -o talks -l ledger -a 12
      aeolia bulk denoise -i gs://b/in -o gs://b/out -l gs://b/l --engine ray --address auto
    """
    from aeolia import Denoise

    return run_job(
        Denoise(model, attenuation_limit, dual_mono),
        inputs=inputs,
        output=output,
        ledger=ledger,
        engine=engine,
        address=address,
        workers=workers,
        retry=retry,
        limit=limit,
        overwrite=overwrite,
        quiet=quiet,
        as_json=as_json,
    )


@app.command()
def separate(
    inputs: Inputs,
    output: OutputUri,
    ledger: LedgerUri,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            "-s",
            metavar="SOURCE",
            show_default=False,
            help="What to take out, as `aeolia separate` has it; may be given several times.",
        ),
    ] = None,
    speaker: Speakers = None,
    stems: Annotated[bool, typer.Option("--stems", help="A song's four.")] = False,
    rest: Annotated[bool, typer.Option("--rest", help="Write what remains, too.")] = False,
    model: ModelOfTask = None,
    engine: Engine = "local",
    address: Address = None,
    workers: Workers = None,
    retry: Retry = 3,
    limit: Limit = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Take sources out of mixtures: files NAME.SOURCE.EXT below the output folder.

    \b
    Examples:
      aeolia bulk separate --stems -i songs.parquet -o s3://stems/all -l s3://stems/ledger
      aeolia bulk separate --source speech -i 'radio/**/*.mp3' -o speech -l ledger
    """
    from aeolia import Separate

    voices = tuple(speaker) if speaker else None
    return run_job(
        Separate(tuple(source or ()), voices, stems, rest=rest or bool(speaker), model=model),
        inputs=inputs,
        output=output,
        ledger=ledger,
        engine=engine,
        address=address,
        workers=workers,
        retry=retry,
        limit=limit,
        overwrite=overwrite,
        quiet=quiet,
        as_json=as_json,
    )


@app.command()
def run(
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION.json", help="An operation as JSON.")
    ],
    inputs: Inputs,
    output: OutputUri,
    ledger: LedgerUri,
    engine: Engine = "local",
    address: Address = None,
    workers: Workers = None,
    retry: Retry = 3,
    limit: Limit = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Do any operation, with all its settings; the word `run` may be left out.

    \b
    Examples:
      echo '{"operation": "denoise", "lufs": -16, "options": {"salvage": true}}' > o.json
      aeolia bulk o.json -i talks -o clean -l ledger
      echo '{"operation": "transfer", "to": "cello"}' > t.json
      aeolia bulk t.json -i whistled -o played -l ledger
    """
    from aeolia.bulk.job import read_operation

    return run_job(
        read_operation(operation),
        inputs=inputs,
        output=output,
        ledger=ledger,
        engine=engine,
        address=address,
        workers=workers,
        retry=retry,
        limit=limit,
        overwrite=overwrite,
        quiet=quiet,
        as_json=as_json,
    )


@app.command()
def status(ledger: LookedAt, as_json: AsJson = False) -> None:
    """Say how a job stands: what is done, how fast, hours left, and what failed.

    \b
    Examples:
      aeolia bulk status s3://clean/ledger
      aeolia bulk status ledger --json
    """
    from aeolia.bulk.overview import overview
    from aeolia.plain_text import printable

    found = overview(ledger)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    else:
        print("\n".join(map(printable, found.lines())))


@app.command()
def report(
    ledger: LookedAt,
    page: Annotated[
        str, typer.Option("--output", "-o", metavar="PAGE.html", help="The page to write.")
    ] = "bulk.html",
    overwrite: Overwrite = False,
) -> None:
    """Write a page on a job: throughput, hours left, failures by kind, slowest files.

    \b
    Examples:
      aeolia bulk report s3://clean/ledger -o radio.html
    """
    from aeolia.bulk.overview import write_report

    write_report(ledger, page, overwrite=overwrite)
    print(f"{page}: a page on the job")
