"""What may be shared between threads: sixteen streams over one released model, each as if alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from aeolia.runtime.catalogue import load
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.passage import Passage
from aeolia.runtime.separate.sources import parse_sources
from aeolia.runtime.separate.stream import SeparationStream
from aeolia.runtime.synth.performance import Performance, PlayedNote

N_THREADS = 16
RATE = 48000


def recordings() -> list[np.ndarray]:
    """A different sound [T] for each thread: what leaks from one to another shows."""
    rng = np.random.default_rng(0)
    time = np.arange(RATE // 4) / RATE
    return [
        (
            0.1 * np.sin(2 * np.pi * (110.0 + 30.0 * n) * time)
            + 0.03 * rng.standard_normal(len(time))
        ).astype(np.float32)
        for n in range(N_THREADS)
    ]


def pushed(stream: Passage[np.ndarray], audio: np.ndarray) -> np.ndarray:
    """A recording [T] through a stream in blocks of 10 ms."""
    blocks = [stream.push(audio[start : start + 480]) for start in range(0, len(audio), 480)]
    return np.concatenate([*blocks, stream.flush()])


def same_alone_and_together(work: Callable[[int], np.ndarray]) -> None:
    """Piece n of the work gives the same whether it runs alone or beside fifteen others."""
    alone = [work(n) for n in range(N_THREADS)]
    ready = threading.Barrier(N_THREADS)

    def together(n: int) -> np.ndarray:
        ready.wait()
        return work(n)

    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(together, range(N_THREADS)))
    for one, other in zip(alone, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(np.abs(one).max() > 1e-4 for one in alone)
    assert not np.array_equal(alone[0], alone[1])


def test_streams_over_one_denoiser() -> None:
    backend, audio = load("denoise"), recordings()
    same_alone_and_together(lambda n: pushed(DenoisingStream(backend, RATE), audio[n]))


def test_streams_over_one_separator() -> None:
    backend, audio = load("separate", "separate"), recordings()
    sources = parse_sources(["speech", "music"], backend.config.classes)

    def both(n: int) -> np.ndarray:
        stream = SeparationStream(backend, sources, RATE)
        blocks = [stream.push(block) for block in np.split(audio[n][:9600], 4)]
        blocks.append(stream.flush())
        return np.concatenate([np.stack(list(block.values())) for block in blocks], axis=1)

    same_alone_and_together(both)


def test_performances_over_one_synthesiser() -> None:
    model = load("notes", "synthesise")
    names = model.config.instruments

    def note(n: int) -> np.ndarray:
        condition = model.instrument(names[n])
        pitch = float(round(np.mean(model.range_of(condition))))
        latent = model.prior(condition[None], np.array([pitch]), np.array([0.8])).mean[0]
        played = PlayedNote(model, 0.0, 0.3, condition, latent, pitch, 0.8)
        return Performance([played], seed=n).render()

    same_alone_and_together(note)


def test_transfers_over_one_synthesiser_and_one_pitch_tracker() -> None:
    pytest.importorskip("swift_f0")
    from aeolia.runtime.synth.transfer import TransferStream

    model, audio = load("notes", "synthesise"), recordings()
    instruments = [model.instrument(name) for name in model.config.instruments[:N_THREADS]]
    same_alone_and_together(
        lambda n: pushed(TransferStream(model, instruments[n], RATE, seed=n), audio[n])
    )
