"""`aeolia web`: the page in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["web"]


def web(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 for any that is free.")
    ] = 7860,
    host: Annotated[
        str, typer.Option("--host", help="Address; one that others can reach needs a password.")
    ] = "127.0.0.1",
    password: Annotated[
        str,
        typer.Option(
            "--password",
            envvar="AEOLIA_WEB_PASSWORD",
            show_default=False,
            help="Asked for by the browser, with any user name.",
        ),
    ] = "",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open nothing.")
    ] = False,
) -> None:
    """Open the toolkit as a page in the browser, on this machine, until Ctrl-C.

    Nothing leaves the machine: files go to this program, and are gone when it ends.
    The same address is an HTTP API; GET /api/openapi.json describes it.

    \b
    Examples:
      aeolia web
      aeolia web --port 8000 --no-browser
      AEOLIA_WEB_PASSWORD=... aeolia web --host 0.0.0.0
      curl -T talk.wav 'http://127.0.0.1:7860/api/denoise?name=talk.wav' -o clean.wav
    """
    _check_packages()
    from aeolia.web.server import serve

    def begin(url: str) -> None:
        typer.echo(f"{url} (Ctrl-C stops)", err=True)

    serve(host, port, password=password, browser=not no_browser, begin=begin)


def _check_packages() -> None:
    """See that the extra is installed; without websockets all but live sound would work.

    Raises:
        MissingExtraError: it is not.
    """
    from importlib.util import find_spec

    from aeolia.errors import MissingExtraError

    missing = [name for name in ("starlette", "uvicorn", "websockets") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the page needs {', '.join(missing)}; install it with `pip install 'aeolia[web]'`"
        )
