"""Two-alternative trials: which of two images is the real one, over readers and pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.errors import InvalidError
from app.report import analysed, printing
from app.report.rows import Rating
from app.stats.estimates import Interval, NotEstimable, Proportion
from app.stats.two_alternative import ReaderTrials, TwoAlternative, two_alternative

WHY_NO_RATES = "Each answer is about a pair, so there is no rate of real or of synthetic images by itself."


@dataclass(frozen=True, slots=True)
class Compared:
    """One model's pairs: `found` over readers and pairs, `readers` in the order of its readers' trials."""

    model: str
    pairs: int
    readers: tuple[str, ...]
    found: TwoAlternative


def split(ratings: Sequence[Rating]) -> tuple[list[Rating], list[Rating]]:
    """Answers about single images, and those about pairs; raises InvalidError where there are both."""
    single = [rating for rating in ratings if not rating.other]
    paired = [rating for rating in ratings if rating.other]
    if single and paired:
        where = "" if paired[0].row is None else f" (row {paired[0].row})"
        raise InvalidError(
            f"Some answers are about pairs{where} and others about single images; give each their own file."
        )
    return single, paired


def compare(ratings: Sequence[Rating]) -> tuple[Compared, ...]:
    """The trials of each model, sorted; raises InvalidError where an image is compared with itself."""
    for rating in ratings:
        if rating.other == rating.image:
            raise InvalidError(f"{_place(rating)}the image “{rating.image}” is compared with itself.")
    models = sorted({rating.model for rating in ratings}, key=analysed.counting)
    return tuple(_compare(name, [rating for rating in ratings if rating.model == name]) for name in models)


def _compare(model: str, ratings: Sequence[Rating]) -> Compared:
    readers = sorted({rating.reader for rating in ratings})
    pairs = sorted({_pair(rating) for rating in ratings})
    row_of, column_of = ({name: at for at, name in enumerate(names)} for names in (readers, pairs))
    real_left = np.zeros((len(readers), len(pairs)), np.bool_)
    chose_left = np.full((len(readers), len(pairs)), np.nan)
    for rating in ratings:
        place = row_of[rating.reader], column_of[_pair(rating)]
        if not np.isnan(chose_left[place]):
            raise InvalidError(f"{_place(rating)}reader “{rating.reader}” answered this pair twice.")
        real_left[place], chose_left[place] = rating.truth == "real", rating.answer == "real"
    return Compared(model, len(pairs), tuple(readers), two_alternative(real_left, chose_left))


def _place(rating: Rating) -> str:
    return "" if rating.row is None else f"Row {rating.row}: "


def _pair(rating: Rating) -> str:
    """A pair's name, whichever of its images stands left."""
    return "\n".join(sorted((rating.image, rating.other)))


def headline(compared: Compared) -> str:
    """How often the real image was found, over readers and pairs, and what that is as d′."""
    found = compared.found.correct
    of = f" of {compared.model}" if compared.model else ""
    who = "The reader" if found.readers == 1 else "Readers"
    size = f"{found.readers} reader{'s' * (found.readers > 1)} × {compared.pairs} pair{'s' * (compared.pairs > 1)}"
    share = printing.percent(found.estimate, found.images)
    if not isinstance(found.interval, Interval):
        return f"{who} found the real image in {share} of the pairs{of} ({size}; no interval: {found.interval.reason})."
    bounds = printing.interval(found.interval, found.images)
    against = (
        ""
        if isinstance(found.p_half, NotEstimable)
        else f"; against 50 %: p {printing.p_value(found.p_half)}"
    )
    return f"{who} found the real image in {share} of the pairs{of} (95 % CI {bounds}, {size}{against})."


def each(compared: Compared) -> list[tuple[str, ReaderTrials]]:
    """Each reader with the trials."""
    return list(zip(compared.readers, compared.found.readers, strict=True))


def per_reader(compared: Compared) -> Iterable[tuple[object, ...]]:
    """Rows of per_reader.csv: numbers of trials and the share of right answers under `accuracy`; the rest does not exist."""
    for reader, trials in each(compared):
        n = trials.correct.n if isinstance(trials.correct, Proportion) else 0
        yield (reader, compared.model, n, n, *[None] * 6, trials.correct, *[None] * 5)
