"""The loop behind the microphone: a recorder, the denoiser, a player; until it is told to end.

    parec -> hops -> LiveBlocks -> + a share of the delayed input -> pacat

Whatever ends (the server, a device, a stalled stream after the machine slept) is begun anew, with
what is there then. The share can change at any hop. Two clocks are at work, the microphone's and
our sink's: what heaps up between them is dropped, a hop at a time, so that the delay stays.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np

from aeolia.api.denoising import open_denoiser
from aeolia.api.microphone import pulse
from aeolia.api.microphone.settings import Progress, Wish, read_wish, write
from aeolia.errors import AeoliaError, ConfigError, InputError
from aeolia.runtime.denoise import DenoisingStream
from aeolia.runtime.live import LiveBlocks

__all__ = ["Filter", "Pipes", "run_engine"]

_REPORT_SECONDS = 1.0
#: How long nothing may come of a microphone, and how long to wait before all is begun anew.
_STALL_SECONDS, _RETRY_SECONDS = 5.0, 1.0
#: More than this, or two buffers, on its way to the server is not played: a delay for ever.
_MOST_QUEUED_SECONDS = 0.1
#: So long a queue must have held hops too many before they are left out; servers take in waves.
_SURPLUS_SECONDS = 10.0
_BYTES = 4  # of a sample
_FIONREAD = 0x541B  # Linux: how much a pipe holds


class Filter:
    """The denoiser with a strength that may change at any block."""

    def __init__(self, model: str, attenuation_limit_db: float | None) -> None:
        backend = open_denoiser(model, None)
        self.sample_rate = backend.config.sample_rate
        self.hop = backend.config.hop_length
        stream = DenoisingStream(backend)
        stream.process(np.zeros(self.hop, np.float32))  # a graph's first step is slow
        self.blocks = LiveBlocks(stream)
        self._delayed = np.zeros(self.blocks.latency, np.float32)
        self.dry = self._aim = dry_share(attenuation_limit_db)

    def limit(self, attenuation_limit_db: float | None) -> None:
        """Noise is lowered by at most so many decibels from the next block on."""
        self._aim = dry_share(attenuation_limit_db)

    def process(self, block: np.ndarray) -> np.ndarray:
        """A block [T] of the microphone to one [T] for the listener, later by the latency."""
        block = np.nan_to_num(block, posinf=0.0, neginf=0.0)
        wet = self.blocks.process(block[:, None])[:, 0]
        inputs = np.concatenate([self._delayed, block])
        delayed, self._delayed = inputs[: len(block)], inputs[len(block) :]
        # A change takes a block, or it would be heard as a click.
        share = np.linspace(self.dry, self._aim, len(block), dtype=np.float32)
        self.dry = self._aim
        return np.asarray(share * delayed + (1.0 - share) * wet, np.float32)


def dry_share(attenuation_limit_db: float | None) -> float:
    """Share of the input in the output: noise keeps at least that."""
    return 0.0 if attenuation_limit_db is None else 10.0 ** (-attenuation_limit_db / 20.0)


class Pipes:
    """A recorder and a player, and the samples between them."""

    def __init__(self, source: str, sample_rate: int, hop: int, buffer_ms: float) -> None:
        self._hop_bytes = hop * _BYTES
        most_seconds = max(_MOST_QUEUED_SECONDS, 2 * buffer_ms / 1000)
        self._most_queued = most_seconds * sample_rate * _BYTES
        self._recorder = pulse.recorder(source, sample_rate, buffer_ms)
        self._player = pulse.player(pulse.SINK, sample_rate, buffer_ms)
        self._least_queued = self._last_queued = self._to_leave_out = 0
        self._looked = time.monotonic()
        self._flows = False
        self.n_left_out = 0

    def read(self) -> np.ndarray:
        """The next hop [T]; waits for it.

        Raises:
            InputError: the microphone ended, or nothing comes of it.
        """
        assert self._recorder.stdout is not None
        descriptor, data = self._recorder.stdout.fileno(), b""
        while len(data) < self._hop_bytes:
            ready, _, _ = select.select([descriptor], [], [], _STALL_SECONDS)
            if not ready:
                raise InputError("nothing comes of the microphone")
            chunk = os.read(descriptor, self._hop_bytes - len(data))
            if not chunk:
                raise InputError("the microphone went away")
            data += chunk
        return np.frombuffer(data, "<f4")

    def write(self, samples: np.ndarray) -> None:
        """Play samples [T], unless too much is on its way already.

        Raises:
            InputError: the player ended.
        """
        assert self._player.stdin is not None
        if self._is_surplus():
            self.n_left_out += self._flows
            return
        try:
            self._player.stdin.write(samples.astype("<f4").tobytes())
        except OSError as error:
            raise InputError("the sound server ended") from error

    def _is_surplus(self) -> bool:
        queued, before = self._queued(), self._last_queued
        self._last_queued = queued
        # A sink takes nothing for up to two seconds when it begins; that is no loss.
        self._flows |= queued < before
        self._least_queued = min(self._least_queued, queued)
        if time.monotonic() - self._looked > _SURPLUS_SECONDS:
            # One hop stays, against drop-outs.
            self._to_leave_out = self._least_queued // self._hop_bytes - 1
            self._least_queued, self._looked = queued, time.monotonic()
        self._to_leave_out -= 1
        return self._to_leave_out >= 0 or queued > self._most_queued

    def _queued(self) -> int:
        """Bytes that the player has not taken yet."""
        import fcntl

        assert self._player.stdin is not None
        answer = fcntl.ioctl(self._player.stdin.fileno(), _FIONREAD, b"\0" * 4)
        return int.from_bytes(answer, "little")

    def close(self) -> None:
        """End both processes."""
        for process in (self._recorder, self._player):
            process.terminate()
        for process in (self._recorder, self._player):
            with suppress(OSError):
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_engine() -> None:
    """Be the microphone until the process is ended, or `read_wish` cannot be followed at all.

    Raises:
        AeoliaError: the model cannot be opened, or PulseAudio's programs are not there.
    """
    began = time.monotonic()
    wish = read_wish()
    filter_ = Filter(wish.model, wish.attenuation_limit_db)
    try:
        while True:
            try:
                wish, filter_ = _session(wish, filter_, began)
            except ConfigError:
                raise
            except InputError as error:
                _report(Progress(os.getpid(), wish, "waiting", str(error)), began)
                time.sleep(_RETRY_SECONDS)
    finally:
        with suppress(AeoliaError):
            pulse.unload_devices()


def _session(wish: Wish, filter_: Filter, began: float) -> tuple[Wish, Filter]:
    """From one recorder and player to the next; returns what is to be done then."""
    found = pulse.server()
    source = pulse.choose_input(found, wish.input)
    if not found.is_on:
        pulse.load_devices(filter_.sample_rate)
    pipes = Pipes(source, filter_.sample_rate, filter_.hop, wish.buffer_ms)
    try:
        with _changes() as changed:
            next_report = time.monotonic()
            while True:
                pipes.write(filter_.process(pipes.read()))
                if time.monotonic() < next_report:
                    continue
                next_report = time.monotonic() + _REPORT_SECONDS
                wanted = read_wish()
                filter_.limit(wanted.attenuation_limit_db)
                limit = wanted.attenuation_limit_db
                if wanted != replace(wish, attenuation_limit_db=limit):  # more than the strength
                    return wanted, _opened(wanted, wish, filter_)
                wish = wanted
                _report(_progress(wish, filter_, pipes, source), began)
                if changed.is_set():
                    changed.clear()
                    found = pulse.server()
                    if not found.is_on or pulse.choose_input(found, wish.input) != source:
                        return wish, filter_
    finally:
        pipes.close()


def _opened(wanted: Wish, before: Wish, filter_: Filter) -> Filter:
    """The filter for a new wish; another rate needs other devices."""
    if wanted.model == before.model:
        return filter_
    fresh = Filter(wanted.model, wanted.attenuation_limit_db)
    if fresh.sample_rate != filter_.sample_rate:
        pulse.unload_devices()
    return fresh


@contextmanager
def _changes() -> Iterator[threading.Event]:
    """An event that is set when sources come or go, or another becomes the default."""
    changed = threading.Event()
    process = subprocess.Popen(
        ["pactl", "subscribe"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if " on source #" in line and "'change'" not in line or " on server" in line:
                changed.set()
        changed.set()  # the server ended

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield changed
    finally:
        process.terminate()
        process.wait()
        listener.join()


def _progress(wish: Wish, filter_: Filter, pipes: Pipes, source: str) -> Progress:
    meter = filter_.blocks.meter
    load, peak_load = meter.read()
    model_ms = 1000.0 * filter_.blocks.latency / filter_.sample_rate
    return Progress(
        os.getpid(),
        wish,
        "on",
        input=source,
        sample_rate=filter_.sample_rate,
        latency_ms=model_ms + 2 * wish.buffer_ms,
        load=load,
        peak_load=peak_load,
        dropped_blocks=meter.n_dropped + pipes.n_left_out,
        n_blocks=meter.n_blocks,
    )


def _report(progress: Progress, began: float) -> None:
    write(replace(progress, seconds=time.monotonic() - began, written=time.time()))
