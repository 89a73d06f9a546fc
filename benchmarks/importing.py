"""How fast are DICOM slices imported, and how much memory does it take? `python benchmarks/importing.py`

Each count is imported by a process of its own, the way the worker does it: zip, decoding child, windowing, resizing, PNG, database.
Prints rows for docs/benchmarks.md: slices a second, and the peak memory of the process and of its child.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from app import clock, schema
from app.artifacts import Artifacts
from app.db import Database
from app.imaging import sources
from app.imaging.importer import Decoded, decode_all
from app.services import imports, people
from tests.factories_dicom import slice_dataset

SIDE = 512
SLICES_A_PATIENT = 50


def written(path: Path, count: int) -> Path:
    """A zip of CT slices with the noise and the edges of an abdomen, 16 bits, 50 a patient."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    body = np.where((x / 0.85) ** 2 + (y / 0.65) ** 2 < 1, 40.0, -1000.0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            values = body + rng.normal(0, 20, body.shape)
            values[(x - 0.3 * np.sin(number / 9)) ** 2 + y**2 < 0.04] += 60
            pixels = (values + 1024).clip(0, 4095).astype(np.uint16)
            dataset = slice_dataset(
                pixels,
                patient=f"p{number // SLICES_A_PATIENT}",
                modality="CT",
                rescale=(1, -1024),
                instance=number,
            )
            with tempfile.NamedTemporaryFile() as file:
                dataset.save_as(file.name, enforce_file_format=True)
                archive.write(file.name, f"{number:05d}.dcm")
    return path


def imported(upload: Path, folder: Path) -> dict[str, float]:
    """Import it here; seconds of the import alone, processor seconds and peak memory of this process and its child."""
    database = Database(f"sqlite:///{folder / 'blindread.db'}")
    schema.upgrade(database)
    with database.write() as db:
        people.add(db, "a@example.org", "researcher", "a long enough password", clock.now())
        user = people.by_email(db, "a@example.org")
        assert user is not None
        set_id = imports.start_import(
            db, user, name="Speed", staged="0" * 32, now=clock.now(), window="abdomen", size="256"
        )
        settings = imports.settings_of(db, set_id)
    started = time.perf_counter()
    found = sources.collect([upload], folder / "unpacked")
    decoded = decode_all(found, settings, folder / "decoding")
    with closing(imports.fill(database, Artifacts(str(folder / "artifacts")), set_id, decoded)) as outcomes:
        kept, child = 0, 0.0
        for outcome in outcomes:
            kept += isinstance(outcome, Decoded)
            child = max(child, _child_peak()) if kept % 50 == 0 else child
    took = time.perf_counter() - started
    database.close()
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "kept": kept,
        "seconds": took,
        "cpu": sum(each.ru_utime + each.ru_stime for each in (own, children)),
        "own_mb": own.ru_maxrss / 1024,
        "child_mb": child,
    }


def _child_peak() -> float:
    """The peak memory of our decoding child in MB; what it shared with us before it became itself does not count."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    peaks = [
        int(line.split()[1]) / 1024
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return max(peaks, default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[250, 1000])
    parser.add_argument("--upload", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.upload:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(imported(asked.upload, Path(folder))))
        return
    print("| slices | slices/s | processor s/slice | peak memory, worker / child |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in asked.counts:
            upload = written(Path(folder) / f"{count}.zip", count)
            command = [sys.executable, __file__, "--upload", str(upload)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            assert told["kept"] == count
            print(
                f"| {count} | {count / told['seconds']:.1f} | {told['cpu'] / count:.3f} "
                f"| {told['own_mb']:.0f} / {told['child_mb']:.0f} MB |"
            )


if __name__ == "__main__":
    main()
