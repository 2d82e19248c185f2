"""Nothing leaves the machine: no telemetry is begun by anything that loads ONNX Runtime."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Ways to ONNX Runtime, each in a process of its own; `path` is a model file.
WAYS = {
    "runtime": "from aeolia.runtime.session import open_session; open_session(Path(path))",
    "pitch tracker": "from aeolia.audio.pitch.tracker import _tracker; _tracker()",
    "workshop": "from aeolia.models.export.step import open_graph; open_graph(b''.join([data]))",
    "benchmarks": "from benchmarks.peers.peer import onnx_session; onnx_session(Path(path))",
    "evaluation": "from aeolia.evaluation.systems import load_system; load_system(path)",
}
#: What a process says at its end: its threads, and that it came so far.
REPORT = "print('threads', len(os.listdir('/proc/self/task')) if os.path.isdir('/proc') else 0)"


def lived(code: str, home: Path, path: Path, *before: str, **variables: str) -> int:
    """Run `code` in a new process with an empty home; returns how many threads it ended with."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "ORT_DISABLE_TELEMETRY" and not name.startswith("XDG_")
    }
    source = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    home.mkdir()
    start = (
        f"import os; from pathlib import Path; path = {str(path)!r}; data = open(path, 'rb').read()"
    )
    done = subprocess.run(
        [*before, sys.executable, "-c", "\n".join([start, code, REPORT])],
        env={
            **environment,
            "HOME": str(home),
            "USERPROFILE": str(home),
            "PYTHONPATH": source,
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def files(home: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("way", WAYS)
def test_loading_onnx_runtime_leaves_no_file(way: str, tmp_path: Path, gain_model: Path) -> None:
    if way == "pitch tracker":
        pytest.importorskip("swift_f0")
    if way == "workshop":
        pytest.importorskip("torch")
    lived(WAYS[way], tmp_path / "home", gain_model)
    assert files(tmp_path / "home") == []


def test_left_alone_it_would_leave_some(tmp_path: Path, gain_model: Path) -> None:
    """The control of the test above, for versions of ONNX Runtime that have telemetry."""
    import onnxruntime

    if tuple(int(part) for part in onnxruntime.__version__.split(".")[:2]) < (1, 29):
        pytest.skip("this ONNX Runtime has no telemetry")
    alone = lived("import onnxruntime", tmp_path / "alone", gain_model)
    if not files(tmp_path / "alone"):
        # Builds differ, and so do machines: where it leaves nothing by itself, there is no control.
        pytest.skip("ONNX Runtime leaves nothing here even when it is left alone")
    # What would send has threads of its own, and they look up the server after about ten seconds.
    off = lived("import aeolia, onnxruntime", tmp_path / "off", gain_model)
    assert off < alone or not off


def test_a_users_own_setting_stays(tmp_path: Path, gain_model: Path) -> None:
    check = "import aeolia; assert os.environ['ORT_DISABLE_TELEMETRY'] == '0'"
    lived(check, tmp_path / "home", gain_model, ORT_DISABLE_TELEMETRY="0")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_network_call(tmp_path: Path, gain_model: Path) -> None:
    log = tmp_path / "calls.txt"
    code = (
        "import numpy, aeolia, time; model = aeolia.load(path)\n"
        "aeolia.denoise(numpy.zeros(16000), 16000, model=path); time.sleep(0.5)"
    )
    trace = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    try:
        lived(code, tmp_path / "home", gain_model, *trace)
    except AssertionError as error:
        if "ptrace" in str(error).lower():  # such as inside a container
            pytest.skip("strace may not trace here")
        raise
    assert not re.findall(r"(?:connect|sendto|sendmsg|AF_INET6?)\b.*", log.read_text())


def test_every_file_that_loads_onnx_runtime_has_the_package_before(tmp_path: Path) -> None:
    """A module that imports onnxruntime lies in `aeolia`, or in `benchmarks`, which imports it."""
    here = {
        path.relative_to(ROOT).parts[:2]
        for folder in ("src", "benchmarks", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(
            r"^\s*(?:import|from) (?:onnxruntime|swift_f0)", path.read_text(), re.MULTILINE
        )
    }
    assert {parts[0] if parts[0] != "src" else "/".join(parts) for parts in here} <= {
        "src/aeolia",
        "benchmarks",
    }
    assert "import aeolia" in (ROOT / "benchmarks" / "__init__.py").read_text()
