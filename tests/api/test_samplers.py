"""Instruments as SFZ, played by another program (sfizz), sound as the instruments themselves do."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import aeolia
from aeolia.audio.pitch.contour import loudness_contour
from aeolia.audio.pitch.names import midi_to_hz
from aeolia.runtime.synth.encoding import Encoding

RATE, HOP = 48000, 480


class Sampler:
    """sfizz with an instrument."""

    def __init__(self, path: Path) -> None:
        pysfizz = pytest.importorskip("pysfizz", reason="sfizz plays SFZ: pip install pysfizz")
        self._sfizz = pysfizz.Synth(RATE, HOP)
        assert self._sfizz.load_sfz_file(str(path)), f"{path}: sfizz does not read it"
        self.keys: list[int] = self._sfizz.playable_keys

    def play(self, key: int, velocity: int, held: float, seconds: float) -> np.ndarray:
        """A note as float32 samples [T].

        sfizz reads files in the background, and plays what it has of them meanwhile.
        """
        last = np.zeros(0)
        for _ in range(20):
            self._sfizz._synth.all_sound_off()  # what the note before left
            self._sfizz._synth.render_block()
            audio = self._sfizz.render_note(key, velocity, held, seconds)[0]
            if audio.any() and np.array_equal(audio, last):
                return np.asarray(audio, np.float32)
            last = audio
            time.sleep(0.2)
        raise AssertionError("sfizz plays a note otherwise each time")


def cents_off(audio: np.ndarray, key: int) -> float:
    """How far the fundamental lies above a key's, by the turn of its phase between two windows."""
    hz, size, apart = float(midi_to_hz(key)), RATE // 2, RATE // 20
    turn = np.exp(-2j * np.pi * hz * np.arange(len(audio)) / RATE) * audio
    first, later = ((turn[at : at + size] * np.hanning(size)).sum() for at in (RATE, RATE + apart))
    more_hz = float(np.angle(later / first)) / (2 * np.pi * apart / RATE)
    return float(1200 * np.log2(1 + more_hz / hz))


def levels(audio: np.ndarray) -> np.ndarray:
    return loudness_contour(audio, HOP)


@pytest.fixture(scope="module")
def cello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released cello, seven keys: it sustains."""
    folder = tmp_path_factory.mktemp("sfz") / "cello"
    report = aeolia.export_sfz(folder, "cello", keys="C3:F#3")
    assert (report.samples, report.loops) == (12, 12)
    assert (report.lowest, report.highest, report.warnings) == (48, 54, ())
    return folder / "cello.sfz"


def test_a_sampler_plays_it_in_tune_and_as_loud(cello: Path) -> None:
    sampler = Sampler(cello)
    assert sampler.keys == list(range(48, 55))
    offsets = []
    for key, velocity in ((48, 127), (50, 100), (53, 64), (53, 63), (51, 33), (54, 20)):
        played = sampler.play(key, velocity, 6.0, 6.5)
        ours, _ = aeolia.synthesise("cello", key, velocity=velocity, seconds=6.25)
        assert abs(cents_off(played, key)) < 2
        assert abs(cents_off(ours, key)) < 2
        # From shortly behind the attack to the release; the loop begins at 3 s, goes on to 6.
        difference = (levels(played)[:595] - levels(ours)[:595])[10:]
        offsets.append(float(np.median(difference)))
        assert np.abs(difference - offsets[-1]).max() < 1.0
        released = levels(played)[[603, 608, 613]]
        assert -7 < np.diff(released).mean() < -5  # 60 dB in half a second: 6 in 50 ms
    # The sampler has a level of its own, the same for all keys and velocities.
    assert np.ptp(offsets) < 0.6


def test_velocities_rise_without_a_gap(cello: Path) -> None:
    sampler = Sampler(cello)
    loudest = [levels(sampler.play(49, v, 0.5, 0.5)).max() for v in range(24, 128, 4)]
    assert (np.diff(loudest) > 0).all()
    assert np.diff(loudest).max() < 2.5


def test_a_loop_is_heard_by_nobody(cello: Path) -> None:
    """Nothing repeats at the loop's rate: no step, no dip, no tick in the high frequencies."""
    audio = Sampler(cello).play(50, 120, 9.0, 9.0)
    steady, first = audio[4 * RATE :], audio[RATE : 3 * RATE]
    assert np.abs(np.diff(steady)).max() < 1.1 * np.abs(np.diff(first)).max()
    assert np.ptp(levels(steady)[5:-5]) < 1.0
    # Second differences of second differences: a click is loud there.
    tick = np.abs(np.diff(steady, 4)).reshape(-1)
    assert tick.max() < 1.3 * np.abs(np.diff(first, 4)).max()


def test_the_text_names_what_is_there(cello: Path) -> None:
    text = cello.read_text()
    files = re.findall(r"sample=(\S+)", text)
    assert sorted(files) == sorted(path.name for path in cello.parent.glob("*.flac"))
    ends = {file: int(end) for file, end in re.findall(r"sample=(\S+).* loop_end=(\d+)", text)}
    for file in files:
        info = soundfile.info(cello.parent / file)
        assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "PCM_24")
        assert ends[file] < info.frames
    velocities = re.findall(r"lovel=(\d+) hivel=(\d+)", text)
    assert velocities == [("1", "31"), ("32", "63"), ("64", "95"), ("96", "127")]
    curve = dict(re.findall(r"amp_velcurve_(\d+)=([\d.]+)", text))
    assert list(map(int, curve)) == list(range(1, 128))


def test_what_decays_decays(synth_folder: Path, tmp_path: Path) -> None:
    model = str(synth_folder / "notes.onnx")
    seen: list[tuple[int, int | None]] = []
    operation = aeolia.ExportSfz("piano", keys="60:62", model=model)
    report = operation.run(None, tmp_path / "piano", progress=lambda *at: seen.append(at))
    assert seen[:4] == [(n, 4) for n in range(1, 5)] and report.loops == 0
    sampler = Sampler(tmp_path / "piano" / "piano.sfz")
    for key in (60, 61, 62):
        played = sampler.play(key, 100, 3.0, 3.5)
        ours, _ = aeolia.synthesise("piano", key, velocity=100, seconds=3.3, model=model)
        assert abs(cents_off(played, key)) < 2
        difference = (levels(played)[:290] - levels(ours)[:290])[5:]
        assert np.ptp(difference) < 1.3  # a semitone up, a sample dies away so much sooner


def test_a_kit_lies_on_general_midis_keys(synth_folder: Path, tmp_path: Path) -> None:
    model = str(synth_folder / "drums.onnx")
    report = aeolia.export_sfz(tmp_path / "kit", model=model)
    assert report.instrument == "kit" and (report.lowest, report.highest) == (35, 81)
    text = (tmp_path / "kit" / "kit.sfz").read_text()
    loud = text.partition("lovel=96")[2]
    assert re.search(r"sample=kick-v127.flac lokey=36 hikey=36", loud)
    assert re.search(r"sample=hihat-v127.flac lokey=42 .*one_shot group=1 off_by=1", loud)
    assert "group" not in next(line for line in loud.splitlines() if "lokey=38" in line)
    sampler = Sampler(tmp_path / "kit" / "kit.sfz")
    assert sampler.keys == list(range(35, 82))
    with pytest.raises(aeolia.InputError, match="General MIDI's keys"):
        aeolia.export_sfz(tmp_path / "other", keys="36:40", model=model)


def test_one_drum_sounds_the_same_on_every_key(synth_folder: Path, tmp_path: Path) -> None:
    model = str(synth_folder / "drums.onnx")
    assert aeolia.export_sfz(tmp_path / "snare", "snare", model=model).samples == 4
    sampler = Sampler(tmp_path / "snare" / "snare.sfz")
    assert sampler.keys == list(range(128))
    low, high = (levels(sampler.play(key, 90, 1.0, 1.0)) for key in (30, 90))
    np.testing.assert_allclose(low[5:], high[5:], atol=0.1)


def _encoding(model: Any, value: float) -> Encoding:
    config = model.config
    return Encoding(
        np.full((2, config.latent_dim), value, np.float32),
        np.array([0.0, 1.0]),
        model.instrument("alto_sax"),
        np.full(10, 220.0, np.float32),
        np.full(10, -20.0, np.float32),
        config.name,
        config.instruments,
        config.sample_rate,
        config.hop_length,
        4800,
        1,
        44100,
        4410,
    )


def test_a_recordings_timbre(synth_folder: Path, tmp_path: Path) -> None:
    model = aeolia.load(synth_folder / "notes.onnx")
    _encoding(model, 3.0).save(tmp_path / "bright.npz")
    report = aeolia.export_sfz(
        tmp_path / "bright", timbre=tmp_path / "bright.npz", keys="60:60", model=model
    )
    assert report.instrument == "alto_sax"
    aeolia.export_sfz(tmp_path / "dark", timbre=_encoding(model, -9.0), keys="60:60", model=model)
    bright, dark = (
        soundfile.read(tmp_path / name / "alto_sax-060-v127.flac")[0] for name in ("bright", "dark")
    )
    second = [np.abs(np.fft.rfft(one[:RATE]))[523 - 4 : 523 + 5].max() for one in (bright, dark)]
    assert second[0] > 5 * second[1]
    for more in ({"instrument": "piano"}, {"text": "bright"}, {"drawn": True}):
        with pytest.raises(aeolia.InputError, match="were given; give one of the two|an instr"):
            aeolia.export_sfz(tmp_path / "no", timbre=_encoding(model, 0.0), model=model, **more)
    other = aeolia.load(synth_folder / "drums.onnx")
    with pytest.raises(aeolia.InputError, match="decode it with the model that encoded it"):
        aeolia.export_sfz(tmp_path / "no", timbre=_encoding(model, 0.0), model=other)
    assert not (tmp_path / "no").exists()


def test_far_keys_are_warned_about(synth_folder: Path, tmp_path: Path) -> None:
    report = aeolia.export_sfz(
        tmp_path / "sax", "alto_sax", keys="20:20", model=str(synth_folder / "notes.onnx")
    )
    assert "far beyond what alto_sax was learned from (C#3 to A5)" in report.warnings[0]


def test_a_failed_export_leaves_nothing(
    synth_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aeolia.api.samplers.write_audio", full)
    with pytest.raises(aeolia.InputError, match="cannot be written .No space left on device"):
        aeolia.export_sfz(
            tmp_path / "sax", "alto_sax", keys="60:60", model=str(synth_folder / "notes.onnx")
        )
    assert not list(tmp_path.iterdir())
