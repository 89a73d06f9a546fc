"""A running site for researchers' pages: users, a tiny generator, sets and a closed session, made once and copied."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient

from app import clock, schema, worker
from app.imaging import stimulus
from app.main import create_app
from app.protocol import scale, wording
from app.services import people
from app.settings import Settings, load_settings
from models import checkpoint
from models.network import Generator, GeneratorConfig
from tests.factories_dicom import write_slice

PASSWORD = "a long enough password"
OWNER, OTHER, ADMIN = "owner@example.org", "other@example.org", "admin@example.org"
COLLEAGUE = "colleague@example.org"
SIZE = 16
REASON = "Images of a test: noise beside an untrained generator's."
FORM = {
    "title": "Pilot",
    "public_title": "Brain slices",
    "n_real": "4",
    "n_synthetic": "4",
    "instructions": "Look at each image and say what you think.",
    "likert_labels": ["fake for sure", "rather fake", "no idea", "rather real", "real for sure"],
    "show_progress": "true",
}
BUILT_IN = {"instructions": wording.INSTRUCTIONS, "likert_labels": list(scale.LABELS)}
"""Wordings that come with the program, which readers see in their own language."""


@dataclass(frozen=True, slots=True)
class Known:
    """Addresses of what stands in a furnished data folder."""

    real_set: str
    checkpoint: str
    synthetic_set: str


@dataclass(frozen=True, slots=True)
class Site:
    """The application and a worker on one data folder."""

    settings: Settings
    app: TestClient
    parts: worker.Parts

    def browser(self, email: str | None = None) -> TestClient:
        """A fresh browser, signed in where an address is given."""
        client = TestClient(self.app.app, follow_redirects=False)
        if email:
            answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client

    def work(self) -> None:
        """Do all queued jobs."""
        worker.run_until_idle(self.parts)


def open_site(data_dir: Path, **changes: object) -> Iterator[Site]:
    environ = {"BLINDREAD_DATA_DIR": str(data_dir), "BLINDREAD_ALLOWED_HOSTS": "testserver"}
    settings = replace(load_settings(environ), **changes)
    parts = worker.Parts.build(settings, "cpu")
    schema.upgrade(parts.database)
    with TestClient(create_app(settings), follow_redirects=False) as app:
        yield Site(settings, app, parts)
    parts.database.close()


@pytest.fixture(scope="session")
def generator_files(tmp_path_factory) -> dict[str, Path]:
    """Two tiny generators as files: without classes, and with three."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("generators")
    files = {"plain": folder / "plain.safetensors", "classes": folder / "classes.safetensors"}
    for name, c_dim in (("plain", 0), ("classes", 3)):
        config = GeneratorConfig(
            resolution=SIZE,
            channels=1,
            z_dim=16,
            w_dim=16,
            c_dim=c_dim,
            mapping_layers=2,
            channel_base=256,
            channel_max=16,
        )
        checkpoint.save(Generator(config), files[name])
    return files


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory) -> Path:
    """A migrated data folder with three researchers and an admin."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    for site in open_site(folder):
        with site.parts.database.write() as db:
            for email in (OWNER, OTHER, COLLEAGUE, ADMIN):
                role = "admin" if email == ADMIN else "researcher"
                people.add(db, email, role, PASSWORD, clock.now())
    return folder


@pytest.fixture(scope="session")
def furnished_folder(tmp_path_factory, empty_folder, generator_files) -> tuple[Path, Known]:
    """The same folder with a real set of eight, a checkpoint, and a synthetic set of eight, all made through the pages."""
    folder = tmp_path_factory.mktemp("furnished") / "data"
    shutil.copytree(empty_folder, folder)
    for site in open_site(folder):
        known = made(site, site.browser(OWNER), generator_files["plain"])
    return folder, known


def made(site: Site, client: TestClient, generator: Path) -> Known:
    """A real set of eight, a checkpoint, and a synthetic set of eight, made through the pages."""
    files = [("files", (f"{i}.png", png(i), "image/png")) for i in range(8)]
    real_set = client.post("/image-sets", data={"name": "Real slices"}, files=files).headers["location"]
    found = register(client, generator, "Tiny").headers["location"]
    site.work()
    synthetic_set = sample(client, found, name="Samples", seeds="0-7").headers["location"]
    site.work()
    return Known(real_set, found, synthetic_set)


@pytest.fixture
def site(tmp_path, empty_folder) -> Iterator[Site]:
    """A site with users and nothing else."""
    shutil.copytree(empty_folder, tmp_path / "data")
    yield from open_site(tmp_path / "data")


@pytest.fixture
def known(furnished_folder) -> Known:
    return furnished_folder[1]


@pytest.fixture
def furnished(tmp_path, furnished_folder) -> Iterator[Site]:
    """A site with a real set, a checkpoint and a synthetic set of the owner's."""
    shutil.copytree(furnished_folder[0], tmp_path / "data")
    yield from open_site(tmp_path / "data")


@pytest.fixture
def owner(furnished) -> TestClient:
    """The owner's browser on the furnished site."""
    return furnished.browser(OWNER)


def png(seed: int, size: int = SIZE) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)
    return stimulus.encode(pixels, compress=True)


def dicom(folder: Path, seed: int, size: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 1000, (size, size), dtype=np.uint16)
    return write_slice(folder / f"{seed}.dcm", pixels, patient="Doe^Jane").read_bytes()


def register(client: TestClient, file: Path, name: str):
    files = {"file": (file.name, file.read_bytes(), "application/octet-stream")}
    return client.post("/checkpoints", data={"name": name}, files=files)


def sample(client: TestClient, address: str, **changes: str):
    asked = {"name": "Samples", "seeds": "0-3", "psi": "1", "noise_mode": "const", "class_index": ""}
    return client.post(f"{address}/samples", data={**asked, **changes})


def ident(address: str) -> str:
    return address.rpartition("/")[2]


def text(answer) -> str:
    """The page's words as a reader of HTML sees them: entities resolved."""
    return unescape(answer.text)


def create(client: TestClient, known: Known, action: str = "/sessions", **changes: object):
    """Ask for a draft session of the known sets."""
    sets = {"real_set_id": ident(known.real_set), "synthetic_set_id": ident(known.synthetic_set)}
    return client.post(action, data={**FORM, **sets, **changes})


def opened(site: Site, client: TestClient, known: Known, **changes: object) -> str:
    """A session that is open for readers; returns its address."""
    address = create(client, known, **changes).headers["location"]
    client.post(f"{address}/freeze")
    site.work()
    assert client.post(f"{address}/open", data={"reason": REASON}).status_code == 303
    return address


def invite(client: TestClient, address: str, code: str = "") -> str:
    """A reader's personal link, as the page shows it."""
    page = client.post(f"{address}/readers", data={"code": code})
    assert page.status_code == 200, page.text
    return "/r/" + page.text.partition("/r/")[2].partition('"')[0]


def read_all(site: Site, link: str, answers, most: int | None = None) -> int:
    """Open a link and answer every image, or `most`, as `answers(position, stimulus)` says; returns the number."""
    reader = site.browser()
    assert reader.post(link).status_code == 303
    assert reader.post("/read/start").status_code == 303
    state, given = reader.get("/read/state").json(), 0
    while state["current"] and given != most:
        seen = reader.get(f"/read/stimuli/{state['current']}")
        assert seen.status_code == 200
        answer, likert = answers(given, seen.content)
        body = {
            "item": state["current"],
            "answer": answer,
            "likert": likert,
            "key": f"key-{given:08d}",
            "shown_ms": 1500.0,
        }
        answered = reader.post("/read/ratings", json=body)
        assert answered.status_code == 200, answered.text
        state, given = answered.json(), given + 1
    return given
