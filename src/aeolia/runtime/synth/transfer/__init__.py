"""Another instrument plays what was played: pitch and loudness kept, timbre replaced.

    audio -> mono -> tracking: 16 kHz -> pitch tracker -> mended pitch --> tuning --+
                        |                                                |          v
                        +------> loudness --------------------> playing: prior -> decoder -> gain
                                    |                                    |          ^        ^
                                    |                                    +> envelope+        |
                                    +--------------------------------------------------------+

The decoder is given the loudness that the instrument itself would have so long after the note
began, for its timbre was learned with that: a voice that holds its tone would otherwise make a
piano that no hammer struck. The gain then brings the loudness of the recording back.
"""

from __future__ import annotations

from aeolia.runtime.synth.transfer.stream import TransferStream

__all__ = ["TransferStream"]
