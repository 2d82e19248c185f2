"""Denoisers in a web page: what a visitor fetches, and the time of a hop in headless Chromium."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import DataError
from benchmarks import ROOT
from benchmarks.measure.chromium import browser_version, opened, serving

__all__ = ["measure"]

_BUILT = ROOT / "browser" / "dist"
_HERE = Path(__file__).parent
#: Our models in the browser, and the released model that each is.
OURS = {
    "denoise-16k-8bit": "denoise-16k",
    "denoise-8bit": "denoise",
    "denoise-16k": "denoise-16k",
    "denoise": "denoise",
}
#: Of fastenhancer-web: its name, and the size as `fe_init` counts it.
_THEIRS = {"tiny": ("FastEnhancer-T 48 kHz", 0), "base": ("FastEnhancer-B 48 kHz", 1)}
_THEIRS["small"] = ("FastEnhancer-S 48 kHz", 2)
#: Hops that one runs before it is the other's turn, and turns until all is compiled well.
_TURN, _WARM_UP = 20, 5


def measure(peers: Path | None, hops: int) -> tuple[list[dict[str, Any]], list[str], str]:
    """A row a system, lines on what is missing, and the browser.

    Raises:
        DataError: the browser module is not built.
    """
    if not (_BUILT / "aeolia.js").is_file():
        raise DataError("browser/dist is not built; run: cd browser && npm ci && npm run build")
    found, missing = _fastenhancer(peers)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        shutil.copytree(_BUILT, site / "aeolia")
        for name in ("hops.html", "hops.js"):
            shutil.copy(_HERE / name, site)
        systems: dict[str, Any] = {name: f"aeolia/models/{name}.onnx" for name in OURS}
        sizes = {name: _our_files(name) for name in OURS}
        for name, (number, files) in found.items():
            for file in files:
                shutil.copy(file, site)
            wasm, names, weights = (file.name for file in files)
            systems[name] = {"wasm": wasm, "names": names, "weights": weights, "size": number}
            sizes[name] = [files[0], files[2]]
        with serving(site) as address, opened() as browser:
            browser.visit(f"{address}/hops.html")
            browser.wait("globalThis.ready === true")
            rates = browser.value(f"begin({json.dumps(systems)})")
            times = {name: {**rates[name], "ms": [], "loudest": 0.0} for name in systems}
            browser.command("Performance.enable")
            for turn in range(-_WARM_UP, -(-hops // _TURN)):
                for name, one in times.items():
                    ms, loudest = _turn(browser, name)
                    one["loudest"] = max(one["loudest"], loudest)
                    if turn >= 0:
                        one["ms"].append(ms)
            version = browser_version(browser)
    rows = [_row(name, times[name], sizes[name]) for name in systems]
    return rows, missing, version


def _turn(browser: Any, name: str) -> tuple[float, float]:
    """Milliseconds of a hop, of the page's thread on a processor; and the loudest sample."""
    began = _thread_seconds(browser)
    loudest = float(browser.value(f"turn({json.dumps(name)}, {_TURN})"))
    return 1000 * (_thread_seconds(browser) - began) / _TURN, loudest


def _thread_seconds(browser: Any) -> float:
    metrics = browser.command("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ThreadTime"))


def _row(name: str, times: dict[str, Any], files: list[Path]) -> dict[str, Any]:
    if not times["loudest"] > 0:
        raise DataError(f"{name}: silent in the browser")
    return {
        "system": name,
        "model": OURS.get(name, name),
        "ours": name in OURS,
        "hop_ms": 1000 * times["hop"] / times["rate"],
        "median_ms": float(np.median(times["ms"])),
        "p95_ms": float(np.percentile(times["ms"], 95)),
        "bytes": sum(file.stat().st_size for file in files),
        "gzip_bytes": sum(len(gzip.compress(file.read_bytes(), 9)) for file in files),
    }


def _our_files(name: str) -> list[Path]:
    """All that a page with this model fetches."""
    scripts = [_BUILT / f"{one}.js" for one in _SCRIPTS]
    runtime = [file for file in (_BUILT / "ort").iterdir() if file.suffix in (".wasm", ".mjs")]
    return [*scripts, *runtime, _BUILT / "models" / f"{name}.onnx"]


_SCRIPTS = ("aeolia", "conditioning", "model", "stream", "worker", "worklet")


def _fastenhancer(
    peers: Path | None,
) -> tuple[dict[str, tuple[int, list[Path]]], list[str]]:
    found: dict[str, tuple[int, list[Path]]] = {}
    missing = []
    for size, (name, number) in _THEIRS.items():
        files = [
            f"fastenhancer-{size}-simd.wasm",
            f"fastenhancer-{size}-simd-exports.json",
            f"fe_{size}_48k.bin",
        ]
        paths = [(peers or Path()) / "fastenhancer" / file for file in files]
        if peers is None or not all(path.is_file() for path in paths):
            missing.append(f"{name} in a page: {', '.join(files)} not among the peers")
        else:
            found[name] = number, paths
    return found, missing
