"""Inputs from a web server, a real one on this machine."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aeolia import Denoise
from aeolia.bulk.job import BulkJob, run_bulk
from aeolia.bulk.listing import Source
from aeolia.errors import InputError, MissingExtraError

pytest.importorskip("aiohttp", reason="what fsspec needs for it")

ENDINGS = (".wav", ".flac")


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Refuses, breaks, or breaks off, by the name of what is asked for."""

    def log_message(self, *_: object) -> None:
        pass

    def send_head(self) -> Any:
        for word, code in {"secret": 403, "members": 401, "broken": 500}.items():
            if word in self.path:
                self.send_error(code)
                return None
        if "half" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"RIFF")
            return None
        return super().send_head()


@pytest.fixture
def web(recordings: Path) -> Iterator[str]:
    """The server's address; `recordings` lie in /in."""
    handler = functools.partial(_Handler, directory=str(recordings.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def names(uri: str) -> list[str]:
    return sorted(found.name for found in Source(uri, ENDINGS))


def test_files_pages_and_patterns(web: str, recordings: Path) -> None:
    """A page that lists what is there is a folder; names are as people read them."""
    (recordings / "a.wav").rename(recordings / "a b%.wav")
    everything = ["a b%.wav", "b.flac", "deep/c.wav", "deep/er/d.wav"]
    assert names(f"{web}/in") == names(f"{web}/in/") == everything
    assert names(f"{web}/in/*.wav") == ["a b%.wav"]
    assert names(f"{web}/in/**/*.wav") == ["a b%.wav", "deep/c.wav", "deep/er/d.wav"]
    assert names(f"{web}/in/a%20b%25.wav?signed=1#here") == ["a b%.wav"]


def test_a_list_of_addresses_is_done_to_the_same_bytes(
    web: str, recordings: Path, operation: Denoise, tmp_path: Path, memory: Callable[[str], str]
) -> None:
    lines = f"input,output\n{web}/in/a.wav?signed=1,\n{web}/in/b.flac,x/b.flac\n"
    (tmp_path / "list.csv").write_text(lines)
    job = BulkJob(operation, (str(tmp_path / "list.csv"),), str(tmp_path / "out"), memory("ledger"))
    assert run_bulk(job).done == 2
    assert run_bulk(job).skipped == 2
    host = web.removeprefix("http://")
    operation.run(recordings / "a.wav", tmp_path / "a.wav")
    assert (tmp_path / "out" / host / "in" / "a.wav").read_bytes() == (
        tmp_path / "a.wav"
    ).read_bytes()
    assert (tmp_path / "out" / "x" / "b.flac").exists()


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("none.wav", "nothing is there"),
        ("secret.wav", "no permission.*403"),
        ("members.wav", "no permission.*401"),
        ("broken.wav", "cannot be looked at.*500"),
    ],
)
def test_what_a_server_refuses_is_said_as_it_is(web: str, path: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Source(f"{web}/in/{path}", ENDINGS)


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(InputError, match="the store does not answer"):
        Source("http://127.0.0.1:9/x.wav", ENDINGS)


def test_some_that_are_refused_fail_alone(
    web: str, operation: Denoise, tmp_path: Path, memory: Callable[[str], str]
) -> None:
    """A download that breaks off, too, and nothing of it is written."""
    names = ("a.wav", "secret.wav", "none.wav", "half.wav")
    (tmp_path / "list.txt").write_text("".join(f"{web}/in/{name}\n" for name in names))
    said: list[str] = []
    job = BulkJob(
        operation,
        (str(tmp_path / "list.txt"),),
        str(tmp_path / "out"),
        memory("ledger"),
        retry=1,
    )
    tally = run_bulk(job, failure=said.append)
    assert (tally.done, tally.failed) == (1, 3)
    assert "secret.wav: no permission" in said[0] and "none.wav: is not there" in said[1]
    assert "half.wav: cannot be read" in said[2]
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["a.wav"]


def test_nothing_is_written_there(
    web: str, operation: Denoise, recordings: Path, memory: Callable[[str], str]
) -> None:
    for output, ledger in ((f"{web}/out", memory("l")), (memory("out"), f"{web}/l")):
        with pytest.raises(InputError, match="http:// can only be read; write into a folder"):
            run_bulk(BulkJob(operation, (str(recordings),), output, ledger))


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.http", raising=False)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "https", raising=False)
    with pytest.raises(MissingExtraError, match="https:// needs another package.*aiohttp"):
        Source("https://host/x.wav", ENDINGS)
