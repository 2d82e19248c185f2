"""Words for sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import InputError
from aeolia.runtime.synth.instrument import OnnxSynthesiser
from aeolia.runtime.synth.tags import known_words, read_tags


@pytest.fixture(scope="module")
def model(synth_folder: Path) -> OnnxSynthesiser:
    return OnnxSynthesiser(synth_folder / "notes.onnx")


def test_measured_words_are_steps_in_the_latent(model: OnnxSynthesiser) -> None:
    assert read_tags("bright", model).step.tolist() == [1, 0, 0, 0]
    assert read_tags("dark, dark piano", model).step.tolist() == [-2, 0, 0, 0]
    assert read_tags("bright dark", model).step.tolist() == [0, 0, 0, 0]


def test_words_choose_instruments(model: OnnxSynthesiser) -> None:
    assert read_tags("plucked", model).instruments == ("double_bass",)
    assert read_tags("a Double-Bass", model).instruments == ("double_bass",)
    assert read_tags("blown reed", model).instruments == ("alto_sax",)
    # The one that most words fit.
    assert read_tags("piano alto sax", model).instruments == ("alto_sax",)
    assert read_tags("piano sax", model).instruments == ("piano", "alto_sax")
    assert read_tags("bright", model).instruments == model.config.instruments


def test_pitch_and_velocity(model: OnnxSynthesiser) -> None:
    wish = read_tags("low loud sax", model)
    assert (wish.range_share, wish.velocity) == (0.2, 115)
    plain = read_tags("sax", model)
    assert (plain.range_share, plain.velocity) == (None, None)
    np.testing.assert_array_equal(plain.step, 0)


def test_unknown_words(model: OnnxSynthesiser) -> None:
    with pytest.raises(InputError, match="'brigth' says nothing .* did you mean 'bright'"):
        read_tags("brigth piano", model)
    with pytest.raises(InputError, match="no word to go by; it knows alto"):
        read_tags(" , the", model)
    assert set(known_words(model)) >= {"bright", "dark", "low", "high", "loud", "soft", "sax"}
