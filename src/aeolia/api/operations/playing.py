"""PlayNote, PlayScore and ExportSfz as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from aeolia.api.operations.synthesis import Seed, Synthesis
from aeolia.api.recordings import Progress
from aeolia.api.reports.sounds import NoteReport, ScoreReport, SfzReport
from aeolia.api.samplers import export_sfz, keys_in
from aeolia.api.synthesis import DRUMS_MODEL, SPACES, play_notes_file, play_score_file
from aeolia.config.ranges import Above, Between, OneOf
from aeolia.errors import ConfigError
from aeolia.runtime.catalogue import model_files
from aeolia.runtime.synth.single import MOST_SAMPLES, MOST_SECONDS

__all__ = ["ExportSfz", "PlayNote", "PlayScore"]


@dataclass(frozen=True)
class PlayNote(Synthesis[NoteReport]):
    """A note, or timbres drawn for it: `play_notes_file` as a value. Its source is None.

    >>> report = aeolia.PlayNote("piano", "C4", samples=3, seed=1).run(None, "piano.wav")
    >>> [note.path for note in report.notes]
    ['piano-1.wav', 'piano-2.wav', 'piano-3.wav']
    """

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
        return play_notes_file(target, **vars(self), overwrite=overwrite)


@dataclass(frozen=True)
class PlayScore(Synthesis[ScoreReport]):
    """A MIDI file, the source, as sound: `play_score_file` as a value.

    >>> operation = aeolia.PlayScore(players=((1, "flute"),), drums=None)
    >>> operation.check()
    >>> operation == aeolia.operation_from_json(operation.to_json())
    True
    """

    name = "play_score"
    read_endings = (".mid", ".midi", ".smf", ".rmi")
    writes = ".wav"

    #: (channel from 1 to 16, instrument) for each that General MIDI's programs shall not choose.
    players: tuple[tuple[int, str], ...] = ()
    #: The model for channel 10, the drums; None leaves them out.
    drums: str | None = DRUMS_MODEL
    #: Of all noise in the sound.
    seed: Seed = 0
    #: "room": a small room around them; "dry": none; "mono": one channel, and no room.
    space: Annotated[str, OneOf(*SPACES)] = "room"

    def __post_init__(self) -> None:
        super().__post_init__()
        channels = [channel for channel, _ in self.players]
        for channel in channels:
            if not 1 <= channel <= 16:
                raise ConfigError(f"players names channel {channel}; channels are 1 to 16")
            if channels.count(channel) > 1:
                raise ConfigError(f"players names channel {channel} twice; name it once")

    def made_with(self) -> tuple[Path, ...]:
        """Its models."""
        return (*super().made_with(), *(model_files(self.drums) if self.drums else ()))

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> ScoreReport:
        settings = {**vars(self), "players": dict(self.players)}
        return play_score_file(source, target, **settings, overwrite=overwrite, progress=progress)


@dataclass(frozen=True)
class ExportSfz(Synthesis[SfzReport]):
    """An instrument as a folder that samplers open: `export_sfz` as a value. Its source is None.

    >>> operation = aeolia.ExportSfz("hang", drawn=True, seed=3, keys="60:62")
    >>> operation.run(None, "hang").samples
    4
    >>> operation == aeolia.operation_from_json(operation.to_json())
    True
    """

    name = "export_sfz"
    reads = False

    #: None for the text's choice, or the model's first; of a model of drums, all of them as a kit.
    instrument: str | None = None
    #: Words such as "bright plucked".
    text: str | None = None
    #: An .npz file that `Encode` wrote, whose timbre plays; instead of an instrument and words.
    timbre: str | None = None
    #: Draw the timbre from the prior.
    drawn: bool = False
    #: Decides the draw.
    seed: Seed = 0
    #: Lowest and highest key, such as "C2:C6"; None for those that the instrument learned.
    keys: str | None = None

    def check(self) -> None:
        """As every operation of a synthesiser does, and read the range.

        Raises:
            InputError, ModelError: what would be wrong with every file.
        """
        super().check()
        if self.keys is not None:
            keys_in(self.keys)

    def _run(
        self, source: str, target: str, overwrite: bool, progress: Progress | None
    ) -> SfzReport:
        return export_sfz(target, **vars(self), overwrite=overwrite, progress=progress)
