"""Does a reader wait while hostile files are imported? `python benchmarks/latency.py`

A server and a worker of the demonstration; a reader's requests (where am I, the image) at a steady pace, alone and while an upload of
the tests' hostile files, each many times, is being imported. The two are measured in turn; prints a row for docs/benchmarks.md.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx2

from tests.imaging.test_hostile import HOSTILE
from tests.servers import Server

PACE, SECONDS, ROUNDS, COPIES = 0.1, 12, 3, 30


def hostile_zip(folder: Path) -> Path:
    """Every hostile file of the tests, several times."""
    path = folder / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for number, (make, _) in enumerate(HOSTILE.values()):
            file = folder / f"{number}"
            make(file)
            if not zipfile.is_zipfile(file):
                for copy in range(COPIES):
                    packed.write(file, f"{number}-{copy}")
    return path


def reader(url: str, token: str) -> httpx2.Client:
    client = httpx2.Client(base_url=url, follow_redirects=True, timeout=30)
    client.post(f"/r/{token}")
    client.post("/read/start")
    return client


def measured(client: httpx2.Client) -> list[float]:
    """Milliseconds of each pair of requests, sent at a steady pace whatever the answers take."""
    took, begin = [], time.perf_counter()
    for number in range(int(SECONDS / PACE)):
        time.sleep(max(0.0, begin + number * PACE - time.perf_counter()))
        start = time.perf_counter()
        state = client.get("/read/state").raise_for_status().json()
        client.get(f"/read/stimuli/{state['current']}").raise_for_status()
        took.append((time.perf_counter() - start) * 1000)
    return took


def running(owner: httpx2.Client, address: str) -> bool:
    return re.search(r'data-job="([0-9a-f]{32})"', owner.get(address).text) is not None


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        upload = hostile_zip(folder)
        data = folder / "data"
        environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
        command = [sys.executable, "-m", "app.cli"]
        quiet = {"env": environ, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*command, "demo", "--prepare"], check=True, **quiet)
        credentials = json.loads((data / "demo.json").read_text())
        server = Server(data)
        server.start()
        worker = subprocess.Popen([*command, "worker", "--device", "cpu"], **quiet)
        try:
            rating = reader(server.url, credentials["link_token"])
            owner = httpx2.Client(base_url=server.url, follow_redirects=True, timeout=60)
            signing = {"email": "researcher@demo.example", "password": credentials["researcher_password"]}
            owner.post("/sign-in", data=signing).raise_for_status()
            measured(rating)
            alone: list[float] = []
            beside: list[float] = []
            for number in range(ROUNDS):
                alone += measured(rating)
                with upload.open("rb") as file:
                    sent = owner.post(
                        "/image-sets", data={"name": f"hostile {number}"}, files={"files": ("h.zip", file)}
                    )
                beside += measured(rating)
                busy = running(owner, sent.url.path)
                while running(owner, sent.url.path):
                    time.sleep(0.5)
                print(
                    f"round {number + 1}: the import {'went on' if busy else 'had ended'} at the end",
                    file=sys.stderr,
                )
        finally:
            worker.terminate()
            worker.wait()
            server.stop()
    told = [(statistics.median(each), statistics.quantiles(each, n=100)[98]) for each in (alone, beside)]
    ratios = [two / one for one, two in zip(*told, strict=True)]
    print("| | median | 99 % within |\n|---|---|---|")
    for words, (middle, last) in zip(("alone", "beside the import"), told, strict=True):
        print(f"| {words} | {middle:.1f} ms | {last:.1f} ms |")
    print(f"| ratio | ×{ratios[0]:.2f} | ×{ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
