"""The ratings that a listening test's page exports: reading them, and who was careless.

One line of CSV per rated sound:

    test,method,rater,trial,item,position,system,role,rating

MUSHRA ratings run from 0 to 100. In an A/B trial the preferred system has 1, the other 0, and
both have 0.5 where there was no difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aeolia.config.ranges import shown
from aeolia.errors import DataError
from aeolia.files import read_rows

__all__ = ["Rating", "Ratings", "careless", "read_ratings"]

_COLUMNS = (
    "test",
    "method",
    "rater",
    "trial",
    "item",
    "position",
    "system",
    "role",
    "rating",
)
_ROLES = ("system", "reference", "anchor")
_ALLOWED = {"mushra": "a number from 0 to 100", "ab": "0, 0.5 or 1"}
#: Post-screening of BS.1534-3 (4.1.2): a listener who rates the hidden reference below 90 in more
#: than 15 % of the trials is left out.
_REFERENCE_AT_LEAST, _MOST_BELOW = 90.0, 0.15
#: To choose the same side in all of so many A/B trials happens by chance once in 128 times.
_SAME_SIDE_TRIALS = 8


@dataclass(frozen=True)
class Rating:
    """One line of a file: what one listener said of one sound."""

    rater: str
    trial: int
    item: str
    #: Letter on the screen.
    position: str
    system: str
    role: str
    rating: float


@dataclass(frozen=True)
class Ratings:
    """The ratings of one test, repeated lines left out."""

    method: str
    rows: tuple[Rating, ...]

    @property
    def raters(self) -> tuple[str, ...]:
        """In order of name."""
        return tuple(sorted({row.rater for row in self.rows}))

    @property
    def systems(self) -> dict[str, str]:
        """Role of each system, by name."""
        return {row.system: row.role for row in self.rows}

    def of(self, rater: str) -> tuple[Rating, ...]:
        """One listener's."""
        return tuple(row for row in self.rows if row.rater == rater)

    def without(self, raters: Sequence[str]) -> Ratings:
        """The ratings of everyone else."""
        return Ratings(self.method, tuple(row for row in self.rows if row.rater not in raters))


def read_ratings(paths: Sequence[Path | str]) -> Ratings:
    """The ratings of all files, which must be of one test.

    A line that comes twice (an earlier export of the same listener) counts once.

    Raises:
        DataError: a file that cannot be read or is no export, ratings out of range, files of
            different tests, or one listener with two ratings of the same sound.
    """
    found: dict[tuple[str, str, str, str], tuple[Path, Rating]] = {}
    first: tuple[Path, str, str] | None = None
    for path in map(Path, paths):
        for test, method, rating in _read_file(path):
            if first is None:
                first = path, test, method
            elif (test, method) != first[1:]:
                raise DataError(
                    f"{path} is of another test ({test}, {method}) than {first[0]} "
                    f"({first[1]}, {first[2]}); analyse each test on its own"
                )
            # In an A/B test a system meets each other one: the trial distinguishes them.
            trial = str(rating.trial) if method == "ab" else ""
            key = rating.rater, rating.item, trial, rating.system
            other = found.setdefault(key, (path, rating))
            if other[1].rating != rating.rating:
                raise DataError(
                    f"{other[0]} and {path} hold two different ratings by {rating.rater!r} of "
                    f"{rating.system} on {rating.item!r}; leave out the older file, or give the "
                    "listeners names of their own"
                )
    if first is None:
        raise DataError("no ratings came; name the CSV files that listeners exported")
    ratings = Ratings(first[2], tuple(rating for _, rating in found.values()))
    if ratings.method == "ab":
        _check_pairs(ratings)
    return ratings


def _read_file(path: Path) -> Iterator[tuple[str, str, Rating]]:
    """(test, method, rating) of each line."""
    columns, rows = read_rows(path, "export of ratings", DataError, exact=True)
    if not rows:
        raise DataError(f"{path} holds no ratings; leave it out, or export it again")
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        raise DataError(
            f"{path} lacks the column {missing[0]!r}; name a file that the page of a listening "
            "test exported"
        )
    for number, row in enumerate(rows, 2):
        rating = _number(row["rating"])
        if row["method"] not in _ALLOWED or row["role"] not in _ROLES or not _whole(row["trial"]):
            raise DataError(f"{path}, line {number}: not as exported; export the ratings again")
        allowed = rating in (0.0, 0.5, 1.0) if row["method"] == "ab" else 0 <= rating <= 100
        if not allowed:
            raise DataError(
                f"{path}, line {number}: the rating is {shown(row['rating'])}; "
                f"{_ALLOWED[row['method']]} is needed"
            )
        yield (
            row["test"],
            row["method"],
            Rating(
                row["rater"],
                int(row["trial"]),
                row["item"],
                row["position"],
                row["system"],
                row["role"],
                rating,
            ),
        )


def _check_pairs(ratings: Ratings) -> None:
    """Every A/B trial has two sounds of one clip, whatever files its lines came from."""
    trials: dict[tuple[str, int], list[Rating]] = {}
    for row in ratings.rows:
        trials.setdefault((row.rater, row.trial), []).append(row)
    for (rater, trial), rows in trials.items():
        if len(rows) != 2 or rows[0].item != rows[1].item or sum(r.rating for r in rows) != 1:
            raise DataError(
                f"trial {trial} of {rater!r} is not one choice between two sounds; give "
                "listeners names of their own, and export their ratings again"
            )


def _number(text: str) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _whole(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def careless(ratings: Ratings) -> dict[str, str]:
    """Listeners who are left out, and why.

    MUSHRA: BS.1534-3's rule on the hidden reference. A/B, where nothing is known to be right:
    the same side chosen in every one of at least eight trials.
    """
    found = {}
    for rater in ratings.raters:
        rows = ratings.of(rater)
        if ratings.method == "mushra":
            given = [row.rating for row in rows if row.role == "reference"]
            below = sum(rating < _REFERENCE_AT_LEAST for rating in given)
            if given and below / len(given) > _MOST_BELOW:
                found[rater] = (
                    f"rated the hidden reference below {_REFERENCE_AT_LEAST:g} in {below} of "
                    f"{len(given)} trials"
                )
        else:
            sides = [row.position if row.rating == 1 else "" for row in rows if row.rating != 0]
            n_trials = len({row.trial for row in rows})
            if n_trials >= _SAME_SIDE_TRIALS and len(set(sides)) == 1 and sides[0]:
                found[rater] = f"preferred {sides[0]} in all {n_trials} trials"
    return found
