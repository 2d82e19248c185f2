"""A released denoiser's step as a C function for each number of channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aeolia.models.export.c_source.fixed_graph import fix_sizes
from aeolia.models.export.c_source.operators import Lowering
from aeolia.models.export.c_source.program import Constants, Program
from aeolia.models.export.c_source.views import Place

__all__ = ["StepFunction", "write_step"]

_STATE, _NEXT = "state_", "next_state_"


@dataclass(frozen=True)
class StepFunction:
    """The body of a C function of x [C * hop], y [C * hop], s (state), w (work) and k (weights)."""

    body: str
    #: Floats of working memory and of state.
    n_work: int
    n_state: int
    #: The first so many floats of the state are what a network remembers; behind it lies sound.
    n_memory: int


def write_step(
    data: bytes,
    constants: Constants,
    audio: tuple[int, int, int],
    states: Mapping[str, tuple[int, ...]],
    is_sound: Mapping[str, bool],
) -> StepFunction:
    """The step of an ONNX file in the release format, for audio [1, C, hop] and states of shapes.

    Args:
        constants: takes the weights in.
        states: name of a state input -> its shape.
        is_sound: name of a state input -> whether it holds sound on its way, and is kept where a
            network is to forget.

    Raises:
        ModelError: it has an operator that this export does not know.
    """
    graph = fix_sizes(data, {"audio": audio, **states})
    program = Program(constants)
    lowering = Lowering(graph, program)
    n_samples = int(np.prod(audio))
    lowering.views["audio"] = program.whole(program.buffer(Place.input, n_samples), audio)
    order = sorted(states, key=lambda name: (is_sound[name], name))
    offset, kept = 0, {}
    for name in order:
        size = int(np.prod(states[name]))
        kept[name] = program.whole(program.buffer(Place.state, size, offset), states[name])
        offset += size
    lowering.views.update(kept)
    lowering.run()
    output = program.whole(program.buffer(Place.output, n_samples), audio)
    program.loop(output, "{0}", [lowering.view("output")], "output")
    for name in order:  # last: until here the old state was needed
        following = lowering.view(_NEXT + name.removeprefix(_STATE))
        program.loop(kept[name], "{0}", [following], "next state")
    body, n_work = program.finish()
    n_memory = sum(int(np.prod(states[name])) for name in order if not is_sound[name])
    return StepFunction(body, n_work, offset, n_memory)
