"""Operations that end their process, or take their time, at files called so."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from aeolia import Denoise, FileReport
from aeolia.api.recordings import Progress

__all__ = ["Deadly"]


@dataclass(frozen=True)
class Deadly(Denoise):
    """A denoiser whose process is killed at files with "deadly" in their names.

    With "once" in the name too, the first time only; "slow" ones take a second.
    """

    name = "deadly"

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> FileReport:
        if "slow" in source:
            time.sleep(1.0)
        if "deadly" in source:
            mark = Path(f"{source}.killed")
            first = not mark.exists()
            mark.touch()
            if first or "once" not in source:
                os.kill(os.getpid(), signal.SIGKILL)
        settings = {**vars(self)}
        from aeolia.api.denoising import denoise_file

        return denoise_file(source, target, **settings, overwrite=overwrite, progress=progress)
