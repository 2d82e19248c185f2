"""Who may ask the server, and what it says to others."""

from __future__ import annotations

import socket

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from aeolia.errors import InputError
from aeolia.web.guard import Guard
from aeolia.web.server import serve


def client(hosts: tuple[str, ...] = ("here:1",), password: str = "") -> TestClient:
    async def said(_: object) -> PlainTextResponse:
        return PlainTextResponse("secret")

    async def spoken(line: WebSocket) -> None:
        await line.accept()
        await line.send_text("secret")
        await line.close()

    app = Starlette(
        routes=[Route("/", said), WebSocketRoute("/ws", spoken)],
        middleware=[Middleware(Guard, hosts=hosts, password=password)],
    )
    return TestClient(app, base_url=f"http://{hosts[0] if hosts[0] != '*' else 'any:9'}")


def test_its_own_page_and_programs_are_answered() -> None:
    assert client().get("/").text == "secret"
    assert client().get("/", headers={"Origin": "http://here:1"}).text == "secret"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "elsewhere.example"},  # another name that points to this machine
        {"Host": "here:2"},
        {"Host": ""},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://here:2"},
        {"Origin": "null"},
    ],
)
def test_pages_of_others_are_refused(headers: dict[str, str]) -> None:
    answer = client().get("/", headers=headers)
    assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_websockets_of_others_are_refused() -> None:
    with client().websocket_connect("ws://here:1/ws") as socket:
        assert socket.receive_text() == "secret"
    for headers in ({"Host": "elsewhere.example"}, {"Origin": "http://elsewhere.example"}):
        with pytest.raises(WebSocketDisconnect):
            with client().websocket_connect("ws://here:1/ws", headers=headers) as socket:
                socket.receive_text()


def test_password() -> None:
    asked = client(("*",), "wörd")
    assert asked.get("/").status_code == 401
    assert asked.get("/").headers["www-authenticate"].startswith("Basic")
    assert asked.get("/", auth=("anyone", "word")).status_code == 401
    assert asked.get("/", headers={"Authorization": "Basic ???"}).status_code == 401
    assert asked.get("/", headers={"Authorization": "Bearer d29yZA=="}).status_code == 401
    assert asked.get("/", auth=("anyone", "wörd".encode())).text == "secret"


def test_nothing_comes_from_elsewhere() -> None:
    policy = client().get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy and "unsafe" not in policy


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7"])
def test_an_address_of_others_needs_a_password(host: str) -> None:
    with pytest.raises(InputError, match="password is needed"):
        serve(host, 0)


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="cannot be used.*another --port"):
            serve("127.0.0.1", taken.getsockname()[1], browser=False)


def test_no_such_address() -> None:
    with pytest.raises(InputError, match="no address of this machine"):
        serve("192.0.2.1", 0, password="x")  # an address for documents only (RFC 5737)


def test_the_address_that_is_told_takes_connections() -> None:
    """A browser that opens before the application is ready waits, and is not refused."""

    class ToldError(Exception):
        """Ends the server before it begins."""

    def connect(url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        socket.create_connection((host, int(port)), timeout=10).close()
        raise ToldError

    with pytest.raises(ToldError):
        serve("127.0.0.1", 0, browser=False, begin=connect)
