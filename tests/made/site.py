"""The browser module, built and served as any static host would."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NODE", "built_site", "serving", "why_not"]

_SOURCE = Path(__file__).parents[2] / "browser"
NODE = shutil.which("node")


def why_not() -> str:
    """What a build lacks on this machine; "" for nothing."""
    if NODE is None:
        return "no node is installed"
    if not (_SOURCE / "node_modules" / "onnxruntime-web").is_dir():
        return "ONNX Runtime Web is not there: npm ci in browser/"
    return ""


def built_site(folder: Path) -> Path:
    """What `npm run build` makes, in a new folder inside this one."""
    site = folder / "site"
    assert NODE is not None
    subprocess.run(
        [NODE, str(_SOURCE / "build.js"), str(site)],
        check=True,
        capture_output=True,
        text=True,
    )
    return site


class _Quiet(http.server.SimpleHTTPRequestHandler):
    # What Windows' registry may say of them otherwise.
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a plain server of files."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
