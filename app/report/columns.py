"""Answers as columns of numbers, from which models are compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.report.rows import Rating
from app.stats.estimates import NotEstimable

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
UNNAMED = ""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """n answers: places of reader and image in the lists of names, then what was said; NaN where a column is empty.

    An image is known by its model too, as (model, image): two models may number their own images alike.
    """

    readers: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    image_is_real: Bools
    reader: Ints
    image: Ints
    said_real: Floats
    likert: Floats
    position: Floats
    seconds: Floats

    @classmethod
    def of(cls, ratings: Sequence[Rating]) -> "Columns":
        """The columns of these ratings; readers and images sorted by name."""
        n = len(ratings)
        truth = {(r.model, r.image): r.truth == "real" for r in ratings}
        readers, images = sorted({r.reader for r in ratings}), sorted(truth)
        reader_at = {name: place for place, name in enumerate(readers)}
        image_at = {key: place for place, key in enumerate(images)}
        return cls(
            tuple(readers),
            tuple(images),
            np.array([truth[key] for key in images], np.bool_),
            np.fromiter((reader_at[r.reader] for r in ratings), np.intp, n),
            np.fromiter((image_at[r.model, r.image] for r in ratings), np.intp, n),
            np.fromiter((r.answer == "real" for r in ratings), np.float64, n),
            _floats([r.likert for r in ratings]),
            _floats([r.position for r in ratings]),
            _floats([r.seconds for r in ratings]),
        )

    @property
    def real(self) -> Bools:
        """Whether each answer is about a real image."""
        real: Bools = self.image_is_real[self.image]
        return real

    def only(self, keep: Bools | Ints) -> "Columns":
        """Some of the answers; the lists of names stay as they are."""
        names = ("reader", "image", "said_real", "likert", "position", "seconds")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def named(self, model: str) -> Bools:
        """Which answers are about an image of this name of a model; shared real images have an empty one."""
        named: Bools = np.array([name == model for name, _ in self.images], np.bool_)[self.image]
        return named

    def places(self) -> tuple[Ints, Ints] | NotEstimable:
        """Each answer's place from 0 in its reader's order, and how many that reader gave."""
        if not np.isfinite(self.position).all():
            return NotEstimable("not every answer has a position")
        order = np.lexsort((self.position, self.reader))
        number = np.bincount(self.reader, minlength=len(self.readers))
        start = np.cumsum(number) - number
        rank = np.empty(len(order), np.intp)
        rank[order] = np.arange(len(order)) - start[self.reader[order]]
        return rank, number[self.reader]

    def by_reader(self) -> Iterator[tuple[str, "Columns"]]:
        """Each reader who answered, sorted by name, with their own answers."""
        readers, number = np.unique(self.reader, return_counts=True)
        places = np.split(np.argsort(self.reader, kind="stable"), np.cumsum(number)[:-1])
        for reader, mine in zip(readers, places, strict=False):
            yield self.readers[reader], self.only(mine)

    def likerts(self, *, real: bool) -> Floats:
        """The Likert ratings that were given to images of one truth (n,)."""
        rated: Floats = self.likert[(self.real == real) & np.isfinite(self.likert)]
        return rated

    def table(self, *, real: bool) -> Floats:
        """Readers × images of one truth: 1 where the answer is “real”, 0 where it is not, NaN where there is none."""
        mine = self.real == real
        return _spread(self.said_real[mine], _numbered(self.reader[mine]), _numbered(self.image[mine]))

    def tables(self, *, real: bool) -> Floats:
        """Answers as in `table`, and Likert ratings (2, readers, images), with a row for each reader who answered anything."""
        mine = self.real == real
        rows, number = _numbered(self.reader)
        places = (rows[mine], number), _numbered(self.image[mine])
        return np.stack([_spread(values[mine], *places) for values in (self.said_real, self.likert)])


def of_model(columns: Columns, name: str) -> Columns:
    """The model's own images and the real ones that all models share.

    A reader who answered images of other models but none of this one says nothing about it, and is left out.
    """
    mine, shared = columns.named(name), columns.named(UNNAMED)
    number = len(columns.readers)
    own = np.bincount(columns.reader[mine], minlength=number) > 0
    others = np.bincount(columns.reader[~mine & ~shared], minlength=number) > 0
    elsewhere = others & ~own
    return columns.only(mine | (shared & columns.real & ~elsewhere[columns.reader]))


def _numbered(places: Ints) -> tuple[Ints, int]:
    """The places (n,) among those that occur, and how many do."""
    occurs = np.bincount(places) > 0
    return np.cumsum(occurs)[places] - 1, int(occurs.sum())


def _spread(values: Floats, rows: tuple[Ints, int], columns: tuple[Ints, int]) -> Floats:
    table = np.full((rows[1], columns[1]), np.nan)
    table[rows[0], columns[0]] = values
    return table


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
