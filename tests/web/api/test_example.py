"""The example script of the documentation carries a whole study against a real server and a real worker."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from app.cli import tokens
from tests.servers import Server, started
from tests.web.conftest import OWNER, REASON, png

SCRIPT = Path(__file__).parents[3] / "docs" / "examples" / "api_study.py"


@pytest.fixture
def server(tmp_path, empty_folder):
    import shutil

    shutil.copytree(empty_folder, tmp_path / "data")
    served = Server(tmp_path / "data")
    served.start()
    work = started([sys.executable, "-m", "app.cli", "worker", "--device", "cpu"], served.environ)
    yield served
    work.terminate()
    work.wait(60)
    served.stop()


def rate_all(base: str, link: str) -> int:
    """Answer every image as a reader does, by the pages' own routes."""
    with httpx2.Client(base_url=base, follow_redirects=False) as reader:
        assert reader.post(link.removeprefix(base)).status_code == 303
        assert reader.post("/read/start").status_code == 303
        state, given = reader.get("/read/state").json(), 0
        while state["current"]:
            answer = {
                "answer": "real" if given % 2 else "synthetic",
                "likert": 1 + given % 5,
                "shown_ms": 900.0,
            }
            body = {"item": state["current"], "key": f"key-{given:08d}", **answer}
            state, given = reader.post("/read/ratings", json=body).json(), given + 1
    return given


def test_it_works(server, tmp_path, generator_files, capsys):
    images = tmp_path / "images"
    images.mkdir()
    for seed in range(4):
        (images / f"{seed}.png").write_bytes(png(seed))
    tokens.add(server.environ, OWNER, "Example", 30, read_only=False)
    token = capsys.readouterr().out.split()[-1]
    out = tmp_path / "results"
    command = [sys.executable, str(SCRIPT), server.url, str(images), str(generator_files["plain"])]
    command += ["--readers", "R01", "R02", "--out", str(out), "--reason", REASON]
    environ = {**os.environ, "BLINDREAD_TOKEN": token}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as script:
        said, links = [], []
        for line in script.stdout:
            said.append(line)
            if "/r/" in line:
                links.append(line.split()[-1])
                assert rate_all(server.url, links[-1]) == 8
    assert script.returncode == 0, "".join(said)
    assert len(links) == 2
    with (out / "ratings.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 16
    assert json.loads((out / "report.json").read_text())
    assert (out / "manifest.json").exists()
    assert list(out.glob("*.svg"))
