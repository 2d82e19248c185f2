"""`aeolia denoise`: outputs, exit codes, and one line for every bad input."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia.cli import run

SOURCE = Path(__file__).parents[2] / "src"


def noise(length: int, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((length, channels))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("talk.wav", noise(16000, 2), 16000)
    return tmp_path


@pytest.fixture
def call(
    gain_model: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def denoise(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["denoise", "--model", str(gain_model), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return denoise


def aeolia(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """The command as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "aeolia", *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        timeout=60,
        **options,  # type: ignore[call-overload]
    )


def fails(result: tuple[int, str, str], match: str) -> None:
    """Exit code 2 and one line."""
    code, out, err = result
    assert code == 2
    assert out == ""
    assert err.startswith("aeolia: ") and err.count("\n") == 1
    assert match in err


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_default_name(folder: Path, call: Callable) -> None:
    code, out, err = call("talk.wav")
    assert code == 0 and err == ""
    assert out.startswith("talk.wav -> talk.denoised.wav: 1.0 s in ")
    before, _ = soundfile.read("talk.wav")
    after, rate = soundfile.read("talk.denoised.wav")
    assert rate == 16000
    np.testing.assert_allclose(after, 0.5 * before, atol=2e-5)


def test_other_names_and_formats(folder: Path, call: Callable) -> None:
    assert call("talk.wav", "-o", "clean.flac")[0] == 0
    assert soundfile.info("clean.flac").format == "FLAC"
    assert call("talk.wav", "-o", "new/", "--quiet")[:2] == (0, "")
    assert Path("new/talk.wav").is_file()
    assert call("talk.wav", "-o", "half.wav", "-a", "6.0206")[0] == 0
    before, _ = soundfile.read("talk.wav")
    after, _ = soundfile.read("half.wav")
    np.testing.assert_allclose(after, 0.75 * before, atol=2e-5)


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_folders_keep_their_tree(folder: Path, call: Callable, jobs: str) -> None:
    for name in ("in/a.wav", "in/b/c.flac", "in/b/d/e.ogg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(name, noise(4000), 16000)
    assert call("in", "-r", "-o", "out", "--jobs", jobs)[0] == 0
    assert names(folder / "out") == ["a.wav", "b/c.flac", "b/d/e.ogg"]


def test_a_batch_does_the_good_ones(folder: Path, call: Callable) -> None:
    Path("in").mkdir()
    soundfile.write("in/a.wav", noise(4000), 16000)
    soundfile.write("in/z.wav", noise(4000), 16000)
    Path("in/empty.wav").touch()
    Path("in/text.wav").write_text("no audio")
    code, out, err = call("in", "missing.wav", "-o", "out")
    assert code == 1
    assert names(folder / "out") == ["a.wav", "z.wav"]
    lines = err.splitlines()
    assert len(lines) == 4
    assert lines[-1] == "aeolia: 2 of 5 files denoised, 3 failed (their reasons are above)"
    assert any("empty (0 bytes)" in line for line in lines)


def test_a_second_run_of_a_batch(folder: Path, call: Callable) -> None:
    Path("in").mkdir()
    for name in ("in/a.wav", "in/z.wav"):
        soundfile.write(name, noise(4000), 16000)
    assert call("in", "-o", "out")[0] == 0
    before = Path("out/a.wav").stat().st_mtime_ns
    code, out, err = call("in", "-o", "out")
    assert code == 1 and err.count("already exists") == 2
    assert err.endswith(
        "2 failed (their reasons are above); --skip-existing leaves alone what is there\n"
    )
    soundfile.write("in/m.wav", noise(4000), 16000)
    code, out, err = call("in", "-o", "out", "--skip-existing")
    assert code == 0 and out.startswith("in/m.wav -> out/m.wav") and out.count("\n") == 1
    assert err == "aeolia: 1 of 3 files denoised, 2 skipped (2 already there)\n"
    assert Path("out/a.wav").stat().st_mtime_ns == before
    code, out, err = call("in", "-o", "out", "--skip-existing")
    assert (code, out) == (0, "") and "0 of 3 files denoised, 3 skipped (3 already there)" in err
    assert call("in", "-o", "out", "--skip-existing", "-q") == (0, "", "")
    files = json.loads(call("in", "-o", "out", "--skip-existing", "--json")[1])["files"]
    assert [file["skipped"] for file in files] == ["already there"] * 3
    fails(call("talk.wav", "--skip-existing", "--overwrite"), "give one of the two")
    Path("in/empty.wav").touch()
    code, _, err = call("in", "-o", "out", "--skip-existing")
    assert code == 1 and "empty (0 bytes)" in err and "3 skipped" in err and "1 failed" in err


def test_what_a_folder_holds_that_cannot_be_read_is_named(
    folder: Path, call: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    Path("in").mkdir()
    soundfile.write("in/a.wav", noise(4000), 16000)
    for name in ("b.wma", "c.WEBM", "notes.txt", ".hidden.wma"):
        Path("in", name).touch()
    code, out, err = call("in", "-o", "out")
    assert code == 0 and out.startswith("in/a.wav -> ")
    advice = "needs PyAV; pip install 'aeolia[media]', or convert it"
    assert err.splitlines() == [
        f"aeolia: in/b.wma: skipped: .wma {advice}",
        f"aeolia: in/c.WEBM: skipped: .WEBM {advice}",
        "aeolia: 1 of 3 files denoised, 2 skipped",
    ]
    assert call("in", "-o", "other", "-q")[1:] == ("", "")
    files = json.loads(call("in", "-o", "third", "--json")[1])["files"]
    assert [file["input"] for file in files] == ["in/a.wav", "in/b.wma", "in/c.WEBM"]
    assert advice in files[1]["skipped"] and files[1]["error"] is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_what_would_be_waited_for_is_named(
    folder: Path, call: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("in").mkdir()
    soundfile.write("in/a.wav", noise(4000), 16000)
    os.mkfifo("in/b.wav")
    os.symlink(os.devnull, "in/c.flac")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir("in")  # the whole path may be too long for a socket
        listener.bind("d.mp3")
        monkeypatch.chdir("..")
        code, out, err = call("in", "-o", "out")
    assert code == 0 and out.startswith("in/a.wav -> ")
    assert err.splitlines() == [
        *(
            f"aeolia: in/{name}: skipped: a pipe, a socket or a device, not a file"
            for name in ("b.wav", "c.flac", "d.mp3")
        ),
        "aeolia: 1 of 4 files denoised, 3 skipped",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_residual_and_the_output_sum_to_the_input(
    folder: Path, call: Callable, jobs: str
) -> None:
    soundfile.write("short.flac", noise(777), 44100)
    arguments = ("talk.wav", "short.flac", "-o", "out", "--residual", "taken/out")
    code, out, err = call(*arguments, "--jobs", jobs)
    assert (code, err) == (0, "") and "talk.wav -> out/talk.wav, taken/out/talk.wav: " in out
    for name in ("talk.wav", "short.flac"):
        before, after, taken = (
            soundfile.read(path, dtype="int16")[0].astype(int)
            for path in (name, f"out/{name}", f"taken/out/{name}")
        )
        np.testing.assert_array_equal(after + taken, before)
        assert np.abs(taken).max() > 1000
    assert "2 skipped (2 already there)" in call(*arguments, "--skip-existing")[2]
    Path("taken/out/short.flac").unlink()
    assert "short.flac: already exists" in call(*arguments, "--skip-existing")[2]


def test_residuals_that_cannot_be(folder: Path, call: Callable) -> None:
    fails(call("talk.wav", "-o", "a.wav", "--residual", "./a.wav"), "name another residual")
    fails(call("talk.wav", "-o", "a.wav", "--residual", "-"), "name a file")
    fails(call("talk.wav", "-o", "a.wav", "--residual", "talk.wav"), "is the input itself")
    fails(call("talk.wav", "-o", "a.wav", "--residual", "b.xyz"), "tells no audio format")
    assert names(folder) == ["talk.wav"]


def test_a_page_to_compare(folder: Path, call: Callable) -> None:
    soundfile.write("long.wav", noise(25 * 8000), 8000)
    code, out, err = call("talk.wav", "long.wav", "-o", "out", "--compare", "see/page.html")
    assert (code, err) == (0, "") and out.endswith("see/page.html: a page to listen and compare\n")
    page = Path("see/page.html").read_text(encoding="utf-8")
    assert page.count("<audio") == page.count("<img") == 6
    assert page.count("<figcaption>taken out") == 2
    assert page.count("First 20 s.") == 1
    assert "http" not in page.replace("data:", "")
    fails(call("talk.wav", "-o", "a.wav", "--compare", "see/page.html"), "already exists")
    fails(call("talk.wav", "-o", "-", "--compare", "p.html"), "here is a pipe")
    fails(call("talk.wav", "-o", "a.wav", "--compare", "see"), "is a folder; name a file")
    assert not Path("a.wav").exists()
    again = call("talk.wav", "-o", "a.wav", "--compare", "see/page.html", "--overwrite", "-q")
    assert again == (0, "", "")


def test_json(folder: Path, call: Callable) -> None:
    code, out, err = call("talk.wav", "missing.wav", "-o", "out", "--json")
    assert code == 1
    good, bad = json.loads(out)["files"]
    assert good["output"] == "out/talk.wav" and good["frames"] == 16000 and good["error"] is None
    assert "no such file" in bad["error"]


def test_clipping_is_said(folder: Path, make_gain_model, capsys) -> None:
    soundfile.write("loud.wav", 0.7 * np.resize([1.0, -1.0], 500), 16000)
    assert run(["denoise", "loud.wav", "--model", str(make_gain_model(gain=2.0))]) == 0
    assert "; 500 samples clipped" in capsys.readouterr().out


def test_pipe_through(folder: Path, gain_model: Path) -> None:
    done = aeolia("denoise", "-", "--model", str(gain_model), input=Path("talk.wav").read_bytes())
    assert done.returncode == 0, done.stderr
    Path("piped.wav").write_bytes(done.stdout)
    before, _ = soundfile.read("talk.wav")
    after, rate = soundfile.read("piped.wav")
    assert rate == 16000
    np.testing.assert_allclose(after, 0.5 * before, atol=2e-5)


def test_an_interrupt_leaves_nothing(folder: Path, gain_model: Path) -> None:
    """Standard input that never ends keeps the work going until Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aeolia", "denoise", "-", "-o", "out.wav", "--model", gain_model],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(Path("talk.wav").read_bytes()[:40_000])
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while len(names(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [name for name in names(folder) if ".partial-" in name]
    process.send_signal(signal.SIGINT)
    message = process.stderr.read()
    assert process.wait(20) == 130
    assert message == b"aeolia: interrupted; no partial output was left\n"
    assert names(folder) == ["talk.wav"]
    process.stdin.close()


# Bad input: section by section


def test_missing_and_empty(folder: Path, call: Callable) -> None:
    fails(call("none.wav"), "none.wav: no such file")
    Path("empty.wav").touch()
    fails(call("empty.wav"), "empty (0 bytes)")
    Path("nothing").mkdir()
    fails(call("nothing", "-o", "out"), "a folder without audio files")
    assert names(folder) == ["empty.wav", "talk.wav"]


def test_text_and_truncation(folder: Path, call: Callable) -> None:
    Path("text.wav").write_text("Dear diary, " * 50)
    fails(call("text.wav"), "not a readable audio file")
    Path("cut.wav").write_bytes(Path("talk.wav").read_bytes()[:9000])
    fails(call("cut.wav"), "truncated")


@pytest.mark.parametrize(
    ("offset", "value", "match"),
    [(22, 0, "0 channels"), (24, 0, "sample rate is 0 Hz"), (24, 1, "sample rate is 1 Hz")],
)
def test_impossible_headers(
    folder: Path, call: Callable, offset: int, value: int, match: str
) -> None:
    content = bytearray(Path("talk.wav").read_bytes())
    width = 2 if offset == 22 else 4
    content[offset : offset + width] = value.to_bytes(width, "little")
    Path("odd.wav").write_bytes(content)
    fails(call("odd.wav"), match)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite(folder: Path, call: Callable, bad: float) -> None:
    audio = noise(90_000)
    audio[80_000] = bad
    soundfile.write("bad.wav", audio, 16000, "FLOAT")
    fails(call("bad.wav"), "bad.wav: sample 80000 of channel 0 (at 5.000 s) is")
    assert names(folder) == ["bad.wav", "talk.wav"]


def test_lengths_zero_and_one(folder: Path, call: Callable) -> None:
    soundfile.write("none.wav", noise(0), 16000)
    fails(call("none.wav"), "holds no audio (0 samples)")
    soundfile.write("one.wav", noise(1), 16000)
    assert call("one.wav")[0] == 0
    assert soundfile.info("one.denoised.wav").frames == 1


def test_outputs_that_cannot_be(folder: Path, call: Callable) -> None:
    fails(call("talk.wav", "-o", "talk.wav", "--overwrite"), "is the input itself")
    Path("out.wav").write_text("mine")
    fails(call("talk.wav", "-o", "out.wav"), "already exists; add --overwrite")
    assert Path("out.wav").read_text() == "mine"
    assert call("talk.wav", "-o", "out.wav", "--overwrite")[0] == 0
    fails(call("talk.wav", "-o", "talk.wav/out.wav"), "cannot be written")
    fails(call("talk.wav", "-o", "out.xyz"), "tells no audio format")
    soundfile.write("cd.wav", noise(4410), 44100)
    fails(call("cd.wav", "-o", "cd.opus"), "Opus cannot hold 44100 Hz")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_dual_mono(folder: Path) -> None:
    quiet = noise(16000, 2) * [1.0, 0.1]
    soundfile.write("pair.wav", quiet, 16000, "FLOAT")
    outputs = []
    for options in ([], ["--dual-mono"]):
        assert run(["denoise", "pair.wav", "-o", "out.wav", "--overwrite", *options]) == 0
        outputs.append(soundfile.read("out.wav")[0])
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-4
    soundfile.write("left.wav", quiet[:, 0], 16000, "FLOAT")
    assert run(["denoise", "left.wav", "-o", "out.wav", "--overwrite"]) == 0
    np.testing.assert_allclose(soundfile.read("out.wav")[0], outputs[1][:, 0], atol=1e-6)


def test_full_standard_output(folder: Path, gain_model: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aeolia", "denoise", "talk.wav", "-o", "-", "-m", gain_model],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 2
    assert b"standard output: cannot be written (No space left on device)" in done.stderr
    assert b"Traceback" not in done.stderr


def test_bad_models(folder: Path, capsys: pytest.CaptureFixture[str], make_gain_model) -> None:
    Path("broken.onnx").write_bytes(b"broken")
    variants = {
        "broken.onnx": "not a readable ONNX model",
        "none.onnx": "no such model file",
        "no-such-name": "no model is named 'no-such-name'",
        str(make_gain_model(metadata={"aeolia_format": "9"})): "release format '9'",
        str(make_gain_model(metadata={"aeolia_config": '{"task": "separate"}'})): "'separate'",
    }
    for model, match in variants.items():
        code = run(["denoise", "talk.wav", "--model", model])
        captured = capsys.readouterr()
        fails((code, captured.out, captured.err), match)
    assert names(folder) == ["broken.onnx", "talk.wav"]


def test_bad_options(folder: Path, call: Callable) -> None:
    fails(call("talk.wav", "-a", "-3"), "attenuation_limit_db is -3.0")
    fails(call("talk.wav", "-o", "-", "--json"), "use -o FILE")
    fails(call("-", "talk.wav"), "with other inputs")
    code, _, err = call("talk.wav", "--jbos", "2")
    assert code == 2 and "--jbos" in err and "Traceback" not in err
