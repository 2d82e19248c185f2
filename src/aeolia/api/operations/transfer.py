"""Transfer as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aeolia.api.instruments import NOTES_MODEL, open_synthesiser
from aeolia.api.operations.operation import Filter
from aeolia.api.recordings import Progress
from aeolia.api.reports.sounds import TransferReport
from aeolia.api.transfer import transfer_file
from aeolia.config.ranges import Between
from aeolia.runtime.synth.transfer.tuning import MOST_TRANSPOSED

__all__ = ["Transfer"]


@dataclass(frozen=True)
class Transfer(Filter[TransferReport]):
    """Let another instrument play a monophonic recording: `transfer_file` as a value.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> print(aeolia.Transfer("cello", transpose=-24).run("flute.wav", "cello.wav"))
    flute.wav -> cello.wav: cello, 1.0 s in ... s (... x real time)
    """

    name = "transfer"

    #: An instrument that the model has.
    to: str
    #: Semitones added to the pitch.
    transpose: Annotated[float, Between(-MOST_TRANSPOSED, MOST_TRANSPOSED)] = 0.0
    #: Hold every pitch at its nearest semitone.
    snap: bool = False
    #: A released model's name, or a model file.
    model: str = NOTES_MODEL

    def check(self) -> None:
        """Open the model, and look for the instrument.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        open_synthesiser(self.model).instrument(self.to)

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> TransferReport:
        return transfer_file(source, target, **vars(self), overwrite=overwrite, progress=progress)
