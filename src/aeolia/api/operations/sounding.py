"""Operations of a synthesiser: notes, scores, and recordings that it sounds again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from aeolia.api.encoding import decode_file, encode_file
from aeolia.api.operations.operation import Operation
from aeolia.api.recordings import Progress
from aeolia.api.reports import (
    EncodingReport,
    FileReport,
    MorphReport,
    NoteReport,
    Report,
    ScoreReport,
    ShiftReport,
)
from aeolia.api.reshaping import MOST_STEPS, morph_file, shift_file
from aeolia.api.synthesis import (
    DRUMS_MODEL,
    NOTES_MODEL,
    open_synthesiser,
    play_notes_file,
    play_score_file,
)
from aeolia.config.ranges import Above, AtLeast, Between, OneOf
from aeolia.errors import ConfigError
from aeolia.runtime.synth.resynthesis import FORMANTS, MOST_SEMITONES
from aeolia.runtime.synth.single import MOST_SAMPLES, MOST_SECONDS

__all__ = ["Decode", "Encode", "Morph", "PlayNote", "PlayScore", "Shift"]

AnyReport = TypeVar("AnyReport", bound=Report)

#: Seeds of NumPy's generators.
Seed = Annotated[int, AtLeast(0)]


@dataclass(frozen=True, kw_only=True)
class _Synthesis(Operation[AnyReport]):
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


@dataclass(frozen=True)
class Shift(_Synthesis[ShiftReport]):
    """Another pitch for a monophonic recording: `shift_file` as a value."""

    name = "shift"

    #: Up, or down below 0.
    semitones: Annotated[float, Between(-MOST_SEMITONES, MOST_SEMITONES)]
    #: "keep" leaves the resonances where they are; "move" takes them along.
    formants: Annotated[str, OneOf(*FORMANTS)] = "keep"
    #: The instrument that was recorded; otherwise the most similar one is taken.
    instrument: str | None = None
    #: Of the noise in the sound.
    seed: Seed = 0

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> ShiftReport:
        return shift_file(
            source,
            target,
            semitones=self.semitones,
            formants=self.formants,
            instrument=self.instrument,
            seed=self.seed,
            model=self.model,
            overwrite=overwrite,
        )


@dataclass(frozen=True)
class Morph(_Synthesis[MorphReport]):
    """From one monophonic recording, the source, to another: `morph_file` as a value.

    Where it ends is a setting as the instrument of a transfer is: `run` takes one source and one
    target as every operation does, and many recordings can be morphed to the same one. A target
    that is an audio file gets a glide, any other is the folder of the steps.
    """

    name = "morph"

    #: The recording to end with, a file.
    to: str
    #: Recordings in the folder, the first like the source, the last like `to`.
    steps: Annotated[int, Between(2, MOST_STEPS)] = 7
    #: Of the noise in the sound.
    seed: Seed = 0

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> MorphReport:
        return morph_file(
            source,
            self.to,
            target,
            steps=self.steps,
            seed=self.seed,
            model=self.model,
            overwrite=overwrite,
        )


@dataclass(frozen=True)
class Encode(_Synthesis[EncodingReport]):
    """Timbre, pitch and loudness of a recording into an .npz file: `encode_file` as a value."""

    name = "encode"

    #: The instrument that was recorded; otherwise the most similar one is taken.
    instrument: str | None = None

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> EncodingReport:
        return encode_file(
            source,
            target,
            instrument=self.instrument,
            model=self.model,
            overwrite=overwrite,
        )


@dataclass(frozen=True)
class Decode(_Synthesis[FileReport]):
    """The sound of an .npz file that `Encode` wrote: `decode_file` as a value."""

    name = "decode"

    #: Of the noise in the sound.
    seed: Seed = 0

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> FileReport:
        return decode_file(source, target, seed=self.seed, model=self.model, overwrite=overwrite)


@dataclass(frozen=True)
class PlayNote(_Synthesis[NoteReport]):
    """A note, or timbres drawn for it: `play_notes_file` as a value. Its source is None."""

    name = "play_note"
    reads = False

    #: None for the text's choice, or the model's first.
    instrument: str | None = None
    #: A name such as "A4", a MIDI number, or "440Hz"; None for the middle of the range.
    pitch: float | str | None = None
    #: 1 (soft) to 127 (loud); None for the text's choice, or 90.
    velocity: Annotated[int | None, Between(1, 127)] = None
    #: Length of the sound, its release included.
    seconds: Annotated[float, Above(0.0), Between(0.0, MOST_SECONDS)] = 2.0
    #: Words such as "bright plucked low".
    text: str | None = None
    #: Timbres to draw from the prior, a file each; 0 for one note in its most usual timbre.
    samples: Annotated[int, Between(0, MOST_SAMPLES)] = 0
    #: Decides the draws and the noise in them.
    seed: Seed = 0

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> NoteReport:
        return play_notes_file(
            target,
            self.instrument,
            self.pitch,
            velocity=self.velocity,
            seconds=self.seconds,
            text=self.text,
            samples=self.samples,
            seed=self.seed,
            model=self.model,
            overwrite=overwrite,
        )


@dataclass(frozen=True)
class PlayScore(_Synthesis[ScoreReport]):
    """A MIDI file, the source, as sound: `play_score_file` as a value."""

    name = "play_score"

    #: (channel from 0 to 15, instrument) for each that General MIDI's programs shall not choose.
    players: tuple[tuple[int, str], ...] = ()
    #: The model for channel 9, the drums; None leaves them out.
    drums: str | None = DRUMS_MODEL
    #: Of all noise in the sound.
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        channels = [channel for channel, _ in self.players]
        for channel in channels:
            if not 0 <= channel <= 15:
                raise ConfigError(f"players names channel {channel}; channels are 0 to 15")
            if channels.count(channel) > 1:
                raise ConfigError(f"players names channel {channel} twice; name it once")

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> ScoreReport:
        return play_score_file(
            source,
            target,
            players=dict(self.players),
            model=self.model,
            drums=self.drums,
            seed=self.seed,
            overwrite=overwrite,
            progress=progress,
        )
