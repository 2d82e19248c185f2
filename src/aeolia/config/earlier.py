"""Configurations as earlier versions wrote them, for model files outlast versions.

Earlier, one class served denoisers and separators, so a file has keys that its task never read;
and a synthesiser's task was called "synthesise". Nothing else was ever renamed or dropped.
"""

from __future__ import annotations

from typing import Any

from aeolia.errors import ConfigError

__all__ = ["renewed"]

#: Keys that a denoiser's file had, as they always were.
_OF_SEPARATORS = {
    "condition": "",
    "classes": [],
    "condition_dim": 64,
    "fusion": "film",
    "network_hz": 0,
}


def renewed(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a model's config as this version writes them.

    Raises:
        ConfigError: a key that its task never read holds another value than its default.
    """
    task = values.get("task", "denoise")
    if task == "synthesise":
        return {**values, "task": "synth"}
    if task == "denoise":
        values = _without(values, _OF_SEPARATORS, "a denoiser")
    if task in ("denoise", "separate"):
        # The textbook presets had one tap, and one of them the sizes of band memories.
        if values.get("output") == "magnitude" and values.get("filter_taps") == 1:
            values = _without(values, {"filter_taps": 1}, "an output of magnitudes")
        if values.get("band_memory") == 0 and values.get("band_memories") == 6:
            memories = {"band_memories": 6, "band_mixing": 8}
            values = _without(values, memories, "a band_memory of 0")
    return values


def _without(values: dict[str, Any], unread: dict[str, Any], reader: str) -> dict[str, Any]:
    for name, default in unread.items():
        if values.get(name, default) != default:
            raise ConfigError(f"{name} is {values[name]!r}, and {reader} does not read it")
    return {name: value for name, value in values.items() if name not in unread}
