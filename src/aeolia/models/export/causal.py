"""What only a causal model can be exported for."""

from __future__ import annotations

from aeolia.config import DenoiseConfig
from aeolia.errors import ModelError

__all__ = ["refuse_chunks"]


def refuse_chunks(config: DenoiseConfig, target: str) -> None:
    """Refuse a model that hears ahead for a program that takes one step after the other.

    Raises:
        ModelError: naming a causal model to take instead.
    """
    if config.chunk:
        raise ModelError(
            f"--for {target} takes causal denoisers, and {config.name} hears "
            f"{config.chunk_seconds:g} s ahead; export denoise or "
            "denoise-16k"
        )
