"""A released synthesiser: four graphs that share one latent, on NumPy and ONNX Runtime.

    NAME.prior.onnx     instrument, pitch, velocity                -> Gaussian over the latent
    NAME.encode.onnx    audio and its pitch                        -> Gaussian over the latent
    NAME.envelope.onnx  latent, instrument, pitch, velocity, times -> loudness of a played note
    NAME.onnx           latent, instrument, pitch, loudness, noise -> audio, with state

Axes: V voices, I instruments, D latent, F frames of `hop_length` samples. Frame f covers samples
f * hop .. (f + 1) * hop. Pitch is in Hz, 0 where there is none, and reached at the frame's end;
loudness is that of `audio.contour`. All randomness comes in: seeds here, noise in the graph.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from aeolia.config import SynthConfig
from aeolia.errors import InputError, ModelError
from aeolia.runtime.backend import State
from aeolia.runtime.released_file import ReleasedFile, ReleasedModel
from aeolia.runtime.session import Session, open_session
from aeolia.runtime.synth.program_names import known_name

__all__ = ["FRAMES_PER_STEP", "Gaussian", "OnnxSynthesiser"]

#: Frames of one step at most: faster than the whole at once, and bounded memory.
FRAMES_PER_STEP = 64

#: Frames of one step while the latent moves: it is constant within a step.
_FRAMES_PER_MOVE = 4

_PARTS = ("envelope", "encode", "prior")
#: More instruments than this are not listed in an error.
_MOST_NAMED = 40


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions over the latent: what an encoder or a prior answers."""

    #: [V, D]
    mean: np.ndarray
    #: [V, D], natural logarithm of the variance.
    log_variance: np.ndarray

    def sample(self, seed: int, temperature: float = 1.0) -> np.ndarray:
        """One latent [V, D] for each voice; `temperature` scales the standard deviation."""
        noise = np.random.default_rng(seed).standard_normal(self.mean.shape)
        drawn = self.mean + temperature * np.exp(0.5 * self.log_variance) * noise
        return drawn.astype(np.float32)


class OnnxSynthesiser(ReleasedModel[SynthConfig]):
    """A released synthesiser. Safe to share between threads: states are handed in and out.

    Args:
        path: of the decoder graph, NAME.onnx; its parts lie beside it and open on first use.

    Raises:
        ModelError: the file is missing, corrupt, of another format version or another task.
    """

    def __init__(self, path: str | Path | ReleasedFile) -> None:
        inputs = {"latent", "instrument", "pitch_hz", "loudness_db", "noise"}
        super().__init__(path, SynthConfig, inputs)

    @cached_property
    def _parts(self) -> dict[str, Session]:
        """Sessions of the other three graphs."""
        paths = {part: self.path.with_suffix(f".{part}.onnx") for part in _PARTS}
        missing = [path.name for path in paths.values() if not path.is_file()]
        if missing:
            raise ModelError(
                f"{self.path}: its parts {', '.join(missing)} are not beside it; copy all files "
                f"of the model, or export it again with `aeolia export`"
            )
        return {part: open_session(path) for part, path in paths.items()}

    def _run(
        self, part: str, shapes: dict[str, tuple[int, ...]], **inputs: np.ndarray
    ) -> list[np.ndarray]:
        given = {name: np.ascontiguousarray(v, np.float32) for name, v in inputs.items()}
        session = self._parts[part]
        # A graph that does not use an input may have lost it in the export.
        return session.run({n: v for n, v in given.items() if n in session.inputs}, shapes)

    def _gaussian(self, part: str, voices: int, **inputs: np.ndarray) -> Gaussian:
        shape = (voices, self.config.latent_dim)
        mean, log_variance = self._run(part, {"mean": shape, "log_variance": shape}, **inputs)
        return Gaussian(mean, log_variance)

    # --- what a voice is -----------------------------------------------------------------------

    def instrument(self, of: str | Mapping[str, float]) -> np.ndarray:
        """The condition [I] of an instrument's name, or of several with their shares.

        Raises:
            InputError: no instrument has that name; the nearest is given.
        """
        names = self.config.instruments
        shares = {of: 1.0} if isinstance(of, str) else of
        condition = np.zeros(len(names), np.float32)
        for name, share in shares.items():
            known = known_name(name, names)
            if known is None:
                near = _similar(name.lower(), names)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise InputError(
                    f"{self.config.name!r} has no instrument {name!r}; {hint}{_named(names)}"
                )
            condition[names.index(known)] += share
        total = condition.sum()
        return condition / total if total else condition

    def range_of(self, instrument: np.ndarray) -> tuple[float, float]:
        """Lowest and highest MIDI number that an instrument [I] (its largest share) learned."""
        ranges = self.config.ranges
        return ranges[int(np.argmax(instrument))] if ranges else (0.0, 127.0)

    def words_of(self, index: int) -> tuple[str, ...]:
        """Words that describe an instrument: its own and its name's."""
        described = self.config.instrument_words
        own = described[index] if described else ()
        return tuple(dict.fromkeys((*own, *self.config.instruments[index].lower().split("_"))))

    @property
    def unpitched(self) -> bool:
        """Whether these are drums: no instrument was learned at more than one pitch."""
        return self.config.unpitched

    def prior(
        self, instrument: np.ndarray, pitch_midi: np.ndarray, velocity: np.ndarray
    ) -> Gaussian:
        """Timbres to expect: instrument [V, I], pitch_midi [V], velocity [V] from 0 to 1."""
        return self._gaussian(
            "prior",
            len(instrument),
            instrument=instrument,
            pitch_midi=pitch_midi,
            velocity=velocity,
        )

    def sample_prior(
        self,
        instrument: np.ndarray,
        pitch_midi: np.ndarray,
        velocity: np.ndarray,
        seed: int,
    ) -> np.ndarray:
        """Timbres [V, D] drawn from the prior, see `prior`, at the model's temperature.

        The same seed draws the same.
        """
        prior = self.prior(instrument, pitch_midi, velocity)
        return prior.sample(seed, self.config.temperature)

    def encode(self, audio: np.ndarray, pitch_hz: np.ndarray) -> Gaussian:
        """The timbre of audio [T] at the model's rate, with its pitch [F]; axes [1, D].

        T is cut or filled with silence to whole frames, as many as there are pitches. The peak is
        brought to full scale first, as notes were learned, so that soft recordings do as well.
        """
        length = len(pitch_hz) * self.config.hop_length
        audio = np.pad(audio[:length], (0, max(0, length - len(audio))))
        audio = audio / max(float(np.abs(audio).max(initial=0.0)), 1e-6)
        return self._gaussian("encode", 1, audio=audio[None], pitch_hz=pitch_hz[None])

    def envelope(
        self,
        latent: np.ndarray,
        instrument: np.ndarray,
        pitch_midi: np.ndarray,
        velocity: np.ndarray,
        since_onset: np.ndarray,
        since_release: np.ndarray,
    ) -> np.ndarray:
        """Loudness [V, F] in dBFS of played notes.

        Args:
            latent, instrument, pitch_midi, velocity: [V, D], [V, I], [V], [V] (0 to 1).
            since_onset, since_release: [V, F] in seconds; -1 while the key is held.
        """
        (loudness_db,) = self._run(
            "envelope",
            {"loudness_db": np.shape(since_onset)},
            latent=latent,
            instrument=instrument,
            pitch_midi=pitch_midi,
            velocity=velocity,
            since_onset=since_onset,
            since_release=since_release,
        )
        return loudness_db

    # --- sound ---------------------------------------------------------------------------------

    def initial_state(self, voices: int) -> State:
        """Zero state for so many voices that begin."""
        return self._graph.initial_state(voices)

    def step(
        self,
        latent: np.ndarray,
        instrument: np.ndarray,
        pitch_hz: np.ndarray,
        loudness_db: np.ndarray,
        noise: np.ndarray,
        state: State,
    ) -> tuple[np.ndarray, State]:
        """Sound V voices one step on, F frames long.

        Args:
            latent, instrument: [V, D], [V, I].
            pitch_hz, loudness_db: [V, F].
            noise: [V, F * hop_length], unit normal.
            state: `initial_state(V)`, or what the step before returned.

        Returns:
            audio [V, F * hop_length], and the next state.
        """
        inputs = {
            "latent": latent,
            "instrument": instrument,
            "pitch_hz": pitch_hz,
            "loudness_db": loudness_db,
            "noise": noise,
        }
        return self._graph.step(inputs, state, noise.shape)

    def decode(
        self,
        latent: np.ndarray,
        instrument: np.ndarray,
        pitch_hz: np.ndarray,
        loudness_db: np.ndarray,
        *,
        seed: int = 0,
    ) -> np.ndarray:
        """Audio [V, F * hop_length] of whole contours.

        Args:
            latent: [V, D] (or [D] for all voices), or [V, F, D] where it moves.
            instrument: [V, I], or [I] for all voices.
            pitch_hz, loudness_db: [V, F], or [F] for one voice.
            seed: of the noise that breath, bow and unvoiced parts are made of.
        """
        pitch_hz, loudness_db = np.atleast_2d(pitch_hz), np.atleast_2d(loudness_db)
        voices, n_frames = pitch_hz.shape
        moves = latent.ndim == 3
        frames_per_step = _FRAMES_PER_MOVE if moves else max(1, FRAMES_PER_STEP // voices)
        instrument = _rows(instrument, voices)
        state = self.initial_state(voices)
        # One generator a voice: the sound of a voice does not depend on those beside it.
        generators = [np.random.default_rng((seed, voice)) for voice in range(voices)]
        blocks = [np.zeros((voices, 0), np.float32)]
        for start in range(0, n_frames, frames_per_step):
            stop = min(start + frames_per_step, n_frames)
            length = (stop - start) * self.config.hop_length
            noise = np.stack([g.standard_normal(length, np.float32) for g in generators])
            block, state = self.step(
                _rows(latent[:, (start + stop) // 2] if moves else latent, voices),
                instrument,
                np.ascontiguousarray(pitch_hz[:, start:stop], np.float32),
                np.ascontiguousarray(loudness_db[:, start:stop], np.float32),
                noise,
                state,
            )
            blocks.append(block)
        return np.concatenate(blocks, axis=1)


def _named(names: Sequence[str]) -> str:
    """Which names there are, in an error: all, or where to read them."""
    if len(names) <= _MOST_NAMED:
        return f"it has {', '.join(names)}"
    return f"it has {len(names)}: `aeolia synth --list` shows them"


def _similar(name: str, names: Sequence[str]) -> list[str]:
    """Names with the same word in them, such as alto_sax for sax, else the nearest in letters."""
    alike = [one for one in names if name in one.split("_")]
    return alike or difflib.get_close_matches(name, names, n=1, cutoff=0.6)


def _rows(values: np.ndarray, voices: int) -> np.ndarray:
    """[N] or [1, N] repeated for every voice, [V, N] as it is; float32."""
    wide = np.broadcast_to(np.atleast_2d(values), (voices, np.shape(values)[-1]))
    return np.ascontiguousarray(wide, np.float32)
