"""The command line: thin commands over the package, and what users see when something is wrong.

Command modules import only typer at their top, and the rest inside their functions, so that
help comes at once and nothing but training and export ever loads PyTorch.
"""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Sequence

import typer

from aeolia.api.interrupts import end_models_on_signals, outside_c
from aeolia.cli.bulk.app import app as bulk_app
from aeolia.cli.denoise import denoise
from aeolia.cli.encode import decode, encode
from aeolia.cli.groups import CommandGroups
from aeolia.cli.live import live
from aeolia.cli.mic import app as mic_app
from aeolia.cli.models import app as models_app
from aeolia.cli.morph import morph
from aeolia.cli.play import play
from aeolia.cli.separate import separate
from aeolia.cli.shell import expand_patterns
from aeolia.cli.shift import shift
from aeolia.cli.streams import finish_printing, guard_streams
from aeolia.cli.synth import synth
from aeolia.cli.train.app import app as train_app
from aeolia.cli.train.tune import tune
from aeolia.cli.transfer import transfer
from aeolia.cli.web import web
from aeolia.cli.workshop.data import app as data_app
from aeolia.cli.workshop.evaluate import evaluate
from aeolia.cli.workshop.export import export
from aeolia.cli.workshop.listen_test import app as listen_test_app
from aeolia.cli.workshop.recipes import app as recipes_app
from aeolia.errors import AeoliaError, InputError, TrainingStoppedError
from aeolia.plain_text import printable

__all__ = ["app", "main", "run"]

EXIT_OK, EXIT_SOME_FAILED, EXIT_USER_ERROR, EXIT_INTERRUPTED = 0, 1, 2, 130
#: What shells add to the number of the signal that ended a program.
_OF_SIGNALS = 128

app = typer.Typer(
    name="aeolia",
    help="Audio autoencoders: take noise out of recordings, take sources apart, make sound.",
    no_args_is_help=True,
    # Plain help comes up faster than rich's, and tracebacks are for bugs only.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    cls=CommandGroups,
    # Subcommands have them from here.
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(denoise)
app.command()(separate)
app.add_typer(bulk_app, name="bulk")
app.command()(live)
app.add_typer(mic_app, name="mic")
app.command()(web)
app.command()(synth)
app.command()(play)
app.command()(transfer)
app.command()(shift)
app.command()(morph)
app.command()(encode)
app.command()(decode)
app.add_typer(models_app, name="models")
app.command()(evaluate)
app.add_typer(listen_test_app, name="listen-test")
app.add_typer(data_app, name="data")
app.add_typer(recipes_app, name="recipes")
app.add_typer(train_app, name="train")
app.command()(tune)
app.command()(export)


def _show_version(requested: bool) -> None:
    if requested:
        import aeolia

        typer.echo(f"aeolia {aeolia.__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code and lets only bugs through as exceptions."""
    try:
        _refuse_empty(arguments)
        result = app(args=list(arguments), prog_name="aeolia", standalone_mode=False)
        code = result if isinstance(result, int) else EXIT_OK
        # Newer versions of typer turn Ctrl-C into this code, older ones into Abort.
        return _interrupted() if code == EXIT_INTERRUPTED else code
    except TrainingStoppedError as error:
        print(f"aeolia: {printable(str(error))}", file=sys.stderr)
        return _OF_SIGNALS + error.signal
    except AeoliaError as error:
        if _began_with_interrupt(error):
            return _interrupted()
        print(f"aeolia: {printable(str(error))}", file=sys.stderr)
        return EXIT_USER_ERROR
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except OSError as error:
        # A folder that may not be looked into, a name too long, a full disk: no bug of ours.
        named = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EFBIG)
        said = (
            f"{named}{error.strerror or error}; {'free some space' if full else 'check the path'}"
        )
        print(f"aeolia: {printable(said)}", file=sys.stderr)
        return EXIT_USER_ERROR
    except Exception as error:
        if _began_with_interrupt(error):
            return _interrupted()
        # Usage errors are click's or, in newer versions of typer, its own copy of them.
        if not hasattr(error, "exit_code") or not hasattr(error, "show"):
            raise
        error.show()
        return int(error.exit_code)


def _refuse_empty(arguments: Sequence[str]) -> None:
    """An empty name would mean the current folder: a variable of a script that was never set."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if not argument or (argument.startswith("--") and argument.endswith("=")):
            what = argument.rstrip("=") or (before if before.startswith("-") else "an argument")
            raise InputError(f"{what} is empty (''); give a name, or leave it out")
        if "\0" in argument:
            raise InputError(f"{argument!r} holds a zero byte, which no name can have")


def _began_with_interrupt(error: BaseException | None) -> bool:
    """Whether it is what a module made of Ctrl-C while it was loaded: "failed to import"."""
    while isinstance(error, Exception):
        error = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt)


def _interrupted() -> int:
    print("aeolia: interrupted; no partial output was left", file=sys.stderr)
    return EXIT_INTERRUPTED


def _terminate(number: int, _: object) -> None:
    # An exception, so that partial outputs are removed on the way out.
    sys.exit(_OF_SIGNALS + number)


def main() -> None:
    """Entry point of the command `aeolia`."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # What `nohup` has ignored stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, outside_c(_terminate))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, outside_c(signal.default_int_handler))
    guard_streams()  # before anything is opened
    end_models_on_signals()
    sys.exit(finish_printing(run(expand_patterns(sys.argv[1:]))))
