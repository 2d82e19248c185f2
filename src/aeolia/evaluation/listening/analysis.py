"""What listeners said: means with 95 % intervals, differences and preferences."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aeolia.errors import DataError
from aeolia.evaluation.listening.ratings import Ratings, careless
from aeolia.evaluation.statistics import (
    Interval,
    mean_interval,
    paired_difference,
    share_interval,
)
from aeolia.evaluation.tables import format_interval
from aeolia.pictures.table import Table

__all__ = ["Analysis", "analyse_ratings"]


@dataclass(frozen=True)
class Analysis:
    """The ratings that count, and who was left out."""

    ratings: Ratings
    excluded: dict[str, str]

    def mean(self, system: str, item: str | None = None) -> Interval:
        """Over all ratings of a system, or those of one clip."""
        return mean_interval(
            [
                row.rating
                for row in self.ratings.rows
                if row.system == system and item in (None, row.item)
            ]
        )

    def mean_of_raters(self, system: str) -> Interval:
        """The mean of the listeners' own means: its interval holds for other listeners."""
        given = defaultdict(list)
        for row in self.ratings.rows:
            if row.system == system:
                given[row.rater].append(row.rating)
        return mean_interval([sum(values) / len(values) for values in given.values()])

    def difference(self, system: str, other: str) -> Interval:
        """`system` minus `other`, each listener and clip with itself."""
        cells: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        for row in self.ratings.rows:
            cells[row.rater, row.item][row.system] = row.rating
        both = [cell for cell in cells.values() if system in cell and other in cell]
        return paired_difference([cell[system] for cell in both], [cell[other] for cell in both])

    def preferences(self, system: str, other: str) -> tuple[int, int, int]:
        """A/B: how often `system` was preferred, neither, and `other`."""
        trials: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
        for row in self.ratings.rows:
            trials[row.rater, row.trial][row.system] = row.rating
        won = [trial[system] for trial in trials.values() if {system, other} == set(trial)]
        return won.count(1.0), won.count(0.5), won.count(0.0)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Of tested systems, the better one first."""
        tested = [name for name, role in self._ranked() if role == "system"]
        return list(combinations(tested, 2))

    def _ranked(self) -> list[tuple[str, str]]:
        """Systems and their roles, best first."""
        return sorted(
            self.ratings.systems.items(), key=lambda system: (-self.mean(system[0]).mean, system[0])
        )

    def tables(self) -> list[Table]:
        """For the terminal."""
        if self.ratings.method == "ab":
            return [_preference_table(self)]
        tables = [_quality_table(self)]
        if self.pairs:
            tables.append(_difference_table(self))
        return [*tables, _item_table(self)]

    def words(self) -> list[str]:
        """Who was left out, one line each."""
        return [f"{rater} is left out: {reason}" for rater, reason in self.excluded.items()]

    def as_json(self) -> str:
        """All figures; JSON text, ending in a line break."""
        ratings = self.ratings
        result: dict[str, Any] = {
            "method": ratings.method,
            "raters": list(ratings.raters),
            "excluded": self.excluded,
        }
        if ratings.method == "mushra":
            items = sorted({row.item for row in ratings.rows})
            result["systems"] = {
                name: {
                    "role": role,
                    "rating": self.mean(name).as_dict(),
                    "over_raters": self.mean_of_raters(name).as_dict(),
                    "items": {item: self.mean(name, item).as_dict() for item in items},
                }
                for name, role in self._ranked()
            }
            result["differences"] = [
                {"system": a, "minus": b, **self.difference(a, b).as_dict()} for a, b in self.pairs
            ]
        else:
            result["preferences"] = [
                {
                    "system": a,
                    "over": b,
                    **_share(self, a, b).as_dict(),
                    **dict(zip(("wins", "even", "losses"), self.preferences(a, b), strict=True)),
                }
                for a, b in self.pairs
            ]
        return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def analyse_ratings(ratings: Ratings) -> Analysis:
    """Leave out careless listeners; the ratings of the others are what the figures are of.

    Raises:
        DataError: every listener was careless.
    """
    excluded = careless(ratings)
    kept = ratings.without(list(excluded))
    if not kept.rows:
        rater, reason = next(iter(excluded.items()))
        raise DataError(
            f"all {len(excluded)} listener(s) are left out, such as {rater}, who {reason}; ask "
            "more people"
        )
    return Analysis(kept, excluded)


def _quality_table(analysis: Analysis) -> Table:
    raters = len(analysis.ratings.raters)
    rows = tuple(
        (
            name if role != "reference" else f"{name} (hidden reference)",
            format_interval(analysis.mean(name), 1),
            format_interval(analysis.mean_of_raters(name), 1),
            str(analysis.mean(name).n),
        )
        for name, role in analysis._ranked()
    )
    note = (
        f"{raters} listener(s). The first interval counts every rating as one draw, the second "
        "every listener, which is what another group of listeners would agree with."
    )
    columns = ("system", "mean ± 95 %", "of listeners' means", "ratings")
    return Table("Quality from 0 (bad) to 100 (excellent)", columns, rows, 1, note)


def _difference_table(analysis: Analysis) -> Table:
    found = [(a, b, analysis.difference(a, b)) for a, b in analysis.pairs]
    rows = tuple((f"{a} − {b}", format_interval(d, 1, sign=True), str(d.n)) for a, b, d in found)
    bold = frozenset((row, 1) for row, (*_, d) in enumerate(found) if d.excludes_zero)
    note = "Ratings of one clip by one listener, one minus the other; stressed: zero is outside."
    return Table("Differences", ("systems", "mean ± 95 %", "pairs"), rows, 1, note, bold)


def _item_table(analysis: Analysis) -> Table:
    systems = [name for name, _ in analysis._ranked()]
    rows = tuple(
        (item, *(format_interval(analysis.mean(name, item), 0) for name in systems))
        for item in sorted({row.item for row in analysis.ratings.rows})
    )
    return Table("By clip", ("clip", *systems), rows)


def _preference_table(analysis: Analysis) -> Table:
    rows, bold = [], set()
    for number, (a, b) in enumerate(analysis.pairs):
        share, counts = _share(analysis, a, b), analysis.preferences(a, b)
        text = "–"
        if share.n:
            text = f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%})"
        rows.append((f"{a} over {b}", text, *map(str, counts), str(share.n)))
        if share.n and not share.low <= 0.5 <= share.high:
            bold.add((number, 1))
    note = (
        f"{len(analysis.ratings.raters)} listener(s). No difference counts as half; stressed: "
        "an even share is outside the interval."
    )
    columns = ("systems", "preferred (95 %)", "for", "even", "against", "trials")
    return Table("Preferences", columns, tuple(rows), 1, note, frozenset(bold))


def _share(analysis: Analysis, system: str, other: str) -> Interval:
    wins, even, losses = analysis.preferences(system, other)
    return share_interval(wins + even / 2, wins + even + losses)
