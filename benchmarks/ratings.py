"""How far does the database of ratings carry? `python benchmarks/ratings.py`

One closed session, 2,000 images by so many readers, up to 10,000,000 ratings: how long one reader's figures take, and how long, and in how much
memory, all answers are written to a file as `blindread export` and the page do it. The export is a process of its own. Takes 7 GB of disk for a
while; prints rows for docs/benchmarks.md.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.artifacts import Artifacts
from app.db import Database
from app.services import analysis, reports
from tests.many import SESSION, fill

IMAGES = 2000
READERS = (50, 500, 5000)


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def exported(file: Path, name: str) -> dict[str, float]:
    """Write a table of the export here: seconds by the clock and of the processor, megabytes written, peak memory of this process in MB."""
    database, out = Database(url(file)), file.with_suffix(".out")
    started, used = time.perf_counter(), time.process_time()
    with database.read() as db, out.open("wb") as target:
        target.writelines(reports.export(db, Artifacts(str(file.parent)), SESSION, name))
    seconds, busy, size = time.perf_counter() - started, time.process_time() - used, out.stat().st_size
    out.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "busy": busy, "written": size / 1e6, "peak": peak / 1024}


def one_reader(file: Path, readers: int) -> list[tuple[float, float]]:
    """Milliseconds by the clock and of the processor that each of 20 readers' figures take, from the query to the table."""
    database, found = Database(url(file)), []
    with database.read() as db:
        for place in range(21):
            started, used = time.perf_counter(), time.process_time()
            analysis.of_reader(db, SESSION, f"R{place * readers // 21:05}")
            found.append((1000 * (time.perf_counter() - started), 1000 * (time.process_time() - used)))
    return found[1:]  # the first one loads what all need


def measure(readers: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "many.db"
        database = Database(url(file))
        fill(database, readers, IMAGES)
        database.close()
        size = file.stat().st_size / 1e6
        clock, busy = zip(*one_reader(file, readers), strict=True)
        cells = []
        for name in ("ratings.csv", "views.csv"):
            command = [sys.executable, __file__, "--export", name, str(file)]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(told.stdout)
            cells.append(
                f"{found['seconds']:.1f} s ({found['busy']:.1f} s), {found['written']:.0f} MB, {found['peak']:.0f} MB"
            )
    return (
        f"| {readers * IMAGES:,} ({readers:,} × {IMAGES:,}), {size:,.0f} MB | {statistics.median(clock):.0f} ms ({statistics.median(busy):.0f} ms) "
        f"| {' | '.join(cells)} |"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--export", metavar="NAME", help="Write this table of FILE and print the figures.")
    asked.add_argument("file", type=Path, nargs="?")
    given = asked.parse_args()
    if given.export:
        print(json.dumps(exported(given.file, given.export)))
        return
    print("In brackets: of the processor.\n")
    print("| ratings, database | one reader's figures | ratings.csv: time, size, peak memory | views.csv |")
    print("|---|---|---|---|")
    for readers in READERS:
        print(measure(readers), flush=True)


if __name__ == "__main__":
    main()
