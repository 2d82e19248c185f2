"""What we publish about our models: quality, speed and memory, beside peers and baselines."""

from pathlib import Path

__all__ = ["PAGES", "ROOT"]

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]
#: Where the pages of results lie.
PAGES = ROOT / "benchmarks"
