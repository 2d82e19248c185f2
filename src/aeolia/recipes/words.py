"""A recipe in words: what it makes, what it needs, each stage and why, what to expect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aeolia.config import AnyConfig, SeparateConfig, SynthConfig
from aeolia.config.classes import KIT
from aeolia.recipes.catalogue import structure
from aeolia.recipes.recipe import Recipe, Stage

__all__ = ["in_words", "steps_of", "summary"]

#: What a manifest must list, by kind of model.
_DATA = {
    "denoise": "a manifest of clean speech and noise, and of rooms where there are any",
    "classes": "a manifest or a folder of single sources: speech, noise, stems, notes, drums",
    "kit": "a manifest of songs whose drums are stems by part, as aeolia data songs writes it",
    "speaker": "a manifest or a folder of speakers, and of noise",
    "synth": "a folder of single notes, or of monophonic playing; a folder an instrument",
    "drum": "a folder of drum hits",
}


def steps_of(recipe: Recipe, stage: Stage) -> int | None:
    """Optimiser steps of a stage; None where it leaves them to its task."""
    return {**recipe.train, **stage.train}.get("steps")


def summary(name: str, recipe: Recipe) -> str:
    """A line on a recipe: name, task, stages, steps, purpose, and what to expect if measured."""
    steps = [steps_of(recipe, stage) or 0 for stage in recipe.stages]
    count = f"{len(steps)} stage" if len(steps) == 1 else f"{len(steps)} stages"
    line = f"{name:<21} {recipe.task:<9} {count:<8} {sum(steps):>6} steps  {recipe.about}"
    expects = recipe.expects
    if not expects.scores:
        return line
    score, value = next(iter(expects.scores.items()))
    times = [_duration(hours) for hours in expects.hours.values()][:1]
    return f"{line} Measured: {score} {value:g}{''.join(f' after {time}' for time in times)}."


def in_words(name: str, recipe: Recipe) -> list[str]:
    """Lines that explain a recipe.

    Raises:
        ConfigError: its structure cannot be.
    """
    model = structure(recipe.task, recipe.model) if recipe.model else None
    start = f"the weights of {recipe.start}" if recipe.start else "random weights"
    lines = [f"{name}: {recipe.about}", ""]
    if model is not None:
        lines += [f"Structure: {_structure(model)}."]
    lines += [
        f"Starts from {start}.",
        f"Needs {_data(recipe, model)}.",
        f"Make it with: aeolia train --recipe {name} --data DATA --out run",
    ]
    before: Stage | None = None
    for number, stage in enumerate(recipe.stages, start=1):
        lines += ["", *_stage(number, recipe, stage, before)]
        before = stage
    return [*lines, "", *_expectations(recipe)]


def _structure(model: AnyConfig) -> str:
    if isinstance(model, SynthConfig):
        drawn = f", {model.residual_bins} low bins drawn" if model.residual_bins else ""
        return (
            f"variational autoencoder at {model.sample_rate / 1000:g} kHz, decoder "
            f"{model.decoder}, {model.layers} layers of {model.channels} channels{drawn}, latent "
            f"of {model.latent_dim}, {model.prior} prior"
        )
    memories = (
        f", {model.band_memories} recurrences of {model.band_memory} over and in bands"
        if model.band_memory
        else ""
    )
    channels = (
        f", convolutions of {', '.join(map(str, model.channels))} channels"
        if "conv" in model.encoder + model.decoder
        else ""
    )
    condition = ""
    if isinstance(model, SeparateConfig):
        asked = "a speaker" if model.condition == "speaker" else f"{len(model.classes)} classes"
        condition = f", conditioned on {asked} by {model.fusion}"
    return (
        f"{model.encoder} encoder and {model.decoder} decoder at {model.sample_rate / 1000:g} kHz, "
        f"latency {model.latency_ms:g} ms, {model.n_positions} bands{channels}, recurrent width "
        f"{model.hidden_dim}, latent of {model.latent_dim}{memories}{condition}"
    )


def _data(recipe: Recipe, model: AnyConfig | None) -> str:
    if isinstance(model, SeparateConfig):
        return _DATA["kit" if model.classes == KIT else model.condition]
    if recipe.task == "separate":
        return _DATA["classes"]
    return _DATA["drum" if recipe.mix.get("kind") == "drum" else recipe.task]


def _stage(number: int, recipe: Recipe, stage: Stage, before: Stage | None) -> Iterator[str]:
    train, mix = {**recipe.train, **stage.train}, {**recipe.mix, **stage.mix}
    steps, crops = train.get("steps"), train.get("batch_size")
    length = f"{steps} steps" if steps else "as many steps as the task has by default"
    if steps and crops:
        length += f" of {crops} {'notes' if recipe.task == 'synth' else 'crops'}"
        if seconds := mix.get("crop_seconds"):
            length += f" of {seconds:g} s ({steps * crops * seconds / 3600:.0f} hours of sound)"
    yield f"{number}. {stage.name}: {length}."
    if stage.about:
        yield f"   {stage.about}"
    if stage.start_from:
        yield f"   Begins with the weights of {stage.start_from}."
    for part in ("model", "train", "loss", "mix"):
        if changes := _changes(recipe, stage, before, part):
            yield f"   {part}: {', '.join(changes)}"
    if stage.keep_hz:
        yield f"   Then the bands up to {stage.keep_hz} Hz get back the weights they began with."
    if stage.average_with:
        yield f"   Then the mean with the weights of {', '.join(stage.average_with)}."
    if stage.half_precision:
        yield "   Then rounded to half precision."


def _changes(recipe: Recipe, stage: Stage, before: Stage | None, part: str) -> list[str]:
    """What a section has other than in the stage before; all of it in the first."""
    of_recipe = {} if part == "model" else getattr(recipe, part)
    now = {**of_recipe, **getattr(stage, part)}
    then: dict[str, Any] = {**of_recipe, **getattr(before, part)} if before else {}
    changed = [f"{key} {_value(now[key])}" for key in now if now[key] != then.get(key)]
    if part == "model" and then and not now:
        return ["the recipe's own structure"]
    return changed + [f"{key} as by default" for key in then if key not in now]


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _expectations(recipe: Recipe) -> list[str]:
    expects = recipe.expects
    if not expects.scores and not expects.hours:
        return ["What to expect: not measured yet; aeolia train says how long it will take."]
    scores = ", ".join(f"{name} {value:g}" for name, value in expects.scores.items())
    hours = ", ".join(f"{_duration(value)} on {name}" for name, value in expects.hours.items())
    parts = [f"{scores} on {expects.set}" if scores else "", f"after {hours}" if hours else ""]
    return [f"What to expect: {' '.join(filter(None, parts))}."]


def _duration(hours: float) -> str:
    return f"{hours:g} hours" if hours >= 1.0 else f"{60.0 * hours:.1f} minutes"
