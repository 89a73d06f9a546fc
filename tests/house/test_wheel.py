"""The wheel alone, in a fresh environment without the checkout, does what the README says."""

import os
import re
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RATINGS = """reader,image,truth,answer,likert
R01,a,real,real,5
R01,b,real,synthetic,2
R01,c,synthetic,synthetic,1
R01,d,synthetic,real,4
"""


BUNDLED = {"demo", "migrations", "static", "templates"}
"""What the program reads besides its code; the demonstration's generator is for a command of its own."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The `blindread` of an environment that sees this one's libraries, but not this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    libraries = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    site = subprocess.run(
        [python, "-c", "import site; print(site.getsitepackages()[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, capture_output=True)
    # The dependencies come from this environment by path (no .pth of it is read, so the checkout stays out).
    (Path(site) / "libraries.pth").write_text(f"{libraries}\n")
    return folder / "env" / "bin" / "blindread"


def run(installed, *arguments, data, **more):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
    return subprocess.run(
        [installed, *arguments], cwd=data, env=environ, capture_output=True, text=True, check=False, **more
    )


def test_it_does_not_see_the_checkout(installed, tmp_path):
    python = installed.parent / "python"
    where = subprocess.run(
        [python, "-c", "import app; print(app.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(ROOT / "app") not in where
    assert str(installed.parent.parent) in where


def test_it_has_the_catalogues(installed, tmp_path):
    code = (
        "from app.words import catalogues, sentence; print(catalogues.translate('de', sentence.N_('Saved')))"
    )
    said = subprocess.run(
        [installed.parent / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout == "Gespeichert\n"


def test_help(installed, tmp_path):
    told = run(installed, "--help", data=tmp_path)
    assert told.returncode == 0
    for command in ("serve", "worker", "report", "demo", "migrate"):
        assert command in told.stdout


def test_report_and_migrate(installed, tmp_path):
    (tmp_path / "ratings.csv").write_text(RATINGS)
    told = run(installed, "report", "ratings.csv", "--out", "out", data=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "R01" in (tmp_path / "out" / "per_reader.csv").read_text()
    assert run(installed, "migrate", data=tmp_path).returncode == 0
    assert (tmp_path / "blindread.db").exists()


def test_the_server_answers_with_its_templates_and_static_files(installed, tmp_path):
    assert run(installed, "migrate", data=tmp_path).returncode == 0
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(tmp_path)}
    server = subprocess.Popen(
        [installed, "serve", "--port", "8417"], cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL
    )
    try:
        page = fetch("http://127.0.0.1:8417/sign-in")
        assert "Sign in" in page
        assert fetch("http://127.0.0.1:8417/static/css/tokens.css")
    finally:
        server.terminate()
        assert server.wait(20) is not None


def fetch(url):
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer")


def packed(installed):
    """The wheel that was installed."""
    (wheel,) = (installed.parents[2] / "dist").glob("*.whl")
    return zipfile.ZipFile(wheel)


def test_it_has_the_program_and_nothing_of_how_it_is_made(installed):
    """No source control, no tests, no benchmarks, no documents with samples: what a server needs."""
    with packed(installed) as wheel:
        paths = [Path(name) for name in wheel.namelist()]
    tops = {path.parts[0] for path in paths}
    assert {"app", "models"} == {top for top in tops if not top.endswith(".dist-info")}
    bundled = {path.parts[2] for path in paths if path.parts[:2] == ("app", "_bundled")}
    assert bundled == BUNDLED
    for path in paths:
        assert not [part for part in path.parts if part.startswith((".", "test"))], path


def test_torch_and_tools_of_development_come_by_extras_alone(installed):
    with packed(installed) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
        needed = re.findall(r"^Requires-Dist: ([\w-]+)(.*)$", wheel.read(metadata).decode(), re.MULTILINE)
    always = {name.lower() for name, rest in needed if "extra ==" not in rest}
    assert {"fastapi", "sqlalchemy"} <= always
    assert not always & {"torch", "pytest", "ruff", "mypy", "playwright", "hypothesis", "coverage"}
