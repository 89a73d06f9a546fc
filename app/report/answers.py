"""The ratings that are analysed, as the report and the files for R take them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.report import analysed, comparisons
from app.report.columns import Columns
from app.report.rows import Rating


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """All ratings, and of the analysed ones those about single images and those about pairs; models, and the single ones as columns.

    Without answers about pairs, a study has at least one model, without a name where no row names one.
    """

    ratings: Sequence[Rating]
    main: Sequence[Rating]
    paired: Sequence[Rating]
    left_out: dict[str, int]
    models: tuple[str, ...]
    columns: Columns

    @classmethod
    def of(cls, ratings: Sequence[Rating]) -> "Answers":
        """Raises InvalidError where an image has two truths, an answer stands twice, a row's model cannot be told, or pairs are among single images."""
        first, left_out = analysed.analysed(ratings)
        main, paired = comparisons.split(first)
        models = () if paired else tuple(analysed.models(main))
        return cls(ratings, main, paired, left_out, models, Columns.of(main))
