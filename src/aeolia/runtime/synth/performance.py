"""Playing scores: every note begun at its very sample, summed block by block.

A voice is rendered in chunks of one block from its own first sample on. Every block, each sounding
voice gives one chunk, which may reach into the next block:

    block n    |------------|------------|
    voice a   chunk --------|chunk ------|
    voice b         chunk --|-----|chunk |----

Memory is that of the voices that sound at the same time. What voices send into the room is summed
in a channel of its own, and the room is heard beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from aeolia.errors import InputError
from aeolia.runtime.synth.stage.room import RoomFilter
from aeolia.runtime.synth.voices import PlayedNote, Sounding, Voices, touch

__all__ = ["Performance", "PlayedNote", "touch"]


class Performance:
    """Voices played together, as blocks of audio: stereo where any of them has a position.

    Args:
        voices: in any order.
        seed: of all noise. What a voice sounds like depends on the seed and its index in
            `voices`, not on the block size.
        frames_per_block: of the first model's frames; few for a quick start, many for speed.
        channels: 1 lays all voices in the middle, 2 is stereo whatever they ask for.
        room: let a small room be heard around the voices; in stereo.

    Raises:
        InputError: no voices; models of different sample rates or hops.
    """

    def __init__(
        self,
        voices: Sequence[PlayedNote],
        *,
        seed: int = 0,
        frames_per_block: int = 32,
        channels: int | None = None,
        room: bool = False,
    ) -> None:
        if not voices:
            raise InputError("there is nothing to play: no voice came")
        configs = {(v.model.config.sample_rate, v.model.config.hop_length) for v in voices}
        if len(configs) > 1:
            raise InputError(
                f"the models differ in sample rate or hop ({sorted(configs)}); play them apart"
            )
        ((self.sample_rate, self._hop),) = configs
        self._frames = frames_per_block
        self._voices = _by_onset(voices, self.sample_rate)
        self._seed = seed
        #: 1, or 2 where a voice lies anywhere but in the middle, unless it was asked for.
        self.channels = channels or (2 if any(voice.pan is not None for voice in voices) else 1)
        self._has_room = room and self.channels == 2

    @property
    def seconds(self) -> float:
        """When the last key goes up; its release follows."""
        return max(voice.release_seconds for _, _, voice in self._voices)

    def blocks(self) -> Iterator[np.ndarray]:
        """The sound [T] or [T, 2], float32, block after block; the last may be shorter."""
        room = RoomFilter(self.sample_rate) if self._has_room else None
        for block in self._sums():
            if room is None:
                yield block
            else:
                yield block[:, :2] + room.push(block[:, 2])
        if room is not None:
            yield room.flush()

    def _sums(self) -> Iterator[np.ndarray]:
        """The voices alone, [T] or [T, 2]; with a room, what it gets is a third channel."""
        length = self._frames * self._hop
        engine = Voices(self.sample_rate, self._hop, self._frames, self.channels, self._has_room)
        waiting, sounding = deque(self._voices), list[Sounding]()
        shape = (2 * length,) if self.channels == 1 else (2 * length, 2 + self._has_room)
        mix, start = np.zeros(shape, np.float32), 0
        end = 0  # sample after the last that sounds
        while waiting or sounding or end > start:
            while waiting and waiting[0][0] < start + length:
                onset, index, voice = waiting.popleft()
                sounding.append(Sounding(voice, onset, (self._seed, index)))
            for one, chunk in engine.chunks(sounding):
                offset = one.position - length - start
                mix[offset : offset + length] += chunk
                end = max(end, one.end)
            sounding = [one for one in sounding if not one.finished]
            last = not waiting and not sounding
            yield mix[: min(length, end - start) if last else length].copy()
            mix[:length], mix[length:] = mix[length:], 0.0
            start += length

    def render(self) -> np.ndarray:
        """All of it at once, [T] or [T, 2] float32."""
        return np.concatenate(list(self.blocks()))


def _by_onset(voices: Sequence[PlayedNote], sample_rate: int) -> list[tuple[int, int, PlayedNote]]:
    """(first sample, index in the list, voice), in the order of time."""
    onsets = [(round(v.onset_seconds * sample_rate), n, v) for n, v in enumerate(voices)]
    return sorted(onsets, key=lambda entry: entry[:2])
