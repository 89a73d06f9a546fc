"""How long does a report take? `python benchmarks/report.py`

`blindread report` as a whole, from start to exit, on studies of one model: by the clock, and the processor's time, which a
shared machine lengthens less. Then reading, computing and writing apart, in this process. Prints rows for docs/benchmarks.md.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from app.report import rows, write
from app.report.build import build
from benchmarks.mrmc import children

CASES = ((7, 100, 5), (20, 400, 5), (200, 2000, 3))


def written(readers: int, images: int, file: Path) -> None:
    """Readers who tell real from synthetic a little, half of the images real, each reader's order their own."""
    random = np.random.default_rng(readers)
    real = np.arange(images) < images // 2
    seen = random.normal(0, 0.4, (readers, 1)) + random.normal(0, 0.4, images) + np.where(real, 0.3, -0.3)
    seen += random.normal(size=seen.shape)
    seconds = random.lognormal(1.8, 0.5, seen.shape)
    with file.open("w", encoding="utf-8") as out:
        out.write("reader,model,image,truth,answer,likert,seconds,position\n")
        for (reader, image), value in np.ndenumerate(seen):
            model, truth = ("", "real") if real[image] else ("GAN", "synthetic")
            answer, likert = ("real" if value > 0 else "synthetic"), int(np.clip(np.rint(3 + value), 1, 5))
            position = (image * 7919 + reader * 31) % images
            out.write(
                f"R{reader:03},{model},{image},{truth},{answer},{likert},{seconds[reader, image]:.1f},{position}\n"
            )


def measure(readers: int, images: int, rounds: int) -> str:
    whole, busy, parts = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "ratings.csv", Path(folder) / "report"
        written(readers, images, file)
        for _ in range(rounds):
            start, used = time.perf_counter(), children()
            command = [sys.executable, "-m", "app.cli", "report", str(file), "--out", str(out)]
            subprocess.run(command, check=True, capture_output=True)
            whole.append(time.perf_counter() - start)
            busy.append(children() - used)
            parts.append(_parts(file, out))
    read, computed, wrote = (statistics.median(each) for each in zip(*parts, strict=True))
    return (
        f"| {readers} readers × {images} images ({readers * images:,} rows) | {statistics.median(whole):.1f} s "
        f"({min(whole):.1f} to {max(whole):.1f}) | {statistics.median(busy):.1f} s "
        f"| {read:.1f} s | {computed:.1f} s | {wrote:.1f} s |"
    )


def _parts(file: Path, out: Path) -> tuple[float, float, float]:
    clock = [time.perf_counter()]
    ratings = rows.read(file)
    clock.append(time.perf_counter())
    report = build(ratings, title="Benchmark", provenance={})
    clock.append(time.perf_counter())
    write.write(report, out)
    clock.append(time.perf_counter())
    read, computed, wrote = np.diff(clock).tolist()
    return read, computed, wrote


def main() -> None:
    print("| study | whole command | of the processor | reading | computing | writing |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        print(measure(*case), flush=True)


if __name__ == "__main__":
    main()
