"""The configs of a synthesiser's run from what a user names, and from the notes themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from aeolia.config import SynthConfig, config_from_dict
from aeolia.data.synth.mix_config import NoteMixConfig
from aeolia.errors import ModelError
from aeolia.models.checkpoint import read_checkpoint
from aeolia.recipes.catalogue import SYNTH_MIXES, synth_preset
from aeolia.training.recipe import FINE_TUNING, Setup, checkpoint_of, read_sections
from aeolia.training.synth.objective import SynthTrainConfig
from aeolia.training.synth.task import describe_instruments, gather_notes

__all__ = ["read_synth_setup"]


def read_synth_setup(
    notes: Path,
    preset_name: str | None,
    start_from: str | None,
    config_file: Path | None,
    held_out: tuple[str, ...],
    steps: int | None,
    batch_size: int | None,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Setup:
    """Defaults, then the preset or starting model, the file, what was given, and the notes.

    Raises:
        ConfigError: an unknown preset or key.
        DataError: the notes cannot be used.
        ModelError: the starting model cannot be read, or is of another task.
    """
    sections = read_sections(config_file)
    weights: dict[str, Tensor] | None = None
    train: dict[str, Any] = {"steps": 4000, "seed": seed}
    mix: dict[str, Any] = {"seed": seed, "held_out": held_out}
    if start_from is not None:
        model, weights = read_checkpoint(checkpoint_of(start_from))
        if not isinstance(model, SynthConfig):
            raise ModelError(f"{start_from} is a model to {model.task}; name a synthesiser")
        train.update(FINE_TUNING)
        mix["kind"] = "drum" if model.unpitched else "note"
        # What the starting model learned of its own instruments does not hold for these.
        model = dataclasses.replace(
            model,
            instruments=(),
            ranges=(),
            held_seconds=(),
            instrument_words=(),
            tags=(),
            tag_directions=(),
        )
    else:
        model = synth_preset(preset_name or "notes")
        mix.update(SYNTH_MIXES.get(preset_name or "notes", {}))
    model = config_from_dict(
        SynthConfig, {**dataclasses.asdict(model), **sections.get("model", {})}
    )
    train.update(sections.get("train", {}))
    train.update({"steps": steps} if steps is not None else {})
    train.update({"batch_size": batch_size} if batch_size is not None else {})
    notes_of = config_from_dict(NoteMixConfig, {**mix, **sections.get("mix", {})})
    pool = gather_notes(notes, model, notes_of, progress)
    return Setup(
        describe_instruments(model, pool),
        config_from_dict(SynthTrainConfig, train),
        notes_of,
        weights,
    )
