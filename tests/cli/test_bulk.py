"""`aeolia bulk`: exit codes, and one line for every bad input."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run

pytest.importorskip("fsspec", reason="pip install 'aeolia[cluster]'")
pytest.importorskip("pyarrow", reason="pip install 'aeolia[cluster]'")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for number in range(3):
        noise = 0.1 * np.random.default_rng(number).standard_normal(4000)
        soundfile.write(f"in/{number}.wav", noise, 16000)
    return tmp_path


@pytest.fixture
def ledger() -> str:
    """In memory, so that jobs run in this process."""
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], folder: Path) -> Call:
    def bulk(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["bulk", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return bulk


@pytest.fixture
def denoise(call: Call, gain_model: Path, ledger: str) -> Call:
    def with_usual(*arguments: str, **changes: str) -> tuple[int, str, str]:
        usual = {"input": "in", "output": "out", "ledger": ledger, "model": str(gain_model)}
        options = [
            part for key, value in {**usual, **changes}.items() for part in (f"--{key}", value)
        ]
        return call("denoise", *options, *arguments)

    return with_usual


def test_all_done_is_0_and_some_failed_is_1(
    denoise: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    code, out, err = denoise()
    assert (code, err) == (0, "") and out.startswith("3 files done; 0.00 h of audio")
    assert sorted(path.name for path in Path("out").iterdir()) == ["0.wav", "1.wav", "2.wav"]
    Path("in/bad.wav").write_text("no sound")
    code, out, err = denoise()
    assert code == 1 and out.startswith("0 files done, 3 were done before, 1 failed")
    first, second = err.splitlines()
    assert "bad.wav: not a readable audio file" in first
    assert second.startswith("aeolia: 1 files failed; see `aeolia bulk report memory://")


def test_json_says_what_was_done(denoise: Call) -> None:
    code, out, _ = denoise("--json", "--limit", "2")
    told = json.loads(out)
    assert (code, told["done"], told["failed"]) == (0, 2, 0)
    assert told["operation"]["operation"] == "denoise"


def test_an_operation_as_json_is_the_same(
    call: Call, denoise: Call, gain_model: Path, ledger: str
) -> None:
    """And `run` may be left out."""
    values = {"operation": "denoise", "model": str(gain_model)}
    Path("o.json").write_text(json.dumps(values))
    assert call("o.json", "-i", "in", "-o", "out", "-l", ledger)[0] == 0
    code, out, _ = denoise()  # with the ledger of the same operation
    assert code == 0 and "3 were done before" in out


def test_status_and_report(
    denoise: Call, call: Call, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeolia.bulk.job.pause", lambda attempt: 0.0)
    Path("in/<b>bad.wav").write_text("no sound")
    denoise()
    code, out, _ = call("status", ledger)
    assert code == 0 and out.startswith("3 of 4 files done, 1 failed")
    assert "no job is at it" in out and "1 x AudioFileError" in out
    told = json.loads(call("status", ledger, "--json")[1])
    assert (told["done"], told["failed"], told["running"]) == (3, 1, False)
    assert {Path(uri).name for uri, *_ in told["slowest"]} == {"0.wav", "1.wav", "2.wav"}
    code, out, _ = call("report", ledger, "-o", "page.html")
    page = Path("page.html").read_text()
    assert code == 0 and "Failures by kind" in page and "Slowest files" in page
    assert "&lt;b&gt;bad.wav" in page and "<b>bad" not in page
    code, _, err = call("report", ledger, "-o", "page.html")
    assert code == 2 and "is there already" in err


def test_status_tells_what_is_left_while_a_job_runs(call: Call, ledger: str) -> None:
    from aeolia import Denoise
    from aeolia.bulk.ledger import Ledger

    book = Ledger(ledger)
    book.begin(Denoise(), "file:///out")
    for number in range(10):
        row = {"status": "done", "size": 100, "seconds": 60.0, "wall_seconds": 1.0}
        book.add({"input": f"file:///{number}", **row})
    book.flush()
    state = {"ended": False, "elapsed": 10.0, "done": 10, "failed": 0, "workers": 2}
    more = {"listed": 3610, "listed_bytes": 361000, "running": [["file:///long.wav", 500.0]]}
    book.say({**state, **more, "host": "h", "pid": 1})
    _, out, _ = call("status", ledger)
    assert "10 of 3610 files done" in out
    assert "running: 2 workers, 1.0 files/s, 1.0 h left" in out
    assert "in work for 500 s: file:///long.wav" in out


BAD = {
    "an unknown store": ({"input": "s4://b/x.wav"}, "no store is called 's4'"),
    "nothing there": ({"input": "no/such"}, "nothing is there"),
    "an empty folder": ({"input": "empty"}, "no files there"),
    "an empty list": ({"input": "list.txt"}, "no files there"),
    "output inside input": ({"output": "in/out"}, "the output lies inside the input"),
    "output that can only be read": ({"output": "https://h/x"}, "can only be read"),
    "output in an archive": ({"output": "zip://x::new.zip"}, "zip:// can only be read"),
    "ledger in an archive": ({"ledger": "tar://x::new.tar"}, "tar:// can only be read"),
    "no archive": ({"input": "zip://*::no.zip"}, "cannot be read as a zip archive"),
    "output that is a file": ({"output": "list.txt"}, "a file, and a folder is needed"),
    "ledger that is a file": ({"ledger": "list.txt"}, "a file lies where a folder is needed"),
    "a ledger of something else": ({"ledger": "other"}, "a ledger of format None"),
    "a ledger without an operation": ({"ledger": "half"}, "a ledger of format 1"),
    "no permission": ({"output": "denied://b"}, "no permission"),
    "no permission to list": ({"input": "shut://b"}, "no permission"),
    "a full bucket": ({"output": "full://b"}, "is full"),
    "no address": ({"engine": "ray", "address": "x", "ledger": "l"}, "no address of a cluster"),
    "another engine": ({"engine": "spark"}, "no engine is called 'spark'"),
    "an address for nothing": ({"address": "auto"}, "add --engine ray"),
    "no such model": ({"model": "denoyse"}, "did you mean 'denoise'"),
    "a password": ({"input": "ftp://a:b@h/x"}, "a password came in a URI"),
}


@pytest.mark.parametrize("changes, match", BAD.values(), ids=BAD)
def test_bad_input_is_one_line(denoise: Call, changes: dict[str, str], match: str) -> None:
    from made.stores import register

    register()
    Path("empty").mkdir()
    Path("list.txt").touch()
    Path("no.zip").write_text("no archive")
    for name, job in {"other": "{}", "half": '{"format": 1}'}.items():
        Path(name).mkdir()
        Path(name, "job.json").write_text(job)
    code, out, err = denoise(**changes)
    assert (code, out, err.count("\n")) == (2, "", 1) and match in err


def test_the_ledger_of_another_operation(denoise: Call) -> None:
    denoise()
    code, _, err = denoise("--attenuation-limit", "6")
    assert (code, err.count("\n")) == (2, 1) and "the ledger of another operation" in err


def test_ray_missing_or_unreachable(
    denoise: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = {"engine": "ray", "address": "127.0.0.1:9", "ledger": str(tmp_path / "l")}
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "ray", None)
        code, _, err = denoise(**ray)
        assert (code, err.count("\n")) == (2, 1) and "pip install 'aeolia[cluster]'" in err
    pytest.importorskip("ray")
    code, _, err = denoise(**ray)
    assert (code, err.count("\n")) == (2, 1) and "no Ray cluster answers" in err


@pytest.mark.parametrize(
    ("text", "match"),
    [(None, "no such file"), ("{}", "'operation' is missing"), ('{"operation": "x"}', "no oper")],
)
def test_an_operation_that_is_none(call: Call, ledger: str, text: str | None, match: str) -> None:
    if text is not None:
        Path("o.json").write_text(text)
    code, _, err = call("o.json", "-i", "in", "-o", "out", "-l", ledger)
    assert (code, err.count("\n")) == (2, 1) and match in err


def test_no_ledger_there(call: Call, folder: Path) -> None:
    code, _, err = call("status", "nowhere")
    assert (code, err.count("\n")) == (2, 1) and "no ledger is there" in err


def test_a_long_recording_beside_short_ones(denoise: Call, call: Call, folder: Path) -> None:
    """Two workers, from the shell to the output: all are done, and the straggler is named."""
    rate, minutes = 16000, 4
    noise = 0.1 * np.random.default_rng(9).standard_normal(rate)
    with soundfile.SoundFile(folder / "in/0long.wav", "w", rate, 1) as file:
        for _ in range(60 * minutes):
            file.write(noise)
    code, out, _ = denoise("--workers", "2", "--json", ledger="ledger")
    assert code == 0
    assert json.loads(out)["done"] == 4
    assert {path.name for path in (folder / "out").iterdir()} == {
        path.name for path in (folder / "in").iterdir()
    }
    given, made = (soundfile.read(folder / place / "0long.wav")[0] for place in ("in", "out"))
    assert len(made) == 60 * minutes * rate
    np.testing.assert_allclose(made[-rate:], 0.5 * given[-rate:], atol=1e-3)
    told = json.loads(call("status", "ledger", "--json")[1])
    assert told["slowest"][0][0].endswith("0long.wav")
