"""`aeolia` and `python -m aeolia`."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the command `aeolia`."""
    try:
        from aeolia.cli import main as command_line

        command_line()
    except KeyboardInterrupt:  # while modules load, when the command line cannot say so itself
        print("aeolia: interrupted; no partial output was left", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
