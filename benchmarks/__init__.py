"""What we publish about our models: quality, speed and memory, beside peers and baselines.

python -m benchmarks --help
"""

import os
from pathlib import Path

__all__ = ["PAGES", "RESULTS", "ROOT", "cache_folder", "say"]

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]
#: Where the pages of results lie, and the files that they are made from.
PAGES = ROOT / "benchmarks"
RESULTS = PAGES / "results"


def cache_folder() -> Path:
    """Where measurements are kept that need not be made again."""
    return Path(os.environ.get("AEOLIA_CACHE") or Path.home() / ".cache" / "aeolia") / "benchmarks"


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)
