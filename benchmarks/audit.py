"""How long does the audit of a session take? `python benchmarks/audit.py`

Noise over a smooth shape, which costs what any image costs. Prints rows for docs/benchmarks.md: seconds on the clock and of the
processor, for measuring the images and for all tests together, and peak memory beyond the images' own. Medians.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import scipy
from numpy.typing import NDArray

from app.blinding import cues
from app.blinding.audit import judge

CASES = ((64, 100), (256, 100), (512, 100), (512, 500))


def made(side: int, n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(n, side, side): a bright disc on a dark ground under noise, written image by image to keep the peak low."""
    rows, columns = np.indices((side, side)) / side - 0.5
    disc = np.where(rows**2 + columns**2 < 0.15, 150.0, 20.0)
    images = np.empty((n, side, side), np.uint8)
    for image in images:
        image[:] = (disc + rng.normal(0, 6, disc.shape)).round().clip(0, 255)
    return images


def timed(side: int, a_class: int, rounds: int) -> str:
    rng = np.random.default_rng(side)
    images, synthetic = made(side, 2 * a_class, rng), np.arange(2 * a_class) < a_class
    before = high_water()
    walls, processors, tests = [], [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        measured = cues.measure(images)
        between = time.process_time()
        judge(measured, synthetic, rng)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
        tests.append(time.process_time() - between)
    wall, processor, test = (statistics.median(seconds) for seconds in (walls, processors, tests))
    return (
        f"| {side} px, {a_class} + {a_class} | {wall:.1f} s | {processor:.1f} s | {processor - test:.1f} s "
        f"| {test:.1f} s | {high_water() - before} MB |"
    )


def high_water() -> int:
    """Peak resident memory in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", metavar="SIDE,A_CLASS")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if asked.case:
        side, a_class = map(int, asked.case.split(","))
        print(timed(side, a_class, asked.rounds), flush=True)
        return
    print(
        f"numpy {np.__version__}, scipy {scipy.__version__}, Python {platform.python_version()}, {asked.rounds} rounds"
    )
    print(
        "| session | clock | processor | of it measuring | of it 2,000 permutations | memory beyond the images |"
    )
    print("|---|---|---|---|---|---|", flush=True)
    for side, a_class in CASES:  # a process each, so that each has its own peak
        case = f"{side},{a_class}"
        subprocess.run([sys.executable, __file__, "--case", case, "--rounds", str(asked.rounds)], check=True)


if __name__ == "__main__":
    main()
