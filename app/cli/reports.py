"""The `report` command: any lab's spreadsheet in, everything out."""

from pathlib import Path

from app.errors import InvalidError
from app.report import build, rows, words, write


def report(ratings: Path, out: Path) -> None:
    """Write the report of a CSV file into a folder and say the headline; raises InvalidError with a sentence."""
    made = build.build(
        rows.read(ratings), title=f"Visual Turing test: {ratings.stem}", provenance={"ratings": ratings.name}
    )
    try:
        write.write(made, out)
    except OSError as error:
        raise InvalidError(f"The report cannot be written to {out}: {error.strerror}.") from error
    for sentence in words.headlines(made):
        print(sentence)
    print(f"Written to {out}.")
