"""What the operations of a synthesiser did."""

from __future__ import annotations

from dataclasses import dataclass

from aeolia.api.reports.report import Report

__all__ = [
    "EncodingReport",
    "MorphReport",
    "NoteReport",
    "ScoreReport",
    "SfzReport",
    "ShiftReport",
    "SoundedNote",
    "TransferReport",
]


@dataclass(frozen=True, kw_only=True)
class TransferReport(Report):
    """What `transfer_file` did; warned of are pitches far from the instrument's.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> aeolia.transfer_file("flute.wav", "cello.wav", to="cello", transpose=-24).to
    'cello'
    """

    #: The instrument that plays now.
    to: str

    def _summary(self) -> str:
        return f"{self.to}, {super()._summary()}"


@dataclass(frozen=True, kw_only=True)
class ShiftReport(Report):
    """What `shift_file` did.

    >>> report = aeolia.PlayNote("cello", "C3", seconds=1).run(None, "cello.wav")
    >>> report = aeolia.shift_file("cello.wav", "higher.wav", semitones=4)
    >>> report.semitones, report.formants, report.voice
    (4, 'keep', False)
    """

    semitones: float
    formants: str
    #: Whether the vocoder WORLD did it, and no model.
    voice: bool = False

    def _summary(self) -> str:
        by = ", by the vocoder WORLD, which keeps the words" if self.voice else ""
        return f"{self.semitones:+g} semitones, formants {self.formants}{by}"


@dataclass(frozen=True, kw_only=True)
class MorphReport(Report):
    """What `Morph` did; `frames` are those of all outputs together.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> report = aeolia.PlayNote("cello", "A3", seconds=1).run(None, "cello.wav")
    >>> aeolia.Morph("cello.wav", steps=3).run("flute.wav", "between").outputs
    ('between/morph-1.wav', 'between/morph-2.wav', 'between/morph-3.wav')
    """

    #: The recording that it ends with.
    to: str
    #: Files that were written.
    outputs: tuple[str, ...]

    def _paths(self) -> str:
        return f"{self.input} to {self.to} -> {self.output}"

    def _summary(self) -> str:
        # A folder holds several.
        if self.outputs == (self.output,):
            return f"a glide of {self.seconds:.1f} s"
        return f"{len(self.outputs)} steps"


@dataclass(frozen=True, kw_only=True)
class EncodingReport(Report):
    """What `Encode` did; rate, channels and frames are those of the recording.

    >>> report = aeolia.PlayNote("flute", "A4", seconds=1).run(None, "flute.wav")
    >>> report = aeolia.Encode("flute").run("flute.wav", "flute.npz")
    >>> report.timbres, report.latent_dim, report.instrument
    (1, 32, 'flute')
    """

    #: How many timbres, and values of each: N and D.
    timbres: int
    latent_dim: int
    #: Frames of the pitch and loudness contours, and the share of them that have a pitch.
    contour_frames: int
    voiced_share: float
    #: The instrument that was stated, or that is most similar.
    instrument: str

    def _summary(self) -> str:
        return (
            f"{self.timbres} timbres of {self.latent_dim} values, {self.contour_frames} frames, "
            f"{100 * self.voiced_share:.0f} % with a pitch, {self.instrument}"
        )


@dataclass(frozen=True)
class SoundedNote:
    """One note that was written to a file."""

    path: str
    instrument: str
    #: The pitch's name, such as "A4", and its MIDI number, which may have a fraction.
    pitch: str
    pitch_midi: float
    #: 1 to 127.
    velocity: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.instrument}, {self.pitch} ({self.pitch_midi:g}), "
            f"velocity {self.velocity}, {self.seconds:g} s"
        )


@dataclass(frozen=True, kw_only=True)
class NoteReport(Report):
    """What `PlayNote` did: one note, or one for each timbre that was drawn.

    >>> report = aeolia.PlayNote("piano", "C4").run(None, "piano.wav")
    >>> report.notes[0]
    SoundedNote(path='piano.wav', instrument='piano', pitch='C4', pitch_midi=60.0, ...)
    """

    notes: tuple[SoundedNote, ...]

    def line(self) -> str:
        """The note; of several, the first."""
        return str(self.notes[0])

    def remarks(self) -> tuple[str, ...]:
        """The other notes."""
        return tuple(map(str, self.notes[1:]))


@dataclass(frozen=True, kw_only=True)
class ScoreReport(Report):
    """What `play_score_file` did; warned of is what was not played as the score has it.

    >>> from aeolia.runtime.synth.score import Note, Score
    >>> score = Score((Note(0.0, 0.5, 60, 90), Note(0.5, 1.5, 67, 90)))  # from, until, pitch
    >>> report = aeolia.play_score_file(score, "song.wav", players={1: "flute"})
    >>> report.notes, report.players
    (2, {1: 'flute'})
    """

    #: How many were played.
    notes: int
    #: Channel (1 to 16) -> instrument, or several where its program changes: "piano and flute".
    players: dict[int, str]
    #: Peak of the sound as it was made, in dBFS.
    peak_db: float
    #: What the whole was lowered by so as not to clip: 0.0, or a number below.
    gain_db: float

    def remarks(self) -> tuple[str, ...]:
        """By how much the sound was lowered."""
        if not self.gain_db:
            return ()
        return (
            f"lowered by {-self.gain_db:.1f} dB, because its peak was {self.peak_db:+.1f} dBFS",
        )

    def _summary(self) -> str:
        players = ", ".join(f"{channel}={name}" for channel, name in self.players.items())
        return f"{self.notes} notes, {super()._summary()}; {players}"


@dataclass(frozen=True, kw_only=True)
class SfzReport(Report):
    """What `export_sfz` did; `frames` are those of all samples together.

    >>> report = aeolia.export_sfz("snare", "snare", model="drums")
    >>> report.samples, report.loops, report.lowest, report.highest
    (4, 0, 0, 127)
    """

    #: Its name, or "kit".
    instrument: str
    #: How many were written, and how many of them have loops.
    samples: int
    loops: int
    #: MIDI numbers of the keys that sound.
    lowest: int
    highest: int

    def line(self) -> str:
        """The folder, and what lies there."""
        keys = f"keys {self.lowest} to {self.highest}"
        return (
            f"{self.output}: {self.instrument}, {keys}, {self.samples} samples "
            f"({self.loops} with loops), {self.seconds:.0f} s of sound"
        )
