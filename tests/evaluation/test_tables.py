"""Numbers and tables as text."""

from __future__ import annotations

import math

from aeolia.evaluation.statistics import Interval, mean_interval
from aeolia.evaluation.tables import format_interval, format_number, markdown


def test_numbers_have_their_digits_and_nan_is_a_dash() -> None:
    assert format_number(1.25, 1) == "1.2" and format_number(1.25, 2, sign=True) == "+1.25"
    assert format_number(math.nan, 1) == "–"
    assert format_interval(Interval(2.0, 1.5, 2.5, 9), 2) == "2.00 ± 0.50"
    assert format_interval(mean_interval([2.0]), 1, sign=True) == "+2.0"


def test_markdown() -> None:
    text = markdown(["system", "dB"], [["ours", "1.0"], ["theirs", "0.5"]])
    assert text.splitlines() == [
        "| system | dB |",
        "| --- | ---: |",
        "| ours | 1.0 |",
        "| theirs | 0.5 |",
    ]
