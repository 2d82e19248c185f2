"""The pool: decoded once, the same sound as the file, at each speed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from aeolia.data.cache import cache_folder
from aeolia.data.corpus.manifest import Row
from aeolia.data.pool import AudioPool
from aeolia.errors import DataError
from made.recordings import made_rows, noise_like, voice_like, write


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEOLIA_CACHE", str(tmp_path / "cache"))


def item(pool: AudioPool, index: int) -> np.ndarray:
    return pool.sound(index).astype(np.float64) / 32768


def test_items_hold_the_sound_of_their_files(tmp_path: Path) -> None:
    rows = made_rows(tmp_path)[:4]
    pool = AudioPool.from_manifest(rows, 16000, speeds=(1.0,))
    assert len(pool) == 4 and pool.seconds == pytest.approx(sum(row.seconds for row in rows))
    for index, row in enumerate(rows):
        sound = soundfile.read(row.path)[0]
        assert np.allclose(item(pool, index), 0.9 * sound / np.abs(sound).max(), atol=4e-5)


def test_speeds_shift_length_pitch_and_bandwidth(tmp_path: Path) -> None:
    rate = 16000
    tone = np.sin(2 * np.pi * 1000.0 * np.arange(rate) / rate).astype(np.float32)
    row = Row(str(write(tmp_path / "t.wav", tone, rate)), "rir", seconds=1.0, bandwidth_hz=4000.0)
    pool = AudioPool.from_manifest([row], rate, speeds=(0.8, 1.25))
    for index, speed in enumerate((0.8, 1.25)):
        assert pool.lengths[index] == pytest.approx(rate / speed, abs=2)
        spectrum = np.abs(np.fft.rfft(item(pool, index)))
        peak_hz = np.argmax(spectrum) * rate / pool.lengths[index]
        assert peak_hz == pytest.approx(1000.0 * speed, abs=2.0)
        assert pool.bandwidth_hz[index] == pytest.approx(4000.0 * speed)


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    sound = voice_like(1.0, 44100)
    row = Row(str(write(tmp_path / "v.wav", sound, 44100)), "speech", seconds=1.0)
    pool = AudioPool.from_manifest([row], 16000, speeds=(1.0,))
    expected = soxr.resample(soundfile.read(row.path)[0], 44100, 16000)
    assert np.allclose(item(pool, 0), 0.9 * expected / np.abs(expected).max(), atol=1e-4)


def test_the_bandwidth_of_speech_is_measured_where_the_manifest_is_too_high(
    tmp_path: Path,
) -> None:
    sound = soxr.resample(noise_like(3.0, 16000), 16000, 48000)  # nothing above 8 kHz
    path = str(write(tmp_path / "up.wav", sound, 48000))
    row = Row(path, "speech", "x", "s", 3.0, 48000, bandwidth_hz=24000.0)
    pool = AudioPool.from_manifest([row], 48000, speeds=(1.0,))
    assert 7000.0 < pool.bandwidth_hz[0] <= 8100.0


def test_a_second_run_uses_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made_rows(tmp_path)[:3]
    first = AudioPool.from_manifest(rows, 16000)
    monkeypatch.setattr("aeolia.data.pool.decoded", None)
    again = AudioPool.from_manifest(rows, 16000)
    assert np.array_equal(first.samples, again.samples)
    assert [path.name[0] for path in cache_folder().iterdir()] == ["p"]  # nothing partial


def test_a_changed_file_is_decoded_again(tmp_path: Path) -> None:
    rows = made_rows(tmp_path)[:1]
    before = AudioPool.from_manifest(rows, 16000, speeds=(1.0,))
    write(Path(rows[0].path), noise_like(1.0, 16000), 16000)
    after = AudioPool.from_manifest(rows, 16000, speeds=(1.0,))
    assert before.lengths[0] == 40000 and after.lengths[0] == 16000


def test_a_subset_shares_samples(tmp_path: Path) -> None:
    rows = made_rows(tmp_path)
    pool = AudioPool.from_manifest(rows, 16000, speeds=(1.0, 1.1))
    noise = pool.subset(lambda row: row.kind == "noise")
    assert len(noise) == 12 and noise.samples is pool.samples
    assert {noise.row(index).kind for index in range(len(noise))} == {"noise"}
    index = next(i for i in range(len(pool)) if pool.row(i).kind == "noise")
    assert np.array_equal(item(noise, 0), item(pool, index))
    with pytest.raises(DataError, match="no recording is left"):
        pool.subset(lambda row: False)


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recordings were given"):
        AudioPool.from_manifest([], 16000)
    with pytest.raises(DataError, match="cannot read .*gone.wav"):
        AudioPool.from_manifest([Row(str(tmp_path / "gone.wav"))], 16000)
    (tmp_path / "text.wav").write_text("not audio")
    with pytest.raises(DataError, match="cannot decode .*text.wav"):
        AudioPool.from_manifest([Row(str(tmp_path / "text.wav"))], 16000)
    assert list(cache_folder().iterdir()) == []


def test_not_finite_and_silent_samples_become_zero(tmp_path: Path) -> None:
    sound = voice_like(0.5, 16000)
    sound[100:200] = np.nan
    soundfile.write(tmp_path / "n.wav", sound, 16000, subtype="FLOAT")
    silent = write(tmp_path / "s.wav", np.zeros(800, np.float32), 16000)
    rows = [Row(str(tmp_path / "n.wav"), "noise"), Row(str(silent), "noise")]
    pool = AudioPool.from_manifest(rows, 16000, speeds=(1.0,))
    assert np.all(item(pool, 0)[100:200] == 0.0) and np.abs(item(pool, 0)).max() > 0.8
    assert np.all(item(pool, 1) == 0.0)
