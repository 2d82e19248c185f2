"""Pages of results, from what `python -m benchmarks` left in benchmarks/."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["HOMES", "denoise", "summary", "written"]

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

#: Files of the repository that have a place on the site.
HOMES = {
    "README.md": "index.md",
    "README.zh.md": "index.zh.md",
    "benchmarks/README.md": "trust.md",
    "benchmarks/RESULTS.md": "results/denoise.md",
    "benchmarks/SEPARATION.md": "results/separate.md",
    "benchmarks/SYNTHESIS.md": "results/synth.md",
    "benchmarks/scores.md": "results/scores.md",
    "benchmarks/ablations.md": "results/ablations.md",
    "benchmarks/tuning.md": "results/tuning.md",
    "benchmarks/voices.md": "results/voices.md",
    "benchmarks/reshaping.md": "results/reshaping.md",
    "benchmarks/failures.md": "results/failures.md",
}
_COLUMNS = (("pesq_wb", "PESQ-WB", 2), ("estoi", "ESTOI", 3), ("si_sdr", "SI-SDR dB", 2))


def denoise(language: str) -> str:
    """The denoisers' page, written anew from results/denoise.json."""
    from benchmarks.denoise.report import page
    from benchmarks.results import Results

    return _tidied(page(Results.read(BENCHMARKS / "results" / "denoise.json")))


def summary(language: str) -> str:
    """The denoisers beside others on the mixtures: means with 95 % intervals."""
    from aeolia.evaluation.statistics import mean_interval
    from benchmarks.results import Results

    results = Results.read(BENCHMARKS / "results" / "denoise.json")
    clips = len(results.sets["mixtures"].clips)
    system = "系统" if language == "zh" else "system"
    lines = [f"| {system} | " + " | ".join(title for _, title, _ in _COLUMNS) + " |"]
    lines.append("|---" + "|---:" * len(_COLUMNS) + "|")
    for entry in results.systems:
        if not results.has("mixtures", entry.name):
            continue
        cells = []
        for metric, _, digits in _COLUMNS:
            found = mean_interval(results.values("mixtures", entry.name, metric))
            cells.append(f"{found.mean:.{digits}f} ± {found.half_width:.{digits}f}")
        name = f"**{entry.name}**" if entry.ours else entry.name
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    made = results.made
    lines.append(f"\nN = {clips}; {made['date']}; {made['source']}; {made['machine']}.")
    return "\n".join(lines)


def written(name: str) -> Callable[[str], str]:
    """A page of benchmarks/ as it was written there."""

    def put(language: str) -> str:
        return _tidied((BENCHMARKS / name).read_text("utf-8"))

    return put


def _tidied(text: str) -> str:
    """A page under a heading of the site, and its links to where they lead there."""
    text = re.sub(r"^#", "##", text, flags=re.MULTILINE)
    parts = re.split(r"(`+.*?`+)", text, flags=re.DOTALL)
    parts[::2] = [part.replace("__", r"\_\_") for part in parts[::2]]  # __init__ is not bold
    text = "".join(parts)

    def link(found: re.Match[str]) -> str:
        path = (BENCHMARKS / found[2].split("#")[0]).resolve()
        home = HOMES.get(path.relative_to(BENCHMARKS.parent).as_posix())
        return f"[{found[1]}](../{home})" if home else found[1]

    return re.sub(r"\[([^\]]*)\]\((?![a-z]+:|#)([^)]+)\)", link, text)
