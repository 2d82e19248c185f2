"""SeparationStream: known answers in any partition, sums, alignment, names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeolia.config import SeparateConfig
from aeolia.config.classes import CLASSES, KIT
from aeolia.errors import InputError
from aeolia.runtime.catalogue import released_models
from aeolia.runtime.separate.backend import OnnxSeparator
from aeolia.runtime.separate.sources import Source, parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from made.recordings import voice_like
from made.tiny_separators import SHARES, write_separator

ASKED = [["speech"], ["noise", "vocals+drums"], ["speech", "music", "noise"], list(CLASSES)]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> OnnxSeparator:
    return OnnxSeparator(write_separator(tmp_path_factory.mktemp("models") / "tiny.onnx"))


def stream_of(backend: OnnxSeparator, asked: list[str], *args, **options) -> SeparationStream:
    return SeparationStream(backend, parse_sources(asked, CLASSES), *args, **options)


def noise(length: int, channels: int, seed: int = 0) -> np.ndarray:
    return (0.2 * np.random.default_rng(seed).standard_normal((length, channels))).astype("f4")


def share(source: Source) -> float:
    return float(source.condition @ np.array(list(SHARES.values())))


def in_pieces(stream: SeparationStream, audio: np.ndarray, sizes: list[int]) -> dict:
    """Push `audio` in blocks of the given sizes (cycled), checking the latency on the way."""
    pieces, pushed, returned, turn = [stream.push(audio[:0])], 0, 0, 0
    while pushed < len(audio):
        block = audio[pushed : pushed + sizes[turn % len(sizes)]]
        pieces.append(stream.push(block))
        lengths = {len(part) for part in pieces[-1].values()}
        assert len(lengths) == 1
        pushed, returned, turn = pushed + len(block), returned + lengths.pop(), turn + 1
        assert pushed - stream.latency <= returned <= pushed
    pieces.append(stream.flush())
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in stream.names}


def requests(samples: int, block: int, channels: int) -> dict[str, st.SearchStrategy]:
    """What is asked of a recording of at most so many samples, in blocks of at most so many."""
    return {
        "asked": st.sampled_from(ASKED),
        "length": st.one_of(st.integers(0, 40), st.integers(0, samples)),
        "channels": st.integers(1, channels),
        "rest": st.booleans(),
        "sizes": st.lists(st.integers(1, block), min_size=1, max_size=6),
    }


@settings(max_examples=30, deadline=None)
@given(**requests(6000, 3000, 3))
def test_any_partition_equals_the_known_answer(
    backend: OnnxSeparator, asked, length: int, channels: int, rest: bool, sizes: list[int]
) -> None:
    audio = noise(length, channels)
    stream = stream_of(backend, asked, None, channels, rest="rest" if rest else None)
    output = in_pieces(stream, audio, sizes)
    sources = parse_sources(asked, CLASSES)
    for source in sources:
        np.testing.assert_allclose(output[source.name], share(source) * audio, atol=1e-6)
    assert list(output) == [*asked, *(["rest"] if rest else [])]
    if rest:
        np.testing.assert_allclose(sum(output.values()), audio, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 22050, 44100, 48000, 96000, 192000]),
    **requests(9000, 5000, 2),
)
def test_any_partition_at_other_rates(
    backend: OnnxSeparator, rate: int, asked, length: int, channels: int, rest, sizes: list[int]
) -> None:
    audio = noise(length, channels)
    stream = stream_of(backend, asked, rate, channels, rest="rest" if rest else None)
    whole = stream.process(audio)
    pieces = in_pieces(stream, audio, sizes)
    for name in stream.names:
        assert whole[name].shape == audio.shape and whole[name].dtype == np.float32
        np.testing.assert_allclose(pieces[name], whole[name], atol=1e-5)
    if stream.remainder:
        np.testing.assert_allclose(sum(whole.values()), audio, atol=2e-6)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_aligned_at_every_rate(backend: OnnxSeparator, rate: int) -> None:
    time = np.arange(rate) / rate
    audio = (0.3 * np.hanning(rate) * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    output = stream_of(backend, ["speech", "bass"], rate).process(audio)
    np.testing.assert_allclose(output["speech"], 0.4 * audio, atol=1e-3)
    np.testing.assert_allclose(output["bass"], 0.15 * audio, atol=1e-3)


def test_a_source_stays_where_it_is(backend: OnnxSeparator) -> None:
    audio = noise(4000, 2) * [1.0, 0.0]
    output = stream_of(backend, ["speech", "music"], 44100, 2).process(audio)
    for part in output.values():
        assert np.abs(part[:, 0]).max() > 0.05 and np.abs(part[:, 1]).max() == 0.0


def test_above_the_models_band_a_complete_set_still_sums(backend: OnnxSeparator) -> None:
    """At 96 kHz nearly all of white noise is above the band of a 16 kHz model."""
    audio = noise(9600, 1)[:, 0]
    output = stream_of(backend, ["speech", "noise", "music"], 96000).process(audio)
    assert np.std(output["noise"]) > 0.8 * np.std(audio) > 4 * np.std(output["speech"])
    np.testing.assert_allclose(sum(output.values()), audio, atol=1e-6)


class Notes:
    """A backend that notes what it is asked, and returns its input for every source."""

    def __init__(self, condition: str = "classes", classes: tuple[str, ...] = CLASSES) -> None:
        self.config = SeparateConfig(condition=condition, classes=classes, condition_dim=4)
        self.partitions: set[float] = set()
        self.sizes: tuple[int, int] | None = None

    def initial_state(self, channels: int, sources: int) -> dict[str, np.ndarray]:
        self.sizes = (channels, sources)
        return {"past": np.zeros((channels, self.config.delay), np.float32)}

    def step(self, audio, condition, partition, state):
        self.partitions.add(float(partition[0]))
        assert audio.dtype == condition.dtype == partition.dtype == np.float32
        received = np.concatenate([state["past"], audio[0]], axis=1)
        output = received[:, : audio.shape[2]]
        sources = np.repeat(output[None, None], condition.shape[1], axis=1)
        return sources, {"past": received[:, audio.shape[2] :]}


@pytest.mark.parametrize(
    ("asked", "partition", "remainder"),
    [
        (["speech"], 0.0, None),
        (["speech", "music"], 0.0, None),
        (["speech", "speech+music", "noise"], 0.0, None),
        (["music", "noise+speech"], 1.0, "noise+speech"),
        (list(CLASSES), 1.0, "noise"),
    ],
)
def test_the_model_knows_when_it_has_all(asked: list[str], partition: float, remainder) -> None:
    backend = Notes()
    stream = SeparationStream(backend, parse_sources(asked, CLASSES), channels=2)
    stream.process(noise(1000, 2))
    assert backend.partitions == {partition}
    assert backend.sizes == (2, len(asked))
    assert stream.remainder == remainder


def test_other_classes_and_speakers() -> None:
    rooms = Notes(classes=("birds", "rain"))
    stream = SeparationStream(rooms, parse_sources(["birds", "rain"], ("birds", "rain")))
    assert stream.remainder == "rain"
    one = np.array([1.0, 0, 0, 0], np.float32)
    stream = SeparationStream(Notes("speaker", ()), [Source("speaker", one)], rest="background")
    audio = noise(700, 1)
    output = stream.process(audio)
    assert stream.remainder == "background"
    np.testing.assert_array_equal(output["speaker"], audio)
    np.testing.assert_array_equal(output["background"], 0.0 * audio)


@pytest.mark.parametrize("classes", [KIT, KIT[:2]])
def test_the_parts_of_a_kit_are_never_all(classes: tuple[str, ...]) -> None:
    backend = Notes(classes=classes)
    stream = SeparationStream(backend, parse_sources(classes, classes), channels=2)
    stream.process(noise(1000, 2))
    assert backend.partitions == {0.0} and stream.remainder is None


def test_reset_and_forms(backend: OnnxSeparator) -> None:
    audio = noise(3000, 1)
    stream = stream_of(backend, ["speech"], 44100, rest="rest")
    first = stream.process(audio[:, 0])
    stream.push(audio)
    stream.reset()
    stream.push(audio[:, 0])
    assert first["rest"].shape == (3000,)
    assert stream.process(audio)["speech"].shape == (3000, 1)
    np.testing.assert_array_equal(stream.process(audio[:, 0])["rest"], first["rest"])
    assert stream.process(audio[:0])["rest"].shape == (0, 1)


def test_bad_requests(backend: OnnxSeparator) -> None:
    with pytest.raises(InputError, match="no source is requested"):
        SeparationStream(backend, [])
    with pytest.raises(InputError, match=r"shape \(3,\).* needs \[6\]"):
        SeparationStream(backend, [Source("speech", np.ones(3, np.float32))])
    with pytest.raises(InputError, match="two outputs have the same name: speech, Speech"):
        SeparationStream(
            backend, [Source(name, np.ones(6, np.float32)) for name in ("speech", "Speech")]
        )
    with pytest.raises(InputError, match="channels is 0"):
        stream_of(backend, ["speech"], None, 0)
    with pytest.raises(InputError, match="sample 3 of channel 1 is nan"):
        block = np.zeros((9, 2), np.float32)
        block[3, 1] = np.nan
        stream_of(backend, ["speech"], None, 2).push(block)


def test_opposite_phase_is_as_good_as_in_phase() -> None:
    """A miswired cable inverts the voice on the right."""
    voice = voice_like(3.0, 48000)
    floor = noise(len(voice), 2) / 0.2 * np.sqrt(np.mean(voice**2)) * 10 ** (-5 / 20)
    backend = OnnxSeparator(released_models()["separate"])
    found = []
    for right in (1.0, -1.0):
        mixture = np.stack([voice, right * voice], axis=1) + floor
        without = stream_of(backend, ["noise"], 48000, 2, rest="rest").process(mixture)["rest"]
        assert np.dot(without[:, 0], voice) / np.dot(voice, voice) > 0.8
        found.append(np.einsum("tc,t->c", without, voice) / np.dot(voice, voice))
    np.testing.assert_allclose(found[1], found[0] * [1.0, -1.0], atol=0.03)
