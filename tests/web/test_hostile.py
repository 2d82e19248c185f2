"""Names, files and disks that mean no good, and a server that ends: words, and nothing lost."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("httpx2")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from starlette.testclient import TestClient

from aeolia.web.app import make_app
from made.browser import Browser, find_browser
from made.full_disk import tiny_disk
from made.web_page import TABS, text

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg is installed")

NAMES = {
    "long": "a" * 300 + ".wav",
    "long in UTF-8": "\U0001f600" * 300 + ".wav",
    "turned around": "\u202egnp.exe.wav",
    "folders": "../../etc/passwd.wav",
    "dots": "..",
    "controls": "x\x00y\x1b[31m\r\nSet-Cookie: a=b.wav",
    "quotes": '"; filename=evil.sh;.wav',
    "nothing but an ending": ".wav",
    "blank": " ",
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A server with one worker."""
    with TestClient(make_app(["test:1"], n_workers=1), base_url="http://test:1") as opened:
        yield opened


def sent(client: TestClient, data: bytes, name: str) -> str:
    answer = client.post("/api/files", params={"name": name}, content=data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def done(client: TestClient, file: str, operation: dict[str, Any]) -> dict[str, Any]:
    values = {"file": file, "operation": operation}
    answer = client.post("/api/jobs", content=json.dumps(values))
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 60
    while True:
        job: dict[str, Any] = client.get(f"/api/jobs/{answer.json()['id']}").json()
        if job["state"] not in ("waiting", "running"):
            return job
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("case", NAMES)
def test_results_have_harmless_names(
    client: TestClient, talk: Path, gain_model: Path, case: str
) -> None:
    file = sent(client, talk.read_bytes(), NAMES[case])
    job = done(client, file, {"operation": "denoise", "model": str(gain_model)})
    assert job["state"] == "done", job
    name = job["outputs"][0]["name"]
    assert len(name.encode()) <= 200 and not name.startswith(".")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e/\\]", name)
    saved = client.get(f"/api/jobs/{job['id']}/outputs/0").headers["content-disposition"]
    assert "\n" not in saved and saved.count('"') == 2
    archive = client.get(f"/api/zip?jobs={job['id']}")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert opened.namelist() == [name]


def test_errors_name_files_in_harmless_words(client: TestClient) -> None:
    answer = client.post("/api/files", params={"name": "\x1b[31m\u202ex.wav"}, content=b"no" * 99)
    assert answer.json()["error"].startswith("\\x1b[31m\\u202ex.wav: ")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_what_is_there_of_a_truncated_file_can_be_had(
    client: TestClient, talk: Path, tmp_path: Path, gain_model: Path, suffix: str
) -> None:
    path = tmp_path / f"talk{suffix}"
    soundfile.write(path, *soundfile.read(talk))
    data = path.read_bytes()
    file = sent(client, data[: len(data) // 2], path.name)
    operation: dict[str, Any] = {"operation": "denoise", "model": str(gain_model)}
    job = done(client, file, operation)
    assert job["state"] == "failed" and job["salvageable"]
    assert job["error"].startswith(path.name) and "truncated" in job["error"]
    assert "--salvage" not in job["error"]
    job = done(client, file, {**operation, "options": {"salvage": True}})
    assert job["state"] == "done", job
    assert 0.5 < job["report"]["seconds"] < 1.5 and job["report"]["warnings"]
    assert job["player"]["playable"]


@needs_ffmpeg
@pytest.mark.parametrize("case", ["no sound", "truncated"])
def test_films_that_cannot_be_read(client: TestClient, tmp_path: Path, case: str) -> None:
    film = tmp_path / "film.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x64"]
    tone = [] if case == "no sound" else ["-f", "lavfi", "-i", "sine=d=1"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *picture, *tone, str(film)], check=True)
    data = film.read_bytes()
    data = data if case == "no sound" else data[: len(data) // 2]
    answer = client.post("/api/files", params={"name": "film.mp4"}, content=data)
    words = "no audio track" if case == "no sound" else "not a readable audio or video file"
    assert answer.status_code == 400 and words in answer.json()["error"]


def test_a_full_disk_is_said_and_the_next_work_goes_on(
    talk: Path, tmp_path: Path, gain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = {"operation": "denoise", "model": str(gain_model)}
    disk = tmp_path / "disk"
    with tiny_disk(disk, 300 << 20):
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with TestClient(make_app(["test:1"], n_workers=1), base_url="http://test:1") as client:
            file = sent(client, talk.read_bytes(), "talk.wav")
            free = shutil.disk_usage(disk).free
            filler = disk / "filler"
            filler.write_bytes(bytes(free - (16 << 10)))  # less than the result needs
            job = done(client, file, operation)
            assert job["state"] == "failed" and "free some space" in job["error"], job
            answer = client.post("/api/files", params={"name": "b.wav"}, content=talk.read_bytes())
            assert answer.status_code == 413 and "no room" in answer.json()["error"]
            filler.unlink()
            assert done(client, file, operation)["state"] == "done"
        assert [path.name for path in disk.iterdir()] == []


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Browser]:
    """A browser that may not use a microphone."""
    program = find_browser()
    assert program is not None
    browser = Browser(program, tmp_path, "--deny-permission-prompts")
    for domain in ("Runtime", "DOM"):
        browser.command(f"{domain}.enable")
    yield browser
    unwell = [e for e in browser.events if e["method"] == "Runtime.exceptionThrown"]
    browser.close()
    assert not unwell, unwell


def shown(page: Browser, address: str) -> None:
    page.visit(f"{address}/")
    page.wait(f"document.querySelectorAll('[role=tab]').length === {len(TABS)}")


@needs_browser
def test_no_microphone_is_said_where_it_is_asked_for(page: Browser, address: str) -> None:
    shown(page, address)
    record = "#panel-clean .drop .row button:last-child"
    page.click(record)
    page.wait(f"document.querySelector({record!r}).innerText.includes('allow it for this page')")
    page.click("#tab-live")
    page.click("#panel-live button.main")
    status = "document.querySelector('#panel-live [role=status]')"
    page.wait(f"{status}.innerText.includes('allow it for this page')")


@needs_browser
def test_a_truncated_file_is_taken_by_a_button(
    page: Browser, address: str, talk: Path, tmp_path: Path
) -> None:
    shown(page, address)
    cut = tmp_path / "\u202ecut.wav"
    cut.write_bytes(talk.read_bytes()[:40000])
    page.choose("#panel-clean input[type=file]", cut)
    page.wait("!!document.querySelector('#panel-clean .card .bad')")
    assert "truncated" in text(page, "#panel-clean .card .bad")
    assert text(page, "#panel-clean .card h2") == "\ufffdcut.wav"
    page.click("#panel-clean .card button[data-t=salvage]")
    page.wait("!!document.querySelector('#panel-clean .card .views')")


@needs_browser
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_in_the_middle(
    page: Browser, talk: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """The page says so, keeps the results that it has, and does the work when it is back."""
    long = tmp_path / "long.wav"
    with soundfile.SoundFile(long, "w", 16000, 1) as file:
        for _ in range(300):
            file.write(soundfile.read(talk)[0])
    server, address = started(0)
    try:
        shown(page, address)
        page.choose("#panel-clean input[type=file]", talk)
        page.wait("!!document.querySelector('#panel-clean .card .views')")
        page.choose("#panel-clean input[type=file]", long)
        page.wait("document.querySelector('#panel-clean .card progress').value > 0")
        server.send_signal(how)
        server.wait(30)
        page.wait("!!document.querySelector('#panel-clean .card .bad')")
        assert "Start it again with: aeolia web" in text(page, "#panel-clean .card .bad")
        assert page.value("document.querySelectorAll('#panel-clean .views').length") == 1
        server, _ = started(int(address.rpartition(":")[2]))
        page.click("#panel-clean .card button[data-t=again]")
        page.wait("document.querySelector('#panel-clean .card progress').value > 0")
        page.click("#panel-clean .card .row button")  # cancel
    finally:
        server.kill()
        server.wait()


def started(port: int) -> tuple[subprocess.Popen[str], str]:
    code = "import aeolia.cli; aeolia.cli.main()"
    command = [sys.executable, "-c", code, "web", "--port", str(port), "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    line = server.stderr.readline()
    found = re.match(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return server, found[0]
