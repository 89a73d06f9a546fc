"""The `report` command: any lab's spreadsheet in, everything out."""

import hashlib
from pathlib import Path

from app.errors import InvalidError
from app.report import build, distances, headline, r_packages, rows, write
from app.report.answers import Answers


def report(ratings: Path, out: Path, points: int, margin: float, distances_file: Path | None) -> None:
    """Write the report of a CSV file into a folder and say the headline; raises InvalidError with a sentence.

    `points` is the Likert scale's upper end, `margin` the δ of equivalence with chance.
    """
    given = Answers.of(rows.read(ratings, points))
    measured = distances.read(distances_file) if distances_file else None
    made = build.build(
        given,
        title=f"Visual Turing test: {ratings.stem}",
        provenance={"ratings": ratings.name, "sha256": _sha256(ratings)},
        points=points,
        margin=margin,
        distances=measured,
    )
    try:
        write.write(made, out, besides=r_packages.files(given))
    except OSError as error:
        raise InvalidError(f"The report cannot be written to {out}: {error.strerror}.") from error
    for sentence in headline.sentences(made):
        print(sentence)
    print(f"Written to {out}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
