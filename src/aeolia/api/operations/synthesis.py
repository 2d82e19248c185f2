"""What the operations of a synthesiser share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from aeolia.api.instruments import NOTES_MODEL, open_synthesiser
from aeolia.api.operations.operation import Operation
from aeolia.api.reports.report import Report
from aeolia.config.ranges import AtLeast

__all__ = ["Seed", "Synthesis"]

AnyReport = TypeVar("AnyReport", bound=Report, covariant=True)

#: Seeds of NumPy's generators.
Seed = Annotated[int, AtLeast(0)]


@dataclass(frozen=True, kw_only=True)
class Synthesis(Operation[AnyReport]):
    """An operation of one synthesiser."""

    #: A released model's name, or a model file.
    model: str = NOTES_MODEL

    def check(self) -> None:
        """Open the model, and look for the instrument if one is named.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        model = open_synthesiser(self.model)
        if instrument := getattr(self, "instrument", None):
            model.instrument(instrument)
