"""The files of an export to C, as text: templates filled with a model's step and numbers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from importlib import resources

import numpy as np

from aeolia.config import DenoiseConfig
from aeolia.models.export.c_source.program import Constants
from aeolia.models.export.c_source.step import StepFunction
from aeolia.runtime import conditioning

__all__ = ["file_name", "source_files"]

#: Bytes beyond the arrays that a denoiser's memory has room for.
_MORE_BYTES = 2048
#: Numbers of LADSPA plug-ins that are in no list begin here, and end with 24 bits.
_FIRST_ID, _LAST_ID = 1 << 23, 1 << 24
_PER_LINE = 8

#: What `conditioning.c` takes over from the module of that name.
_NAMES = (
    "USUAL_DB FREE_DB MOVING_SECONDS BOOSTED_DB LOUDEST_DB LOUD_DB MOST_GAIN_DB FALL_DB RISE_DB "
    "ACTIVE_DB FLOOR_DB QUIET_DB FAST_DB RISING_SECONDS SILENCE_POWER BEGINS_DB NOTHING_DB "
    "DIFFERENT MEAN_VARIANCE SIGNIFICANT"
).split()


def file_name(config: DenoiseConfig) -> str:
    """A model's name as C can have it: denoise_16k."""
    return re.sub(r"[^0-9a-z]+", "_", config.name.lower()).strip("_") or "denoiser"


def source_files(
    config: DenoiseConfig, steps: Mapping[int, StepFunction], constants: Constants, card: str
) -> dict[str, str]:
    """Name -> text of every file.

    Args:
        steps: number of channels -> the step for so many.
        constants: those of the steps.
        card: of the model, in Markdown.
    """
    values = _values(config, steps, constants)
    values["KERNELS"] = _template("kernels.c")
    values["CONDITIONING"] = _filled(_template("conditioning.c"), values)
    name = values["FILE"]
    made = {
        f"{name}.h": "denoiser.h",
        f"{name}.c": "denoiser.c",
        f"{name}_ladspa.c": "ladspa.c",
        "example.c": "example.c",
        "Makefile": "plugin.mk",
    }
    files = {file: _filled(_template(template), values) for file, template in made.items()}
    files[f"{name}_weights.c"] = _weights(values, constants.weights)
    if card:
        files["card.md"] = card
    return files


def _values(
    config: DenoiseConfig, steps: Mapping[int, StepFunction], constants: Constants
) -> dict[str, str]:
    """What stands between the @ signs of the templates."""
    file = file_name(config)
    prefix = f"aeolia_{file}"
    most = max(steps)
    largest = steps[most]
    n_floats = (most + 1) * config.delay + (4 * most + 1) * config.hop_length
    n_floats += largest.n_state + largest.n_work
    identifier = zlib.crc32(prefix.encode()) % ((_LAST_ID - _FIRST_ID) // 2)
    return {
        # Of a name that came with a file: nothing that ends a comment or a string.
        "NAME": re.sub(r"[^\w .-]", "", config.name, flags=re.ASCII),
        "FILE": file,
        "PREFIX": prefix,
        "UPPER": prefix.upper(),
        "SAMPLE_RATE": str(config.sample_rate),
        "HOP": str(config.hop_length),
        "DELAY": str(config.delay),
        "MAX_CHANNELS": str(most),
        "BYTES": str(4 * n_floats + _MORE_BYTES),
        "N_STATE": str(largest.n_state),
        "N_WORK": str(largest.n_work),
        "N_WEIGHTS": str(constants.weights.size),
        "LADSPA_ID": str(_FIRST_ID + 2 * identifier),
        "CONSTANTS": _conditioning_constants(config),
        "STEPS": _steps(steps, constants),
        "CALLS": _calls(steps, prefix),
    }


def _conditioning_constants(config: DenoiseConfig) -> str:
    """`aeolia.runtime.conditioning`'s constants, and what follows from them and the hop."""
    known = {name: getattr(conditioning, f"_{name}") for name in _NAMES}
    seconds = config.hop_length / config.sample_rate
    levels = conditioning._Level(seconds)
    offsets = conditioning._Offsets(1, seconds)
    known |= {
        "HOP_SECONDS": seconds,
        "N_RECENT": levels._n_recent,
        "N_REACHED": levels._n_reached,
        "MOST_HOPS": offsets._most_hops,
        "KEEP": offsets._keep,
        "CHANGED_HOPS": offsets._changed_hops,
        "FORGET_DB": conditioning._FORGET_DB * seconds,
    }
    return "".join(f"#define {name} ({value!r})\n" for name, value in known.items())


def _steps(steps: Mapping[int, StepFunction], constants: Constants) -> str:
    """The step functions, after the tables that they use."""
    parts = [f"#define N_MEMORY {min(step.n_memory for step in steps.values())}\n"]
    parts += [
        f"static const int t{number}[{len(table)}] = {{{', '.join(map(str, table))}}};\n"
        for table, number in constants.tables.items()
    ]
    for channels, step in steps.items():
        parts.append(
            f"\n/* x and y [{channels}, HOP], the state, working memory, and the weights */\n"
            f"static void step_{channels}(const float *x, float *y, float *s, float *w, "
            f"const float *k)\n{{\n{step.body}}}\n"
        )
    return "".join(parts)


def _calls(steps: Mapping[int, StepFunction], prefix: str) -> str:
    arguments = f"(d->entering, d->leaving, d->state, d->work, {prefix}_weights)"
    lines = [
        f"    {'else ' * (n > 0)}if (channels == {channels})\n        step_{channels}{arguments};\n"
        for n, channels in enumerate(steps)
    ]
    return "".join(lines).rstrip("\n")


def _weights(values: Mapping[str, str], weights: np.ndarray) -> str:
    lines = []
    for start in range(0, len(weights), _PER_LINE):
        row = weights[start : start + _PER_LINE]
        lines.append(", ".join(f"{value:.9g}" + "." * _is_whole(value) + "f" for value in row))
    return (
        f"/* The weights of {values['NAME']}. SPDX-License-Identifier: Apache-2.0 */\n"
        f"extern const float {values['PREFIX']}_weights[{len(weights)}];\n"
        f"const float {values['PREFIX']}_weights[{len(weights)}] = {{\n"
        + ",\n".join(lines)
        + "};\n"
    )


def _is_whole(value: np.float32) -> bool:
    """Whether it is written without a point: C needs one before the f."""
    return not set(f"{value:.9g}") & set(".e")


def _template(name: str) -> str:
    folder = resources.files("aeolia.models.export.c_source") / "templates"
    return (folder / name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)
