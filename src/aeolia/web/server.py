"""`aeolia web`: the application on an address, until Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from aeolia.errors import InputError
from aeolia.web.app import make_app

__all__ = ["serve"]


def serve(
    host: str,
    port: int,
    *,
    password: str = "",
    browser: bool = True,
    begin: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the page and the API until the process is interrupted.

    Args:
        host: an address of this machine; one that others can reach needs a password.
        port: 0 for any that is free.
        browser: open the page.
        begin: called with the page's address before the first request.

    Raises:
        InputError: no such address, a port in use, or no password where one is needed.
    """
    alone = _is_loopback(host)
    if not alone and not password:
        raise InputError(
            f"{host} can be reached by others, so a password is needed: set AEOLIA_WEB_PASSWORD, "
            "or give --password; or leave --host out"
        )
    listening = _listening(host, port)
    port = listening.getsockname()[1]
    names = {host, "localhost", "127.0.0.1"} if alone else set()
    hosts = [f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in names] or ["*"]
    shown = f"[{host}]" if ":" in host else "localhost" if host in ("0.0.0.0", "::") else host
    url = f"http://{shown}:{port}"
    begin(url)
    if browser:
        threading.Timer(0.5, webbrowser.open, [url]).start()
    app = make_app(hosts, password=password, own_models=alone)
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws_max_size=1 << 20)
    uvicorn.Server(config).run(sockets=[listening])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"{host} is no address of this machine ({error.strerror})") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen()  # so that a browser which is quicker than the application waits for it
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError(f"{host} is no address of this machine; leave --host out") from error
        raise InputError(
            f"port {port} of {host} cannot be used ({error.strerror}); give another --port, or 0 "
            "for any that is free"
        ) from error
    return listening
