"""The page of a listening test: its logic in Node.js, the whole of it in a headless browser.

Where there is no Node.js or no Chromium these tests are skipped; `.ci/run` installs Chromium.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aeolia.evaluation.listening.analysis import analyse_ratings
from aeolia.evaluation.listening.make import make_listening_test
from aeolia.evaluation.listening.page import render_listening_page
from aeolia.evaluation.listening.ratings import read_ratings
from made.browser import Browser, find_browser

LOGIC = Path(__file__).parents[3] / "src" / "aeolia" / "evaluation" / "listening" / "logic.js"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")

MUSHRA = {
    "id": "t1",
    "method": "mushra",
    "seed": 0,
    "systems": [
        {"name": "ours, new", "role": "system"},
        {"name": "clean", "role": "reference"},
        {"name": "anchor 7 kHz", "role": "anchor"},
    ],
    "items": [
        {"name": f"clip{n}", "sounds": ["a", "b", None if n == 2 else "c"]} for n in range(6)
    ],
}
AB = {
    "id": "t2",
    "method": "ab",
    "seed": 5,
    "systems": [{"name": name, "role": "system"} for name in ("x", "y", 'z "best"')],
    "items": [{"name": f"clip{n}", "sounds": ["a", "b", "c"]} for n in range(4)],
}


def node(expression: str, **values: Any) -> Any:
    """What a JavaScript expression over the logic's functions is."""
    given = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    code = (
        f"Object.assign(globalThis, require({json.dumps(str(LOGIC))})); {given}"
        f"console.log(JSON.stringify({expression}));"
    )
    assert NODE is not None
    done = subprocess.run([NODE, "-e", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_orders_follow_seed_and_listener_and_lose_nothing() -> None:
    first, again, other, reseeded = node(
        "[makeTrials(test, 'Ada'), makeTrials(test, 'Ada'), makeTrials(test, 'Bob'), "
        "makeTrials({...test, seed: 1}, 'Ada')]",
        test=MUSHRA,
    )
    assert first == again
    assert first != other and first != reseeded and other != reseeded
    for trials in (first, other, reseeded):
        there = {(trial["item"], system) for trial in trials for system in trial["sounds"]}
        assert there == {(n, s) for n in range(6) for s in range(3)} - {(2, 2)}
        assert len(trials) == 6


@needs_node
def test_every_pair_is_compared_once() -> None:
    trials = node("makeTrials(test, 'Ada')", test=AB)
    found = sorted((trial["item"], *sorted(trial["sounds"])) for trial in trials)
    assert found == [(n, *pair) for n in range(4) for pair in ((0, 1), (0, 2), (1, 2))]


@needs_node
def test_every_order_is_equally_likely() -> None:
    orders = node(
        "Array.from({length: 3000}, (_, n) => shuffled([0, 1, 2], drawer(`0/r${n}`)).join(''))"
    )
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    # Chi-squared with 5 degrees of freedom is below 20.5 in 99.9 % of cases; the seeds are fixed.
    assert sum((count - 500) ** 2 / 500 for count in counts) < 20.5


@needs_node
def test_ratings_become_csv_that_python_reads(tmp_path: Path) -> None:
    text, missing, rated = node(
        "(() => { const trials = makeTrials(test, 'Eve, \"2nd\"'); const ratings = {};"
        "for (const trial of trials.slice(0, 5)) ratings[keyOf(trial)] = "
        "Object.fromEntries(trial.sounds.map((s) => [s, 10 * trial.item + s]));"
        "const last = trials[5]; ratings[keyOf(last)] = {[last.sounds[0]]: 7};"
        "return [toCsv(test, 'Eve, \"2nd\"', ratings), unrated(last, ratings), "
        "countRated(trials, ratings)]; })()",
        test=MUSHRA,
    )
    assert rated == 5 and missing[0] == "B"
    (tmp_path / "r.csv").write_text(text, newline="")
    ratings = read_ratings([tmp_path / "r.csv"])
    assert ratings.raters == ('Eve, "2nd"',) and ratings.method == "mushra"
    assert {row.trial for row in ratings.rows} == set(range(1, 7))
    whole = [row for row in ratings.rows if row.trial < 6]
    systems = [system["name"] for system in MUSHRA["systems"]]
    assert {row.system for row in whole} == set(systems)
    for row in whole:
        assert row.rating == 10 * int(row.item[4:]) + systems.index(row.system)
    assert len(ratings.rows) == len(whole) + 1


@needs_node
def test_choices_and_grades() -> None:
    chosen = node(
        "[preference(t, 'A'), preference(t, 'B'), preference(t, '')]",
        t={"item": 0, "sounds": [4, 2]},
    )
    assert chosen == [{"2": 0, "4": 1}, {"2": 1, "4": 0}, {"2": 0.5, "4": 0.5}]
    assert node("[0, 19, 20, 59, 80, 100].map(gradeOf)") == [0, 0, 1, 2, 4, 4]


def test_names_cannot_break_out_of_the_page() -> None:
    bad = "</script><script>alert(1)</script> @logic@ é"
    text = render_listening_page(
        identity="t",
        title=bad,
        method="ab",
        seed=0,
        systems=[{"name": bad, "role": "system"}],
        items=[{"name": bad, "reference": None, "sounds": ["a.flac"]}],
    )
    assert text.count("<script") == 4 and "alert(1)</script>" not in text
    found = re.search(r'id="test">(.*?)</script>', text)
    assert found and json.loads(found[1])["items"][0]["name"] == bad
    assert json.loads(base64.b64decode(json.loads(found[1])["systems"]))[0]["name"] == bad


# ---- in the browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    browser = Browser(program, tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two clips of a clean tone, noisy, and noisier."""
    top = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    time = np.arange(24000) / 16000
    for name, level in (("clean", 0.0), ("good", 0.02), ("bad", 0.1)):
        (top / name).mkdir()
        for clip, pitch_hz in (("low", 220), ("high", 440)):
            tone = 0.2 * np.sin(2 * np.pi * pitch_hz * time)
            audio = tone + level * rng.standard_normal(24000)
            soundfile.write(top / name / f"{clip}.wav", audio, 16000)
    return [top / "clean", top / "good", top / "bad"]


def begin(browser: Browser, page: Path, rater: str) -> None:
    browser.open(page)
    assert browser.value("document.activeElement.id") == "rater"
    browser.value("document.getElementById('rater').value = ''")
    browser.type(rater)
    browser.press("Enter", 13)
    browser.wait("byId('start').hidden")


def hear(browser: Browser, key: str, letter: str) -> None:
    browser.press(key)
    browser.wait(
        f"players.get('{letter}').audio.currentTime > 0.05 && playing === '{letter}' "
        f"&& wasHeard(trials[session.at], '{letter}')"
    )


def exported(browser: Browser, rater: str) -> Path:
    browser.click("#export")
    return browser.saved(f"ratings-{rater}.csv")


#: What a listener thinks of each system, whichever letter it has.
OPINIONS = {"clean": 100, "good": 70, "bad": 35, "anchor 7 kHz": 60, "anchor 3.5 kHz": 30}


def test_mushra_is_played_rated_exported_and_analysed(
    browser: Browser, folders: list[Path], tmp_path: Path
) -> None:
    made = make_listening_test(folders[1:], tmp_path / "test", reference=folders[0], seed=3)
    begin(browser, made.page, "Ada")
    for trial in range(2):
        assert browser.value("byId('heading').textContent") == f"Clip {trial + 1} of 2"
        hear(browser, "r", "R")
        browser.press("n")
        assert browser.value("byId('status').textContent") == "Listen to and rate: A, B, C, D, E."
        for number, letter in enumerate("ABCDE", 1):
            slider = f'input[data-letter="{letter}"]'
            assert browser.value(f"document.querySelector('{slider}').disabled")
            hear(browser, str(number), letter)
            assert not browser.value("players.get('R').audio.currentTime > 0 && playing === 'R'")
            browser.wait(f"document.activeElement === document.querySelector('{slider}')")
            name = browser.value(f"test.systems[trials[session.at].sounds[{number - 1}]].name")
            if name == "clean":
                browser.press("End", 35)
            else:
                browser.value(f"document.activeElement.value = {OPINIONS[name] - 1}")
                browser.press("ArrowRight", 39)
            text = browser.value("document.activeElement.getAttribute('aria-valuetext')")
            assert text.startswith(f"{OPINIONS[name]}, ")
        if trial == 0:
            browser.press("n")
    browser.press("p")  # what was rated stays
    values = browser.value("[...document.querySelectorAll('output')].map((o) => o.textContent)")
    assert sorted(values) == sorted(str(value) for value in OPINIONS.values())
    browser.press("n")
    browser.click("#next")
    browser.wait("!byId('end').hidden")
    assert browser.value("byId('status').textContent") == "All clips are rated."

    begin(browser, made.page, "Ada")  # a reload, or another day
    assert browser.value("countRated(trials, session.ratings)") == 2
    analysis = analyse_ratings(read_ratings([exported(browser, "Ada")]))
    assert {name: analysis.mean(name).mean for name in OPINIONS} == OPINIONS
    assert analysis.mean("good").n == 2 and not analysis.excluded


def test_ab_is_played_chosen_exported_and_analysed(
    browser: Browser, folders: list[Path], tmp_path: Path
) -> None:
    made = make_listening_test(folders, tmp_path / "test")
    begin(browser, made.page, "Bob")
    for trial in range(6):
        assert browser.value("byId('heading').textContent") == f"Clip {trial + 1} of 6"
        browser.press("a")  # not before both were heard
        assert browser.value("countRated(trials, session.ratings)") == trial
        hear(browser, "1", "A")
        hear(browser, "2", "B")
        names = browser.value("trials[session.at].sounds.map((s) => test.systems[s].name)")
        better = "a" if OPINIONS[names[0]] > OPINIONS[names[1]] else "b"
        browser.press("e" if set(names) == {"good", "bad"} else better)
        browser.press("n")
    browser.wait("!byId('end').hidden")
    analysis = analyse_ratings(read_ratings([exported(browser, "Bob")]))
    assert analysis.preferences("clean", "bad") == (2, 0, 0)
    assert analysis.preferences("good", "clean") == (0, 0, 2)
    assert analysis.preferences("good", "bad") == (0, 2, 0)


def test_page_is_labelled_and_says_what_is_wrong(
    browser: Browser, folders: list[Path], tmp_path: Path
) -> None:
    made = make_listening_test(folders[1:], tmp_path / "test", reference=folders[0])
    begin(browser, made.page, "Cyd")
    unnamed = browser.value(
        "[...document.querySelectorAll('button, input, textarea, progress')].filter((e) => "
        "!(e.getAttribute('aria-label') || e.textContent || e.labels?.length)).length"
    )
    assert unnamed == 0
    assert browser.value("byId('text-bar').hidden")  # it would tell the names
    assert not browser.value("document.body.innerText.includes('anchor')")
    shutil.rmtree(made.page.parent / "audio")
    begin(browser, made.page, "Dan")
    browser.press("1")
    browser.wait("byId('status').textContent.includes('cannot be played')")
    rows = list(csv.reader(io.StringIO(browser.value("byId('text').value"))))
    assert len(rows) == 1 and rows[0][0] == "test"
