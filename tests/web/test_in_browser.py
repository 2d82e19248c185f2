"""`aeolia web` hands out the page that runs in the browser itself, where it has been built."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from aeolia.web import in_browser
from aeolia.web.app import make_app


def client() -> TestClient:
    return TestClient(make_app(["test:1"], n_workers=1), base_url="http://test:1")


def test_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("<title>here</title>")
    (tmp_path / "aeolia.js").write_text("export {}")
    (tmp_path.parent / "secret.txt").write_text("not here")
    monkeypatch.setattr(in_browser, "FOLDER", tmp_path)
    page = client().get("/browser/")
    assert page.text == "<title>here</title>"
    # WebAssembly may run there, and on the other page not.
    assert "'wasm-unsafe-eval'" in page.headers["Content-Security-Policy"]
    assert "wasm" not in client().get("/").headers["Content-Security-Policy"]
    script = client().get("/browser/aeolia.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert client().get("/browser/..%2fsecret.txt").status_code == 404
    assert client().get("/api/about").json()["in_browser"] is True


def test_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_browser, "FOLDER", tmp_path / "dist")
    assert client().get("/browser/").status_code == 404
    assert client().get("/api/about").json()["in_browser"] is False
