"""What we publish about our models: quality, speed and memory, beside peers and baselines.

python -m benchmarks --help
"""

from pathlib import Path

import aeolia  # noqa: F401  # before ONNX Runtime, whose telemetry it turns off

__all__ = ["PAGES", "RESULTS", "ROOT", "say"]

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]
#: Where the pages of results lie, and the files that they are made from.
PAGES = ROOT / "benchmarks"
RESULTS = PAGES / "results"


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)
