"""The programs that docs/use/programs.md shows in other languages give what Aeolia gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile

import aeolia
from aeolia.api.models import copy_released
from handbook.pages import ROOT

PAGE = (ROOT / "docs/use/programs.md").read_text("utf-8")
#: Around the programs: bare samples in, bare samples out, in blocks of one hop and of five.
MAIN = {
    "js": """
import fs from "node:fs";
const noisy = new Float32Array(new Uint8Array(fs.readFileSync("noisy")).buffer);
const found = fs.createWriteStream("found");
for (let at = 0, hops = 1; at < noisy.length; at += 256 * hops, hops = 6 - hops) {
  const made = await step(noisy.slice(at, at + 256 * hops));
  found.write(new Uint8Array(made.slice().buffer));
}
found.end();
""",
    "cpp": """
#include <cstdio>
int main() {
  Denoiser denoiser("denoise-16k.onnx");
  FILE *noisy = fopen("noisy", "rb"), *found = fopen("found", "wb");
  for (size_t hops = 1;; hops = 6 - hops) {
    std::vector<float> block(256 * hops);
    if (fread(block.data(), sizeof(float), block.size(), noisy) < block.size()) break;
    auto output = denoiser.step(block);
    fwrite(output.data(), sizeof(float), output.size(), found);
  }
  return fclose(found);
}
""",
}


def program(language: str) -> str:
    """The page's only program of a language, with what feeds it."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return code + MAIN[language]


@pytest.fixture
def expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The samples of `found`, and a folder to work in with the model and the samples of `noisy`."""
    monkeypatch.chdir(tmp_path)
    copy_released("denoise-16k", Path("denoise-16k.onnx"))
    noisy, rate = soundfile.read(ROOT / "examples/cafe.noisy.wav", dtype="float32")
    noisy = noisy[: 60 * 256]
    noisy.tofile("noisy")
    denoised = aeolia.denoise(noisy, rate, model="denoise-16k")
    assert np.abs(denoised - noisy).max() > 0.01
    return denoised


def compare(expected: np.ndarray) -> None:
    found = np.fromfile("found", np.float32)
    assert found.shape == expected.shape
    assert np.abs(found[256:] - expected[:-256]).max() < 1e-4


def test_javascript(expected: np.ndarray) -> None:
    """With `onnxruntime-node` where it is installed, else with `onnxruntime-web` under its name."""
    installed = ROOT / "browser/node_modules"
    package = next(
        (path for name in ("node", "web") if (path := installed / f"onnxruntime-{name}").is_dir()),
        None,
    )
    if shutil.which("node") is None or package is None:
        pytest.skip("no node, or no ONNX Runtime for it: npm ci in browser/")
    Path("node_modules").mkdir()
    Path("node_modules/onnxruntime-node").symlink_to(package)
    Path("program.mjs").write_text(program("js"))
    done = subprocess.run(["node", "program.mjs"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    compare(expected)


def test_cpp(expected: np.ndarray) -> None:
    """With the library inside the Python package of ONNX Runtime, which comes without headers."""
    places = (ROOT / "build/onnxruntime", Path("/usr/include/onnxruntime"))
    headers = next((path for path in places if (path / "onnxruntime_cxx_api.h").exists()), None)
    compiler = shutil.which("g++") or shutil.which("clang++")
    libraries = sorted((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
    if headers is None or compiler is None or not libraries:
        pytest.skip("no C++ compiler, or no headers of ONNX Runtime: scripts/onnxruntime_headers")
    # Under the name that its own header of ELF gives it.
    Path("libonnxruntime.so.1").symlink_to(libraries[0])
    Path("main.cpp").write_text(program("cpp"))
    command = [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-isystem", str(headers)]
    command += ["main.cpp", "./libonnxruntime.so.1", "-o", "program"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "LD_LIBRARY_PATH": ".", "ORT_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        ["./program"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    compare(expected)
