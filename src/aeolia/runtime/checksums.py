"""The files of the released models as they were released: a table of their SHA-256.

`sha256sum` writes and checks it; in `src/aeolia/released`:

    sha256sum *.onnx *.safetensors > SHA256SUMS
    sha256sum --check SHA256SUMS
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from pathlib import Path

from aeolia.errors import ModelError

__all__ = ["CHECKSUMS", "check_as_released", "released_folder"]

#: The table's name, beside the files.
CHECKSUMS = "SHA256SUMS"


def released_folder() -> Path:
    """Where the models that came with the package lie."""
    # The package is installed unpacked (wheels always are), so this is a real folder.
    return Path(str(resources.files("aeolia"))) / "released"


@lru_cache(maxsize=1)
def _checksums() -> dict[str, str]:
    """Name of a released file -> its SHA-256; empty where the table is missing."""
    try:
        text = (released_folder() / CHECKSUMS).read_text(encoding="utf-8")
    except OSError:
        return {}
    rows = (line.split() for line in text.splitlines())
    return {row[1]: row[0] for row in rows if len(row) == 2}


def check_as_released(path: Path, data: bytes | None = None) -> None:
    """Refuse a file of the package that is not as it was released; files elsewhere pass.

    Args:
        data: its bytes, where they were read already.

    Raises:
        ModelError: its bytes are not those of the table.
    """
    if path.parent != released_folder():
        return
    data = path.read_bytes() if data is None else data
    expected = _checksums().get(path.name)
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(
            f"{path}: damaged: not the file that was released (its SHA-256 differs from "
            f"{CHECKSUMS}'s); install Aeolia again, such as with "
            f"`pip install --force-reinstall aeolia`"
        )
