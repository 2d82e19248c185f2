"""What requests and answers have in common."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aeolia.errors import AeoliaError, InputError
from aeolia.plain_text import printable
from aeolia.web.store import NotThereError, TooLargeError

__all__ = ["attachment", "failed", "number", "object_of"]

#: A request that is no file.
_MOST_BYTES = 1 << 20


async def failed(_: Request, error: Exception) -> Response:
    """The answer to an error that a user can cause: its words, and a status."""
    status = 404 if isinstance(error, NotThereError) else 413
    if not isinstance(error, (NotThereError, TooLargeError)):
        status = 400
    assert isinstance(error, AeoliaError)
    return JSONResponse({"error": printable(str(error))}, status)


async def object_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        InputError: none was, or it is too large.
    """
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise InputError("a request larger than 1 MB came; send JSON, and files by themselves")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise InputError("a JSON object is needed")
    return values


def number(request: Request, name: str, default: float | None = None) -> float:
    """A number of the query.

    Raises:
        InputError: it is missing without a default, or none.
    """
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e12:  # NaN and infinity, too
        raise InputError(f"{name} is {text!r}; a number is needed")
    return value


def attachment(name: str) -> dict[str, str]:
    """Headers with which a browser saves an answer under a name (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    }
