"""Which ratings are analysed, and the contradictions between rows that leave nothing to analyse."""

import re
from collections.abc import Iterable, Sequence

from app.errors import InvalidError
from app.report.rows import WORDS, Rating

UNNAMED = ""


def analysed(ratings: Sequence[Rating]) -> tuple[list[Rating], dict[str, int]]:
    """Each reader's first answer to each main image, and how many ratings were left out by kind.

    Raises InvalidError where an image has two truths, an answer stands twice, or a row's model cannot be told.
    """
    main = [rating for rating in ratings if rating.kind == "main"]
    _check_truth(ratings)
    _check_models(main)
    first = _first_presentations(main)
    left_out: dict[str, int] = {}
    for rating in ratings:
        if rating.kind != "main":
            left_out[rating.kind] = left_out.get(rating.kind, 0) + 1
    if len(main) > len(first):
        left_out["later presentation"] = len(main) - len(first)
    return first, left_out


def models(ratings: Sequence[Rating]) -> list[str]:
    """The models under test, sorted as people count; one without a name where no row names one."""
    named = {truth: {rating.model for rating in ratings if rating.truth == truth} for truth in WORDS}
    return sorted(named["synthetic"] or named["real"], key=counting) or [UNNAMED]


def counting(name: str) -> tuple[list[tuple[str, int, str]], str]:
    """A key by which “4 kimg” stands before “16 kimg”."""
    parts = re.split(r"([0-9]+)", name)
    numbers = [number.lstrip("0") for number in (*parts[1::2], "")]
    told = [(text, len(number), number) for text, number in zip(parts[::2], numbers, strict=True)]
    return told, name


def _check_truth(ratings: Iterable[Rating]) -> None:
    truths: dict[tuple[str, str], str] = {}
    for rating in ratings:
        known = truths.setdefault((rating.model, rating.image), rating.truth)
        if known != rating.truth:
            raise InvalidError(
                f"{_place(rating)}the image “{rating.image}” is {rating.truth} here and {known} in an earlier row."
            )


def _check_models(ratings: Sequence[Rating]) -> None:
    synthetic = {rating.model for rating in ratings if rating.truth == "synthetic"}
    named = synthetic - {UNNAMED}
    for rating in ratings:
        if rating.truth == "synthetic" and rating.model == UNNAMED and named:
            raise InvalidError(f"{_place(rating)}this synthetic image has no model, and others have one.")
        if synthetic and rating.model not in synthetic | {UNNAMED}:
            raise InvalidError(
                f"{_place(rating)}there is no synthetic image of the model “{rating.model}”; "
                "a real image that all models share has an empty model."
            )


def _first_presentations(ratings: Sequence[Rating]) -> list[Rating]:
    if len({(rating.reader, rating.model, rating.image) for rating in ratings}) == len(ratings):
        return list(ratings)
    first: dict[tuple[str, str, str], Rating] = {}
    seen: set[tuple[str, str, str, int]] = set()
    for rating in ratings:
        key = (rating.reader, rating.model, rating.image)
        if (*key, rating.repeat) in seen:
            raise InvalidError(
                f"{_place(rating)}reader “{rating.reader}” answered the image “{rating.image}” twice; "
                "number the presentations in a column “repeat” if that is meant."
            )
        seen.add((*key, rating.repeat))
        if key not in first or rating.repeat < first[key].repeat:
            first[key] = rating
    return list(first.values())


def _place(rating: Rating) -> str:
    return "" if rating.row is None else f"Row {rating.row}: "
