"""The report: numbers that add up, strict JSON, a page that needs nothing outside itself."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aeolia import metrics
from aeolia.errors import InputError
from aeolia.evaluation import (
    Clip,
    ClipScores,
    EvaluationReport,
    Gallery,
    Pair,
    Version,
    gallery,
    pair_sounds,
    print_table,
    render_page,
    snr_groups,
    worst_clips,
    write_report,
)

CHOSEN = tuple(metrics.choose_metrics(["si_sdr", "log_spectral_distance"]))


def _row(name: str, system: str, snr_db: float, si_sdr: float, lsd: float) -> ClipScores:
    return ClipScores(
        name,
        system,
        2.0,
        16000,
        1,
        snr_db,
        False,
        0.01,
        {"noise": "rain"},
        {"si_sdr": si_sdr, "log_spectral_distance": lsd},
        ("judged by nobody",) if math.isnan(si_sdr) else (),
    )


def _report() -> EvaluationReport:
    levels = {"a": -5.0, "b": -5.0, "c": 10.0}
    gains = {"a": 6.0, "b": 1.0, "c": math.nan}
    return EvaluationReport(
        "ours on <clips>",
        CHOSEN,
        {
            "noisy": [_row(name, "noisy", level, level, 20.0) for name, level in levels.items()],
            "ours": [_row(n, "ours", level, level + gains[n], 15.0) for n, level in levels.items()],
        },
    )


def test_means_groups_and_differences() -> None:
    report = _report()
    assert report.mean("noisy", "si_sdr").mean == pytest.approx(0.0)
    assert report.mean("noisy", "si_sdr", "-5 dB").mean == pytest.approx(-5.0)
    assert report.mean("ours", "si_sdr").n == 2  # the clip that could not be judged is out
    assert report.difference("ours", "noisy", "si_sdr").mean == pytest.approx(3.5)
    assert report.groups == {"-5 dB": ["a", "b"], "10 dB": ["c"]}
    assert report.real_time_factor("ours") == pytest.approx(0.01)


def test_many_levels_are_gathered_in_bins_of_5_db() -> None:
    rows = [_row(str(n), "x", level, 0.0, 0.0) for n, level in enumerate(np.linspace(-7, 17, 40))]
    groups = snr_groups(rows)
    assert list(groups) == ["-5 dB", "0 dB", "5 dB", "10 dB", "15 dB"]
    assert sum(map(len, groups.values())) == 40


def test_worst_clips_are_those_with_the_least_gain() -> None:
    report = _report()
    si_sdr, lsd = CHOSEN
    noisy, ours = report.scores["noisy"], report.scores["ours"]
    assert worst_clips(ours, si_sdr, 5, baseline=noisy) == ["b", "a"]
    assert worst_clips(noisy, si_sdr, 1) == ["a"]
    assert len(worst_clips(ours, lsd, 2)) == 2


def test_json_is_strict_and_csv_complete() -> None:
    report = _report()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    summary = json.loads(report.as_json(), parse_constant=refuse)
    assert summary["systems"]["ours"]["all"]["si_sdr"]["mean"] == pytest.approx(-1.5)
    assert summary["systems"]["ours"]["clips_with_problems"] == 1
    assert summary["systems"]["ours"]["by_snr_db"]["10 dB"]["si_sdr"]["mean"] is None
    assert summary["differences"][0]["system"] == "ours"
    rows = list(csv.DictReader(io.StringIO(report.as_csv())))
    assert len(rows) == 6
    assert rows[0]["noise"] == "rain" and float(rows[0]["si_sdr"]) == -5.0
    assert rows[5]["si_sdr"] == "" and rows[5]["problems"] == "judged by nobody"


def test_tables_stress_the_better_system(capsys: pytest.CaptureFixture[str]) -> None:
    summary, differences, groups = _report().tables()
    assert summary.columns == ("", "noisy", "ours")
    assert (1, 2) in summary.bold  # lower spectral distance is better
    assert differences.rows[0][1].startswith("+3.50 ±")
    assert [row[:3] for row in groups.rows][:2] == [("-5 dB", "noisy", "2"), ("-5 dB", "ours", "2")]
    for table in _report().tables(short=True):
        print_table(table)
    assert "By input SNR" in capsys.readouterr().out


class _Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for key, value in attrs if key in ("src", "href")]


def test_page_holds_everything_inside_itself(tmp_path: Path) -> None:
    pairs = []
    for name in "abc":
        audio = 0.1 * np.random.default_rng(0).standard_normal(16000)
        for side in ("noisy", "clean"):
            soundfile.write(tmp_path / f"{name}.{side}.wav", audio, 16000)
        pairs.append(Pair(name, tmp_path / f"{name}.noisy.wav", tmp_path / f"{name}.clean.wav"))
    systems = {"noisy": lambda x, _: x, "ours": lambda x, _: 0.5 * x}
    shown = gallery("Worst", "", _report(), ["b", "a"], pair_sounds(pairs, systems))
    assert [clip.title for clip in shown.clips] == ["b", "a"]
    assert [v.label for v in shown.clips[0].versions] == ["noisy", "ours", "clean"]
    written = write_report(tmp_path / "deep" / "report", _report(), [shown])
    page = _Page(written.read_text(encoding="utf-8"))
    assert page.tags.count("audio") == page.tags.count("img") == 6
    assert all(source.startswith("data:") for source in page.sources)
    assert "ours on &lt;clips&gt;" in written.read_text(encoding="utf-8")
    names = sorted(path.name for path in written.parent.iterdir())
    assert names == ["report.html", "scores.csv", "summary.json"]


def test_embedded_audio_is_the_audio() -> None:
    import base64
    import re

    audio = 0.5 * np.sin(np.arange(8000) / 5)
    loud = np.stack([3 * audio, audio, audio], axis=1)  # three channels, above full scale
    clips = (
        Clip("x", "", 8000, (Version("before", audio),)),
        Clip("y", "", 8000, (Version("before", loud),)),
    )
    for frequency in ("linear", "log"):
        page = render_page("t", "i", [], [Gallery("g", "n", clips)], frequency=frequency)
    first, second = (
        soundfile.read(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r"data:audio/flac;base64,([^\"]+)", page)
    )
    assert first[1] == 8000
    assert np.allclose(first[0], audio, atol=1e-4)
    assert second[0].shape == (8000,)


def test_an_unwritable_folder_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(tmp_path / "file", _report())
