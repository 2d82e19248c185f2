"""`python -m aeolia`."""

from __future__ import annotations

from aeolia.cli import main

if __name__ == "__main__":
    main()
