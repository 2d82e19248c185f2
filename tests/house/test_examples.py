"""Every public name shows an example, and the examples do what they show."""

from __future__ import annotations

import doctest
import inspect
import sys
from pathlib import Path

import pytest

import aeolia
from made.documents import MATCHING, make_desk

NAMES = sorted(set(aeolia.__all__) - {"__version__"})
#: Examples that need what is an extra -> its package.
EXTRAS = {
    **dict.fromkeys(("decode", "Decode", "encode", "Encode", "Encoding"), "swift_f0"),
    **dict.fromkeys(("EncodingReport", "morph", "Morph", "MorphReport"), "swift_f0"),
    **dict.fromkeys(("shift", "shift_file", "Shift", "ShiftReport"), "swift_f0"),
    **dict.fromkeys(("transfer", "transfer_file", "Transfer", "TransferReport"), "swift_f0"),
    "TrainingError": "torch",
}


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    make_desk(tmp_path, monkeypatch)
    text = inspect.getdoc(getattr(aeolia, name)) or ""
    globals_ = {"aeolia": aeolia}
    example = doctest.DocTestParser().get_doctest(text, globals_, name, None, 0)
    assert example.examples, f"{name} shows no example"
    assert not any(one.options for one in example.examples), f"{name}: an example is skipped"
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=MATCHING)
    runner.run(example, out=report.append)
    if sys.modules.get("pyworld", sys) is None:  # taken away by the example of its absence
        del sys.modules["pyworld"]
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
