"""All operations by name, and reading one from JSON."""

from __future__ import annotations

import difflib

from aeolia.api.operations.denoising import Denoise
from aeolia.api.operations.operation import Operation
from aeolia.api.operations.playing import ExportSfz, PlayNote, PlayScore
from aeolia.api.operations.reshaping import Decode, Encode, Morph, Shift
from aeolia.api.operations.separation import Separate
from aeolia.api.operations.transfer import Transfer
from aeolia.api.reports.report import Report
from aeolia.config.strict import config_from_dict, read_object
from aeolia.errors import ConfigError

__all__ = ["OPERATIONS", "operation_from_json"]

_ALL = (
    Denoise,
    Separate,
    Transfer,
    Shift,
    Morph,
    PlayNote,
    PlayScore,
    ExportSfz,
    Encode,
    Decode,
)

#: Name in JSON -> class.
OPERATIONS: dict[str, type[Operation[Report]]] = {cls.name: cls for cls in _ALL}


def operation_from_json(text: str) -> Operation[Report]:
    """The operation in strict JSON, such as {"operation": "denoise", "model": "denoise-16k"}.

    Keys are the fields of the operation's class; those left out have their defaults.

    Raises:
        ConfigError: no JSON object, an unknown operation or key (the nearest known one is named),
            a missing key, or a value that cannot be.

    >>> aeolia.operation_from_json('{"operation": "denoise", "attenuation_limit_db": 12}')
    Denoise(model=None, attenuation_limit_db=12.0, ...)
    """
    values = read_object(text, "the operation")
    name = values.pop("operation", None)
    if name is None:
        raise ConfigError(f"the key 'operation' is missing; it is one of {', '.join(OPERATIONS)}")
    if not isinstance(name, str) or name not in OPERATIONS:
        near = difflib.get_close_matches(str(name), OPERATIONS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(OPERATIONS)}"
        raise ConfigError(f"no operation is called {name!r}; {hint}")
    return config_from_dict(OPERATIONS[name], values)
