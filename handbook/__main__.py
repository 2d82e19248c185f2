"""python -m handbook: build the site, or look at it while writing."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from handbook import figures, lessons, pages, search

BUILD = pages.ROOT / "build" / "handbook"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m handbook", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=BUILD / "site", help="folder of the site")
    parser.add_argument(
        "--no-sounds", action="store_true", help="leave the gallery's players empty"
    )
    parser.add_argument("--serve", action="store_true", help="then show it at localhost:8000")
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="RUNS",
        help="draw the tutorials' pictures anew, of the runs that their commands left there",
    )
    parser.add_argument(
        "--lessons",
        nargs="+",
        metavar=("RUNS", "LESSON"),
        help="run the tutorials' commands in the folder RUNS, and draw their pictures",
    )
    arguments = parser.parse_args()
    if arguments.lessons:
        runs, *names = arguments.lessons
        lessons.run(Path(runs), names or list(lessons.LESSONS))
        arguments.figures = Path(runs)
    if arguments.figures:
        figures.draw(arguments.figures, pages.ROOT / "docs" / "learn")
        return
    if missing := pages.untranslated():
        sys.exit("\n".join(missing))
    for name in pages.without_a_place():
        print(f"{name} has no place in the navigation of mkdocs.yml: it is left out")
    pages.gather(BUILD / "docs", sounds=not arguments.no_sounds)
    # Not --quiet: what it does not say, --strict does not count.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "-d", str(arguments.out.resolve())],
        cwd=pages.ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    if done.returncode:
        sys.exit(done.returncode)
    search.split(arguments.out)
    print(f"{arguments.out}/index.html")
    if arguments.serve:
        serve = [sys.executable, "-m", "http.server", "8000", "--bind", "127.0.0.1"]
        subprocess.run([*serve, "-d", str(arguments.out)])


if __name__ == "__main__":
    main()
