"""The wheel holds all of the package, the embedded models included, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
_WITHOUT_PATH = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
SHIPPED_SUFFIXES = {
    ".py",
    ".typed",
    ".onnx",
    ".safetensors",
    ".md",
    ".html",
    ".css",
    ".js",
    ".svg",
    ".json",
    ".c",
    ".h",
    ".mk",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install -e '.[dev]'")
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_is_installed_and_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """From a folder of its own, and with nothing of this tree on the path."""
    pytest.importorskip("pip")
    assert wheel.filename is not None
    assert Path(wheel.filename).stat().st_size < 60e6
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", "here"]
    subprocess.run([sys.executable, *install, wheel.filename], cwd=tmp_path, check=True)
    clip = ROOT / "examples" / "cafe.noisy.wav"
    code = f"import sys; sys.path.insert(0, 'here'); sys.argv[1:] = ['denoise', {str(clip)!r}, "
    code += "'-o', 'out.wav']; import aeolia; assert 'here' in aeolia.__file__; "
    code += "from aeolia.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_WITHOUT_PATH,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.wav").stat().st_size == clip.stat().st_size


def test_the_source_distribution_makes_the_same_wheel(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    build = f"from hatchling.build import build_sdist; build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    source = path.with_name(path.name.removesuffix(".tar.gz"))
    assert {"docs", "benchmarks", "handbook", "tests", "examples"} <= {
        found.name for found in source.iterdir()
    }
    build = f"from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, stdout=subprocess.DEVNULL)
    (again,) = tmp_path.glob("*.whl")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(wheel.namelist())


def test_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    expected = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "aeolia").rglob("*")
        if (path.suffix in SHIPPED_SUFFIXES or path.name == "SHA256SUMS")
        and ".partial-" not in path.name
    }
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == expected
    assert "aeolia/py.typed" in shipped


def test_wheel_names_licence_python_and_command(wheel: zipfile.ZipFile) -> None:
    text = {
        name.split("/", 1)[1]: wheel.read(name).decode()
        for name in wheel.namelist()
        if ".dist-info/" in name
    }
    assert "Requires-Python: >=3.10" in text["METADATA"]
    assert re.search(r"^License(-Expression)?: Apache-2.0$", text["METADATA"], re.MULTILINE)
    assert "aeolia = aeolia.__main__:main" in text["entry_points.txt"]
    assert any("Apache License" in body for name, body in text.items() if "LICENSE" in name)


def test_plain_install_brings_no_training_package(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    requires = re.findall(r"^Requires-Dist: (.*)$", wheel.read(name).decode(), re.MULTILINE)
    plain = {re.match(r"[\w-]+", line)[0] for line in requires if "extra ==" not in line}
    assert plain == {"numpy", "onnxruntime", "soundfile", "soxr", "typer", "rich"}
    assert not any("==" in line.split(";")[0] for line in requires), "requirements are ranges"


def test_embedded_models_are_small_and_complete() -> None:
    released = SOURCE / "aeolia" / "released"
    names = sorted(path.stem for path in released.glob("*.onnx") if "." not in path.stem)
    # With the parts of a model, such as separate-speaker.voice.onnx.
    sizes = {
        name: sum(
            part.stat().st_size
            for part in released.glob("*.onnx")
            if part.name.split(".")[0] == name
        )
        for name in names
    }
    assert max(sizes.values()) <= 6e6
    # Two that are causal, and two for files.
    assert sum(size for name, size in sizes.items() if name.startswith("denoise")) < 12e6
    for name in names:
        assert (released / f"{name}.safetensors").exists(), f"{name} cannot be fine-tuned"
    # With those that have another's weights.
    for name in (*names, *(path.stem for path in released.glob("*.json"))):
        assert (released / f"{name}.md").exists(), f"{name} has no card"
