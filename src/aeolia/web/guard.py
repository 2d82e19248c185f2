"""Who may ask: this server's own pages, programs on this machine, or who has the password.

A page of another site could ask a server on the loopback as well as its own user can, either from
its own address (its Origin tells) or under a name that it points to 127.0.0.1 (its Host tells).
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

#: Nothing of the page comes from elsewhere, and nothing goes there.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ANYONE = "*"


class Guard:
    """ASGI middleware that refuses what did not come from here.

    Args:
        hosts: names, with port, that the server answers to; "*" for any, which needs a password.
        password: of HTTP's basic authentication, with any user name; "" for none.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], password: str = "") -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            return await self._app(scope, receive, _with_headers(send))
        if scope["type"] == "websocket":
            await receive()
            return await send({"type": "websocket.close", "code": 1008})
        await refusal(scope, receive, _with_headers(send))

    def _refusal(self, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if _ANYONE not in self._hosts and host not in self._hosts:
            return PlainTextResponse(
                f"This server answers to {', '.join(sorted(self._hosts))}, not to {host!r}.\n", 403
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse(f"Pages of {origin!r} may not ask this server.\n", 403)
        if self._password and not self._knows_password(headers.get("authorization", "")):
            return PlainTextResponse(
                "The password is needed.\n", 401, {"WWW-Authenticate": 'Basic realm="aeolia"'}
            )
        return None

    def _knows_password(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
        return secrets.compare_digest(given, self._password.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
