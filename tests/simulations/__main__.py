"""How often the headline's 95 % intervals hold the truth: `make simulate`, or `python -m tests.simulations --minutes 20`.

Goes on where it stopped: each cell is one line of the results file, with its counts. Ends with 1 where a coverage lies outside .93 to .97.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from tests.simulations.cells import ENDPOINTS, grid, simulate

LOW, HIGH = 0.93, 0.97


def run(results: Path, rounds: int, seed: int, minutes: float) -> list[dict]:
    """The lines of all cells that are done, in the grid's order; new ones until the minutes are over."""
    done = read(results, rounds, seed)
    ends = time.monotonic() + 60 * minutes
    for cell in grid():
        if cell.name in done:
            continue
        if time.monotonic() > ends:
            break
        counts = simulate(cell, rounds, seed)
        line = {"name": cell.name, "rounds": rounds, "seed": seed, "cell": asdict(cell), "counts": counts}
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        done[cell.name] = line
    return [done[cell.name] for cell in grid() if cell.name in done]


def read(results: Path, rounds: int, seed: int) -> dict[str, dict]:
    """Finished cells of the same rounds and seed."""
    if not results.is_file():
        return {}
    lines = (json.loads(line) for line in results.read_text(encoding="utf-8").splitlines())
    return {line["name"]: line for line in lines if (line["rounds"], line["seed"]) == (rounds, seed)}


def coverage(line: dict, endpoint: str) -> float:
    held, there = line["counts"][endpoint]
    return held / there


def table(lines: list[dict]) -> str:
    """Rows for docs/simulations.md; intervals that a study did not have are counted behind."""
    rows = [
        "| readers × images, SD of readers and images, FPR | FPR | balanced accuracy | AUC |",
        "|---|---|---|---|",
    ]
    for line in lines:
        cells = [
            f"{coverage(line, name):.3f}".lstrip("0")
            + (f" ({none} without)" if (none := line["rounds"] - line["counts"][name][1]) else "")
            for name in ENDPOINTS
        ]
        rows.append(f"| {line['name']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.simulations", description=__doc__)
    asked.add_argument("--rounds", type=int, default=2000, help="Studies a cell.")
    asked.add_argument("--minutes", type=float, default=600, help="Begin no cell after so many.")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--results", type=Path, default=Path("var/simulations.jsonl"))
    given = asked.parse_args()
    given.results.parent.mkdir(parents=True, exist_ok=True)
    lines = run(given.results, given.rounds, given.seed, given.minutes)
    print(table(lines))
    outside = [
        f"{line['name']}: {name} {coverage(line, name):.3f}"
        for line in lines
        for name in ENDPOINTS
        if not LOW <= coverage(line, name) <= HIGH
    ]
    print(
        f"\n{len(lines)} of {sum(1 for _ in grid())} cells, {given.rounds} studies each, seed {given.seed}."
    )
    print("Outside .93 to .97:", *(outside or ["none"]), sep="\n  ")
    return 1 if outside else 0


if __name__ == "__main__":
    raise SystemExit(main())
