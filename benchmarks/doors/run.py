"""doors.md: our denoisers in other programs, beside what those programs have otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aeolia.errors import AeoliaError
from aeolia.evaluation.tables import markdown
from benchmarks import RESULTS
from benchmarks.doors import in_browser, native
from benchmarks.results import Results, provenance

__all__ = ["measure", "page"]

#: Where the quality of the models is taken from: the same clips for all.
_SCORES = RESULTS / "denoise.json"
_SET = "mixtures"
_METRICS = {"pesq_wb": "PESQ-WB", "estoi": "ESTOI", "si_sdr": "SI-SDR dB"}
#: Door -> title and what its bytes are.
_DOORS = {
    "browser": (
        "In a web page",
        "Bytes are all that a page fetches, with gzip: scripts, WebAssembly and one model; of "
        "FastEnhancer its WebAssembly with SIMD and weights, without the scripts of "
        "fastenhancer-web around them. A hop is timed on the page's own thread in turns of 20, "
        "95 % is of the turns' means.",
    ),
    "C": (
        "As a library in C",
        "Ours: `aeolia export --for c`, with -O3 -march=native as FastEnhancer; RNNoise as its "
        "package has it. Bytes are the library with the weights. The LADSPA plug-in is this "
        "library.",
    ),
    "sherpa-onnx": (
        "In sherpa-onnx",
        "Through `OnlineSpeechDenoiser` of the Python package on one thread. GTCRN is the file "
        "that sherpa-onnx is made for, with the metadata that its own script writes. Bytes are "
        "the model's file; sherpa-onnx itself comes on top.",
    ),
    "Python": ("In Python", "`aeolia.Stream` on ONNX Runtime with one thread, for comparison."),
}


def measure(peers: Path | None, hops: int, *, browser: bool, cache: Path) -> Results:
    """Sizes and times of every door; quality from the results of `denoise`."""
    rows, missing = native.measure(peers, hops, cache / "doors")
    product = ""
    if browser:
        in_page, absent, product = in_browser.measure(peers, hops)
        rows = [*({"door": "browser", **row} for row in in_page), *rows]
        missing += absent
    quality, note = _quality([row["model"] for row in rows if row["ours"]])
    details = {
        "rows": rows,
        "missing": sorted(set(missing)),
        "browser": product,
        "quality": quality,
        "quality_note": note,
    }
    return Results("doors", provenance(), details=details)


def _quality(ours: list[str]) -> tuple[dict[str, dict[str, float]], str]:
    """System -> means over the mixtures, and what they are."""
    from benchmarks.denoise.quality import our_system

    try:
        kept = Results.read(_SCORES)
    except AeoliaError as error:
        return {}, f"Quality is not given: {error}."
    keys = {entry.name: entry.key for entry in kept.systems}
    stale = {name for name in set(ours) if our_system(name).entry.key != keys.get(name)}
    quality = {
        name: {metric: float(np.nanmean(kept.values(_SET, name, metric))) for metric in _METRICS}
        for name in kept.scores[_SET]
        if name not in stale
    }
    note = (
        f"Quality is that of the model over the {len(kept.sets[_SET].clips)} mixtures of "
        f"[RESULTS.md](RESULTS.md) (measured {kept.made['date']}), whatever program runs it; of "
        "weights in 8 bits see [docs/browser.md](../docs/browser.md)."
    )
    if stale:
        names = ", ".join(sorted(stale))
        note += f" {names} changed since those were measured, and so have none here."
    return quality, note


def page(results: Results) -> str:
    """The page as Markdown."""
    details = results.details
    made = "; ".join(f"{name}: {value}" for name, value in results.made.items())
    product = f"; {details['browser']}" if details["browser"] else ""
    lines = [
        "# Doors: our denoisers in other programs",
        "",
        "What [docs/browser.md](../docs/browser.md), [docs/c.md](../docs/c.md) and "
        "[docs/sherpa.md](../docs/sherpa.md) lead to, beside what those programs have otherwise. "
        "Ours are in bold. The load is the share of a hop's time on one core; 1 / load is how many "
        "times as fast as it sounds.",
        "",
    ]
    for door, (title, note) in _DOORS.items():
        rows = [row for row in details["rows"] if row["door"] == door]
        if rows:
            lines += [f"## {title}", "", _table(rows, details["quality"]), note, ""]
    lines += [details["quality_note"], ""]
    if details["missing"]:
        lines += [f"Not measured: {'; '.join(details['missing'])}.", ""]
    lines.append(f"Made by `python -m benchmarks doors --peers DIR`; {made}{product}.")
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]], quality: dict[str, dict[str, float]]) -> str:
    columns = ["system", "kB", "hop, ms", "a hop takes, ms", "95 %", "load", *_METRICS.values()]
    cells = []
    for row in rows:
        scores = quality.get(row["model"], {}) if not row["system"].endswith("-8bit") else {}
        cells.append(
            [
                f"**{row['system']}**" if row["ours"] else row["system"],
                f"{row.get('gzip_bytes', row['bytes']) / 1e3:.0f}",
                f"{row['hop_ms']:.1f}",
                f"{row['median_ms']:.2f}",
                f"{row['p95_ms']:.2f}",
                f"{100 * row['median_ms'] / row['hop_ms']:.1f} %",
                *(
                    f"{scores[metric]:.{3 if metric == 'estoi' else 2}f}" if scores else ""
                    for metric in _METRICS
                ),
            ]
        )
    return markdown(columns, cells)
