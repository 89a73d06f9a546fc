"""The `experiments` command: training runs' folders in, the study's Table 1 and Figure 2 out."""

import math
from pathlib import Path

from app.errors import InvalidError
from app.report import experiments
from app.runs import directory


def compare(folders: list[Path], out: Path | None, budget: float | None, baseline: str) -> None:
    """Say each run's best snapshot and write the tables and figures; raises InvalidError with a sentence."""
    found = experiments.compare(
        [directory.read(folder) for folder in folders], baseline, math.inf if budget is None else budget
    )
    for line in experiments.lines(found):
        print(line)
    if out is None:
        return
    try:
        experiments.write(found, out)
    except OSError as error:
        raise InvalidError(f"The tables cannot be written to {out}: {error.strerror}.") from error
    print(f"Written to {out}.")
