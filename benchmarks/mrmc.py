"""How long does the analysis of readers' scores take? `python benchmarks/mrmc.py`

The computation alone (median of many), and `blindread mrmc` as a whole, from start to exit: by the clock, and the processor's
time, which a shared machine lengthens less. Prints rows for docs/benchmarks.md.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from app.stats.mrmc import one_shot

CASES = ((10, 100, 2, 51, 9), (20, 1000, 2, 21, 5), (100, 5000, 2, 1, 1))


def made(readers: int, images: int, modalities: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random scores on a scale of 100 points, half of the images real."""
    random = np.random.default_rng(readers)
    scores = random.normal(50, 15, (modalities, readers, images)) + random.normal(0, 10, images)
    scores[..., images // 2 :] += 15
    x, y = np.split(np.clip(np.round(scores), 0, 100), 2, axis=2)
    return x, y


def written(synthetic: NDArray[np.float64], real: NDArray[np.float64], file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("reader,case,modality,truth,score\n")
        for truth, scores in (("synthetic", synthetic), ("real", real)):
            for (modality, reader, image), score in np.ndenumerate(scores):
                out.write(f"r{reader},{truth[0]}{image},m{modality},{truth},{score:g}\n")


def compare(readers: int, images: int, modalities: int, rounds: int, starts: int) -> str:
    x, y = made(readers, images, modalities)
    computed, whole, busy = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        one_shot(x, y)
        computed.append(time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scores.csv"
        written(x, y, file)
        for _ in range(starts):
            start, used = time.perf_counter(), children()
            subprocess.run(
                [sys.executable, "-m", "app.cli", "mrmc", str(file), "--json"],
                check=True,
                capture_output=True,
            )
            whole.append(time.perf_counter() - start)
            busy.append(children() - used)
    rows = readers * images * modalities
    return (
        f"| {readers} readers × {images} images × {modalities} modalities ({rows:,} rows) "
        f"| {statistics.median(computed) * 1000:.1f} ms | {statistics.median(whole):.2f} s "
        f"({min(whole):.2f} to {max(whole):.2f}) | {statistics.median(busy):.2f} s |"
    )


def children() -> float:
    """Processor time in seconds of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    print("| study | computation | whole command | of the processor |")
    print("|---|---|---|---|")
    for case in CASES:
        print(compare(*case), flush=True)


if __name__ == "__main__":
    main()
