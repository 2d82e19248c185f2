"""Speed, memory and cost of the denoisers and their peers, in one run; and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aeolia.evaluation.tables import markdown
from aeolia.runtime.catalogue import find_model
from benchmarks import say
from benchmarks.measure import cost, speed
from benchmarks.peers.peer import Peer

__all__ = ["Command", "Cost", "Timing", "costs_table", "measure_costs", "measure_speed"]


@dataclass(frozen=True)
class Command:
    """`aeolia denoise` as a process of its own."""

    model: str
    #: Seconds from its start to the file written, for ten seconds of sound.
    cold_start_seconds: float
    #: Minutes of sound -> (peak MB, real-time factor).
    memory: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Cost:
    """What a system's graph does for a second of sound, and how large it is."""

    system: str
    #: Multiply-accumulates without and with its transforms; None where they cannot be counted.
    macs: float | None
    macs_with_transforms: float | None
    size_bytes: int
    ours: bool = False


@dataclass(frozen=True)
class Timing:
    """All that was timed in a run."""

    files: list[speed.FileSpeed] = field(default_factory=list)
    hops: list[speed.HopSpeed] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Timing:
        """What `dataclasses.asdict` made of it."""
        return cls(
            [speed.FileSpeed(**one) for one in found["files"]],
            [speed.HopSpeed(**one) for one in found["hops"]],
            [Command(**one) for one in found["commands"]],
        )

    def file(self, name: str) -> float:
        """Real-time factor of a system over a file."""
        return next(one.real_time_factor for one in self.files if one.name == name)

    def hop(self, name: str) -> float | None:
        """Real-time factor of a system hop by hop; None for one that does not stream."""
        return next((one.real_time_factor for one in self.hops if one.name == name), None)

    def tables(self, ours: set[str]) -> str:
        """Three sections: over a file, hop by hop, the command."""
        return "\n".join([self._files_table(ours), self._hops_table(ours), self._commands_table()])

    def _files_table(self, ours: set[str]) -> str:
        factors = {one.name: one.real_time_factor for one in self.files}
        against = _references(factors)
        rows = [
            [_title(f.name, ours), f"{f.sample_rate // 1000}", f"{f.real_time_factor:.4f}"]
            + [f"{f.real_time_factor / factors[name]:.2f}" for name in against]
            for f in sorted(self.files, key=lambda one: one.real_time_factor)
        ]
        head = ["system", "kHz", "of real time", *(f"over {name}" for name in against)]
        return (
            "## Speed over a file\n\nSixty seconds, one thread; the best of three rounds in which "
            "the systems take turns. Streaming peers are run as they stream, hop by hop.\n\n"
            + markdown(head, rows)
        )

    def _hops_table(self, ours: set[str]) -> str:
        factors = {one.name: one.real_time_factor for one in self.hops}
        against = _references(factors)
        rows = [
            [_title(h.name, ours), f"{h.hop_ms:.0f}", f"{h.median_ms:.3f}", f"{h.p99_ms:.3f}"]
            + [f"{h.real_time_factor:.4f}"]
            + [f"{h.real_time_factor / factors[name]:.2f}" for name in against]
            for h in sorted(self.hops, key=lambda one: one.real_time_factor)
        ]
        head = ["system", "hop ms", "p50 ms", "p99 ms", "p50 of real time"]
        head += [f"over {name}" for name in against]
        return "## Hop by hop\n\nPushed as live audio comes.\n\n" + markdown(head, rows)

    def _commands_table(self) -> str:
        rows = []
        for one in self.commands:
            cells = [f"**{one.model}**", f"{one.cold_start_seconds:.2f}"]
            for minutes in ("1", "60"):
                peak, factor = one.memory.get(minutes, (0.0, 0.0))
                cells += [f"{peak:.0f}" if peak else "", f"{factor:.4f}" if peak else ""]
            rows.append(cells)
        head = ["model", "cold start s", "peak MB, 1 min", "of real time"]
        head += ["peak MB, 1 h", "of real time"]
        return (
            "## The command\n\n`aeolia denoise` as a process of its own. Cold start: ten seconds "
            "of mono audio, process start to file written, median of five. Memory: resident peak "
            "and time, start included, for a 48 kHz stereo file.\n\n" + markdown(head, rows)
        )


def measure_speed(models: Sequence[str], peers: Sequence[Peer], long: bool) -> Timing:
    """Files, hops and the command; with `long` also a file of one hour, for its memory."""
    say("timing files")
    files = speed.file_speeds(models, peers)
    say("timing hops")
    hops = speed.hop_speeds(models, peers)
    commands = []
    for name in models:
        say(f"timing the command with {name}")
        cold = speed.cold_start(name)
        lengths = (1, 60) if long else (1,)
        memory = {str(minutes): speed.peak_memory_mb(name, minutes) for minutes in lengths}
        commands.append(Command(find_model(name).stem, cold, memory))
    return Timing(files, hops, commands)


def measure_costs(models: Sequence[str], peers: Sequence[Peer]) -> list[Cost]:
    """Arithmetic and size of every system."""
    costs = []
    for path in map(find_model, models):
        macs, whole = cost.our_macs_per_second(path)
        costs.append(Cost(path.stem, macs, whole, path.stat().st_size, ours=True))
    for peer in peers:
        costs.append(Cost(peer.name, cost.peer_macs_per_second(peer), None, peer.size_bytes()))
    return costs


def costs_table(costs: Sequence[Cost]) -> str:
    """One section."""
    rows = [
        [
            f"**{one.system}**" if one.ours else one.system,
            *("" if n is None else f"{n / 1e6:.1f}" for n in (one.macs, one.macs_with_transforms)),
            f"{one.size_bytes / 1e6:.2f}",
        ]
        for one in costs
    ]
    return (
        "## Size and arithmetic\n\nMillions of multiply-accumulates a second of audio, counted "
        "from the shapes in a run of the graph. Peers' transforms happen outside their graphs. "
        "MB: the model's file, or the library that holds it.\n\n"
        + markdown(["system", "MMAC/s", "with transforms", "MB"], rows)
    )


def _references(factors: dict[str, float]) -> list[str]:
    return [name for name in ("GTCRN", "RNNoise 0.1.1", "RNNoise 0.2") if name in factors]


def _title(name: str, ours: set[str]) -> str:
    return f"**{name}**" if name in ours else name
