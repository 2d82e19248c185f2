"""The denoisers in the browser itself, under /browser/, where `npm run build` has made them.

They lie in a checkout's folder `browser/dist`: the build is no part of the package.
"""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["is_built", "routes"]

FOLDER = Path(__file__).parents[3] / "browser" / "dist"
#: As of the other page, and WebAssembly.
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = _POLICY
        return response


def is_built() -> bool:
    """Whether there is such a page."""
    return (FOLDER / "index.html").is_file()


def routes() -> list[Mount]:
    """/browser/, if it is built."""
    return [Mount("/browser", _Files(directory=FOLDER, html=True))] if is_built() else []
