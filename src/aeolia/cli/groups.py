"""Help of `aeolia` itself: its commands in groups by what they are for."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["GROUPS", "CommandGroups"]

#: Heading -> its commands in the order in which help shows them.
GROUPS = {
    "Recordings": ("denoise", "separate", "bulk", "live", "mic", "web"),
    "Notes and timbres": ("synth", "play", "transfer", "shift", "morph", "encode", "decode"),
    "Training and models": ("models", "recipes", "data", "train", "tune", "export"),
    "How good it is": ("evaluate", "listen-test"),
}


class CommandGroups(TyperGroup):
    """A group of commands whose help has a section for each of `GROUPS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the groups, and what is in none of them behind."""
        placed = [name for names in GROUPS.values() for name in names if name in self.commands]
        return [*placed, *(name for name in self.commands if name not in placed)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group; all have their descriptions in one column."""
        width = max(map(len, self.commands))
        limit = formatter.width - 6 - width
        for heading, names in GROUPS.items():
            rows = [
                (name.ljust(width), self.commands[name].get_short_help_str(limit))
                for name in names
                if name in self.commands
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)
