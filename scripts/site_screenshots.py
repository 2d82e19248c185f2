"""Pictures of the documentation site: six that are kept, or every page for somebody to look at.

    PYTHONPATH=tests .venv/bin/python scripts/site_screenshots.py SITE [--all FOLDER]

SITE is what scripts/docs built. A Chromium is needed (see tests/made/browser.py). With --all, every
page comes whole in both widths, and what is wider than a telephone or did not load is named.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from made import browser
from made.browser import Browser, find_browser
from made.site import serving

KEPT = Path(__file__).resolve().parents[1] / "handbook" / "screenshots"
#: Width and height in pixels of the page.
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SIX = (
    ("home.en", "", "desktop"),
    ("dae.zh", "zh/learn/dae/", "desktop"),
    ("api.en", "reference/api/", "desktop"),
    ("home.zh", "zh/", "phone"),
    ("cae.en", "learn/cae/", "phone"),
    ("vae.zh", "zh/learn/vae/", "phone"),
)
QUALITY = 60
#: Longer pages are cut: Chromium draws no more.
MOST_HEIGHT = 12000
WRONG = """[
  document.documentElement.scrollWidth > innerWidth ? 'it is wider than the screen' : '',
  ...[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src),
].filter(Boolean)"""
# A machine may be busy.
browser._PATIENCE_SECONDS = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    program = find_browser()
    if program is None:
        sys.exit("no Chromium is installed: name one in AEOLIA_TEST_BROWSER")
    folder = arguments.all or KEPT
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, serving(arguments.site) as address:
        page = Browser(program, Path(profile))
        try:
            for name, where, size in every(arguments.site) if arguments.all else SIX:
                show(page, f"{address}/{where}", size)
                if wrong := page.value(WRONG):
                    print(f"{where} on a {size}: {', '.join(wrong)}")
                picture = take(page, size, whole=arguments.all is not None)
                (folder / f"{name}.{size}.webp").write_bytes(picture)
        finally:
            page.close()


def every(site: Path) -> Iterator[tuple[str, str, str]]:
    """Name, address and size for every page."""
    for path in sorted(site.rglob("index.html")):
        where = path.parent.relative_to(site).as_posix()
        where = "" if where == "." else f"{where}/"
        for size in SIZES:
            yield where.strip("/").replace("/", "-") or "home", where, size


def show(page: Browser, address: str, size: str) -> None:
    """Open a page in this size."""
    width, height = SIZES[size]
    page.command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    page.visit(address)
    page.value("new Promise(done => setTimeout(() => done(1), 300))")


def take(page: Browser, size: str, *, whole: bool) -> bytes:
    """What is seen, or all of it, as WebP."""
    options = {"format": "webp", "quality": QUALITY}
    if whole:
        height = min(page.value("document.documentElement.scrollHeight"), MOST_HEIGHT)
        clip = {"x": 0, "y": 0, "width": SIZES[size][0], "height": height, "scale": 0.5}
        options |= {"clip": clip, "captureBeyondViewport": True}
    return base64.b64decode(page.command("Page.captureScreenshot", **options)["data"])


if __name__ == "__main__":
    main()
