"""Commands on the data folder: migrate, users, imports, export, verify; refusals are one sentence and exit code 2."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from app import clock, schema, worker
from app.db import Database
from app.imaging import stimulus
from app.imaging.importer import Decoded
from app.protocol.design import Protocol
from app.services import (
    audit,
    conduct,
    designs,
    imagesets,
    imports,
    instructions,
    invitations,
    people,
    places,
    readings,
    samples,
    seats,
    sessions,
)
from app.services.feasible import NewSession
from app.services.submissions import Submission
from app.settings import load_settings
from app.tables.audit import AuditEvent
from app.tables.checkpoints import Checkpoint
from app.tables.sessions import Item

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Study:
    """A closed session in a data folder: two readers, four real and four synthetic images."""

    parts: worker.Parts
    session_id: str


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (16, 16), dtype=np.uint8)


@pytest.fixture
def parts(tmp_path):
    settings = load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")})
    made = worker.Parts.build(settings, "cpu")
    schema.upgrade(made.database)
    yield made
    made.database.close()


@pytest.fixture
def study(parts, tmp_path):
    now = clock.now()
    with parts.database.write() as db:
        people.add(db, "dr@example.org", "researcher", "a long enough password", now)
        user = people.by_email(db, "dr@example.org")
    files = [tmp_path / f"{seed}.png" for seed in range(4)]
    for seed, file in enumerate(files):
        file.write_bytes(stimulus.encode(pixels(seed)))
    with parts.database.write() as db:
        db.add(Checkpoint(id="c" * 32, owner_id=user.id, name="g", facts={"resolution": 16}, created_at=now))
        db.flush()
        pipeline = {
            "checkpoint_id": "c" * 32,
            "seeds": "0-3",
            "psi": 1.0,
            "noise_mode": "const",
            "class_index": None,
        }
        real = imagesets.create(db, user.id, "real", "real", {"window_center": None}, now)
        synthetic = imagesets.create(db, user.id, "model A", "synthetic", pipeline, now)
        for seed in range(4):
            sha = parts.artifacts.put_content("images", stimulus.encode(pixels(seed)), ".png")
            decoded = Decoded(seed + 1, 1, pixels(seed), {}, None, None, "as stored")
            imports.add_real(db, real, decoded, sha)
            sha = parts.artifacts.put_content("images", stimulus.encode(pixels(seed + 50)), ".png")
            samples.add_synthetic(
                db, synthetic, checkpoint_id="c" * 32, seed=seed, shape=(16, 16), sha256=sha, facts={}
            )
        asked = NewSession(
            "Pilot",
            "Images",
            real,
            "4",
            ((synthetic, "4"),),
            Protocol(),
        )
        key = parts.settings.secret_key
        session_id = designs.create(db, user, asked, key, now)
        sessions.start_freeze(db, user, session_id, key, now)
    worker.run_until_idle(parts)
    with parts.database.write() as db:
        sessions.open_session(db, user, session_id, key, now, "Images of a test: noise.")
    for code, answer in (("R01", "real"), ("=R02", "synthetic")):
        read_all(parts, session_id, user.id, code, answer)
    with parts.database.write() as db:
        conduct.close(db, user, session_id, key, now)
    return Study(parts, session_id)


def read_all(parts, session_id, owner_id, code, answer):
    now = clock.now()
    with parts.database.write() as db:
        invited = invitations.invite(db, session_id, owner_id, code, now)
        cookie = seats.confirm(db, invited.token, now)
        instructions.start(db, seats.seat(db, cookie, now), now)
        state = readings.state(db, places.place(db, cookie, now), now)
        while not state.finished:
            given = Submission(state.current, 3, f"key-{code}-{state.position}", 1200.0, answer)
            state = readings.rate(db, places.place(db, cookie, now), given, now)


def test_migrate_and_add_users(blindread, tmp_path):
    assert blindread("user", "add", "a@b.org", "--role", "admin").code == 2
    assert blindread("migrate").code == 0
    assert blindread("migrate").code == 0
    added = blindread("user", "add", "a@b.org", "--role", "admin")
    assert added.code == 0
    assert "Password: " in added.out
    again = blindread("user", "add", "A@b.org", "--role", "admin")
    assert (again.code, again.err) == (2, "There is a user a@b.org already.\n")
    assert blindread("user", "add", "nobody", "--role", "admin").code == 2
    assert blindread("user", "add", "c@b.org", "--role", "king").code == 2
    database = Database(load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")}).database_url)
    with database.read() as db:
        assert people.check_password(db, "a@b.org", added.out.split("Password: ")[1].strip())
    database.close()


def test_images_are_imported_and_refusals_listed(blindread, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.png").write_bytes(stimulus.encode(pixels(1)))
    (folder / "b.png").write_text("text")
    blindread("migrate")
    nobody = blindread("images", "import", "set", folder)
    assert (nobody.code, "no user" in nobody.err) == (2, True)
    blindread("user", "add", "a@b.org", "--role", "researcher")
    told = blindread("images", "import", "My set", folder, "--size", "32")
    assert told.code == 0, told.err
    assert "1 images kept" in told.out
    assert told.err.startswith("file 2: ")
    assert not list((tmp_path / "data" / "staging").iterdir())


def test_an_import_of_nothing_usable_fails(blindread, tmp_path):
    (tmp_path / "b.png").write_text("text")
    blindread("migrate")
    blindread("user", "add", "a@b.org", "--role", "researcher")
    told = blindread("images", "import", "My set", tmp_path / "b.png")
    assert told.code == 2
    assert told.err.splitlines()[-1] == "No image could be kept."
    assert blindread("images", "import", "My set", tmp_path / "absent").code == 2
    assert blindread("images", "import", "My set", tmp_path / "b.png", "--window-width", "0").code == 2
    assert blindread("images", "import", "My set", tmp_path / "b.png", "--size", "3").code == 2


def test_export_writes_everything_and_logs_the_look(blindread, study, tmp_path):
    out = tmp_path / "out"
    told = blindread("export", study.session_id, "--out", out)
    assert told.code == 0, told.err
    rows = {row["reader"]: row for row in csv.DictReader(io.StringIO((out / "per_reader.csv").read_text()))}
    assert [rows["R01"][k] for k in ("tp", "fn", "fp", "tn")] == ["4", "0", "4", "0"]
    assert [rows["'=R02"][k] for k in ("tp", "fn", "fp", "tn")] == ["0", "4", "0", "4"]
    assert rows["'=R02"]["precision"] == ""
    assert {"ratings.csv", "codebook.csv", "manifest.json"} <= {file.name for file in out.iterdir()}
    with study.parts.database.read() as db:
        looks = [event for event in db.query(AuditEvent) if event.action == audit.UNBLINDING]
    assert [(event.actor, event.subject) for event in looks] == [
        ("command line", f"session:{study.session_id}")
    ]
    assert blindread("report", out / "ratings.csv", "--out", tmp_path / "again").code == 0
    for name in ("per_reader.csv", "images.csv"):
        assert (tmp_path / "again" / name).read_text() == (out / name).read_text()
    assert len(list(csv.DictReader(io.StringIO((out / "ratings.csv").read_text())))) == 16


def test_one_reader_s_figures_are_those_of_everybody_s(blindread, study, tmp_path):
    for folder, chosen in (("all", ()), ("one", ("--reader", "R01"))):
        assert blindread("export", study.session_id, "--out", tmp_path / folder, *chosen).code == 0
    assert {file.name for file in (tmp_path / "one").iterdir()} == {
        "audit_head.json",
        "per_reader.csv",
        "person.json",
        "ratings.csv",
    }
    for name in ("per_reader.csv", "ratings.csv"):
        header, *rows = (tmp_path / "all" / name).read_text().splitlines()
        mine = [row for row in rows if row.startswith("R01,")]
        assert mine
        assert (tmp_path / "one" / name).read_text().splitlines() == [header, *mine]
    told = blindread("export", study.session_id, "--out", tmp_path / "none", "--reader", "R99")
    assert (told.code, told.err.splitlines()[-1]) == (
        2,
        "There is no reader “R99” in this session.",
    )


def test_every_export_tells_the_head_of_the_audit_trail(blindread, study, tmp_path):
    out, one = tmp_path / "all", tmp_path / "one"
    assert blindread("export", study.session_id, "--out", out).code == 0
    assert blindread("export", study.session_id, "--out", one, "--reader", "R01").code == 0
    telling = [
        *(out, out / "audit_head.json", out / "manifest.json", out / "report.json"),
        *(one, one / "audit_head.json", one / "person.json"),
    ]
    heads = [json.loads(file.read_text())["audit_head"]["number"] for file in telling if file.is_file()]
    for file in telling:
        told = blindread("verify", "--exported", file)
        assert (told.code, "It goes back to entry" in told.out) == (0, True), told
    with study.parts.database.write() as db:
        refusal = db.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'audit_events_append_delete'"))
        db.execute(text("DROP TRIGGER audit_events_append_delete"))
        db.execute(text("DELETE FROM audit_events WHERE number >= :first"), {"first": min(heads)})
        db.execute(text(refusal))
    (study.parts.settings.data_dir / "audit.head").unlink()
    assert blindread("verify", "--renew-head", "Covering up what was cut.").code == 0
    for file in telling:
        told = blindread("verify", "--exported", file)
        assert (told.code, "known outside the database" in told.err) == (2, True), told


def test_a_report_as_data_is_the_built_one_with_the_head(blindread, study, tmp_path):
    assert blindread("export", study.session_id, "--out", tmp_path / "out").code == 0
    (built,) = (study.parts.settings.data_dir / "artifacts" / "reports").rglob("report.json")
    given = json.loads((tmp_path / "out" / "report.json").read_text())
    assert set(given.pop("audit_head")) == {"number", "mac"}
    assert given == json.loads(built.read_text())


def test_the_manifest_opens_its_commitment(blindread, study, tmp_path):
    from app.services.manifests import truth_commitment

    blindread("export", study.session_id, "--out", tmp_path / "out")
    opened = json.loads((tmp_path / "out" / "manifest.json").read_text())
    truth = opened["truth"]
    assert truth_commitment(truth["salt"], truth["kinds"]) == opened["manifest"]["truth_commitment"]
    assert sorted(truth["kinds"]) == ["real"] * 4 + ["synthetic"] * 4


def test_a_checkpoint_is_registered_and_a_text_is_not(blindread, tmp_path):
    blindread("migrate")
    blindread("user", "add", "a@b.org", "--role", "researcher")
    told = blindread("checkpoint", "import", ROOT / "demo" / "generator.safetensors", "--name", "Demo")
    assert told.code == 0, told.err
    assert "Registered “Demo”" in told.out
    (tmp_path / "notes.pkl").write_text("no generator")
    refused = blindread("checkpoint", "import", tmp_path / "notes.pkl")
    assert refused.code == 2
    assert refused.err.splitlines()[-1].endswith(".")
    assert not list((tmp_path / "data" / "staging").iterdir())


def test_nobody_exports_an_open_or_unknown_session(blindread, study):
    told = blindread("export", "0" * 32, "--out", "x")
    assert (told.code, told.err) == (2, f"There is no session {'0' * 32}.\n")
    assert blindread("verify", "0" * 32).code == 2


def test_verify_finds_a_changed_stimulus(blindread, study):
    assert blindread("verify").code == 0
    assert blindread("verify", study.session_id).code == 0
    with study.parts.database.read() as db:
        digest = db.query(Item).first().stimulus_sha256
    file = study.parts.artifacts.local_path(f"stimuli/{digest[:2]}/{digest}.png")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    told = blindread("verify", study.session_id)
    assert told.code == 2
    assert "was changed" in told.err
    file.unlink()
    assert "is gone" in blindread("verify").err


def test_verify_finds_a_changed_manifest(blindread, study):
    file = study.parts.artifacts.local_path(f"manifests/{study.session_id}.json")
    file.write_text(file.read_text().replace("Pilot", "Pirate"))
    assert "manifest was changed" in blindread("verify").err


def test_help_and_wrong_words(blindread):
    assert blindread("--help").code == 0
    wrong = blindread("reprot")
    assert wrong.code == 2
    assert wrong.err.strip()
    assert blindread("report", "absent.csv", "--out", "x").code == 2
    assert blindread("serve", "--port", "0").code == 2


def test_unknown_settings_get_a_sentence(blindread, monkeypatch):
    monkeypatch.setenv("BLINDREAD_PROT", "8000")
    told = blindread("migrate")
    assert (told.code, "BLINDREAD_PROT" in told.err) == (2, True)
