"""`blindread audit` and `blindread verify` on sessions with chosen pixels: what is found, what was changed, how it ends."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text, update

from app import clock, schema, worker
from app.imaging import stimulus
from app.protocol.order import order, reader_seed
from app.services import (
    audits,
    conduct,
    instructions,
    invitations,
    manifests,
    people,
    places,
    readings,
    seats,
    sessions,
)
from app.services.submissions import Submission
from app.settings import load_settings
from app.tables.audits import Audit
from app.tables.images import Image
from app.tables.origins import Origin
from app.tables.sessions import Item, Presentation, Reading, VttSession
from tests import studies
from tests.blinding import material
from tests.leaks import leaking

ROOT = Path(__file__).parents[2]
EACH = 12
REASON = "Images of a test with a planted frame."


@dataclass(frozen=True, slots=True)
class Study:
    parts: worker.Parts
    user: people.SignedIn
    session_id: str

    def change(self, *statements, without=()):
        """Change the database behind the program's back, where need be without a trigger, which is put back."""
        made = text("SELECT sql FROM sqlite_master WHERE name = :name")
        with self.parts.database.write() as db:
            refusals = [db.scalar(made, {"name": trigger}) for trigger in without]
            for trigger in without:
                db.execute(text(f"DROP TRIGGER {trigger}"))
            for statement in (*statements, *map(text, refusals)):
                db.execute(statement)

    def get(self, query):
        with self.parts.database.read() as db:
            return list(db.scalars(query))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with a frozen and audited session, the frame of whose synthetic images is constant."""
    folder = tmp_path_factory.mktemp("frozen") / "data"
    parts = worker.Parts.build(load_settings({"BLINDREAD_DATA_DIR": str(folder)}), "cpu")
    schema.upgrade(parts.database)
    with parts.database.write() as db:
        people.add(db, studies.OWNER, "researcher", "a long enough password", clock.now())
        user = people.by_email(db, studies.OWNER)
    session_id = studies.draft(parts, user, *studies.heads(each=EACH, plant=material.border))
    with parts.database.write() as db:
        sessions.start_freeze(db, user, session_id, parts.settings.secret_key, clock.now())
    worker.run_until_idle(parts)
    parts.database.close()
    return folder, user, session_id


@pytest.fixture
def study(tmp_path, made):
    folder, user, session_id = made
    shutil.copytree(folder, tmp_path / "data")
    parts = worker.Parts.build(load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")}), "cpu")
    yield Study(parts, user, session_id)
    parts.database.close()


def read_and_close(study):
    key, now = study.parts.settings.secret_key, clock.now()
    with study.parts.database.write() as db:
        sessions.open_session(db, study.user, study.session_id, key, now, REASON)
        for number in range(2):
            invited = invitations.invite(db, study.session_id, study.user.id, None, now)
            cookie = seats.confirm(db, invited.token, now)
            instructions.start(db, seats.seat(db, cookie, now), now)
            state = readings.state(db, places.place(db, cookie, now), now)
            while not state.finished:
                given = Submission(state.current, 3, f"key-{number}-{state.position:04d}", 900.0, "real")
                state = readings.rate(db, places.place(db, cookie, now), given, now)
        conduct.close(db, study.user, study.session_id, key, now)


def test_the_audit_tells_findings_and_that_a_reason_is_needed(blindread, study):
    told = blindread("audit", study.session_id)
    assert told.code == 0, told.err
    assert "12 real and 12 synthetic images." in told.out
    assert "Outermost pixels (p = " in told.out
    assert "A mend that may help: border mask." in told.out
    assert "To open it needs a written reason: " in told.out
    assert len(study.get(select(Audit).where(Audit.finished_at.is_not(None)))) == 2


def test_the_audit_as_json_says_nothing_of_single_images(blindread, study):
    told = blindread("audit", study.session_id, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert found["may_open"] is True
    assert "Outermost pixels" in found["need_a_reason"]
    assert found["transport"]["runs"][0]["n"] == 2 * EACH
    assert found["looked_at"] == {"real": EACH, "synthetic": EACH}
    assert '"pairs"' not in told.out
    assert '"images"' not in told.out
    assert 0 < found["pixels"]["classifier"]["auc"] <= 1


def test_an_audit_of_alike_images_and_one_of_tiny_ones_say_so(blindread, study):
    for images, sentence in (
        (studies.heads(seed=7, each=EACH), "It may be opened."),
        ((np.random.default_rng(1).integers(0, 256, (8, 16, 16), np.uint8), np.arange(8) < 4), "too small"),
    ):
        session_id = studies.draft(study.parts, study.user, *images)
        assert "Freeze the session first" in blindread("audit", session_id).err
        with study.parts.database.write() as db:
            sessions.start_freeze(db, study.user, session_id, study.parts.settings.secret_key, clock.now())
        worker.run_until_idle(study.parts)
        told = blindread("audit", session_id)
        assert (told.code, told.err) == (0, "")
        assert sentence in told.out


def test_an_audit_of_nothing_is_one_sentence(blindread, study):
    assert blindread("audit", "0" * 32).err == f"There is no session {'0' * 32}.\n"


def test_a_session_whose_bytes_do_not_arrive_ends_with_two(blindread, study):
    item = study.get(select(Item))[0]
    file = study.parts.artifacts.local_path(f"stimuli/{item.stimulus_sha256[:2]}/{item.stimulus_sha256}.png")
    file.write_bytes(stimulus.encode(255 - stimulus.decode(file.read_bytes())))
    told = blindread("audit", study.session_id)
    assert told.code == 2
    assert told.err == f"Stimulus {item.number} does not reach a reader as it was frozen.\n"


def test_a_leak_on_the_way_ends_with_two(blindread, study, monkeypatch):
    async def tag(headers, body):
        headers["etag"] = str(len(set(body)))

    leaking(monkeypatch, tag)
    told = blindread("audit", study.session_id)
    assert told.code == 2
    assert told.err.startswith("This session must not be opened: The headers differ")
    assert "may be opened" not in told.out


def test_verify_checks_all_that_was_frozen(blindread, study, tmp_path):
    read_and_close(study)
    told = blindread("verify", study.session_id)
    assert told.code == 0, told.err
    assert f"{2 * EACH} stimuli are as frozen, with their images, truth and orders." in told.out


def test_verify_finds_a_stored_image_that_does_not_give_its_stimulus(blindread, study):
    item = study.get(select(Item).order_by(Item.number))[3]
    other = study.parts.artifacts.put_content("images", stimulus.encode(np.zeros((64, 64), np.uint8)), ".png")
    change = update(Image).where(Image.id == item.image_id).values(sha256=other)
    study.change(change, without=["images_shown_update"])
    assert "Stimulus 4 is not what its stored image gives." in blindread("verify", study.session_id).err
    gone = update(Image).where(Image.id == item.image_id).values(sha256="f" * 64)
    study.change(gone, without=["images_shown_update"])
    assert "gone or damaged" in blindread("verify", study.session_id).err


def test_verify_finds_a_changed_truth(blindread, study):
    study.change(
        update(Origin)
        .where(Origin.seed == min(study.get(select(Origin.seed)), key=lambda s: s is None))
        .values(kind="real"),
        without=["origins_shown_update"],
    )
    assert "The truth is not the one that the manifest committed to." in blindread("verify").err


def test_verify_finds_another_secret_and_another_order(blindread, study):
    read_and_close(study)
    shown = study.get(select(Presentation).order_by(Presentation.position))
    first, second = (
        shown[0],
        next(s for s in shown if s.reading_id == shown[0].reading_id and s.position == 2),
    )
    swap = [
        update(Presentation).where(Presentation.token == token).values(position=position)
        for token, position in ((first.token, 999), (second.token, 1), (first.token, 2))
    ]
    study.change(*swap, without=["presentations_fixed_update"])
    assert "The order of reader number" in blindread("verify", study.session_id).err
    study.change(update(VttSession).values(order_secret="ab" * 32), without=["vtt_sessions_frozen_update"])
    assert "committed to" in blindread("verify", study.session_id).err


def test_an_exported_manifest_opens_its_commitments_without_a_database(
    blindread, study, tmp_path, monkeypatch
):
    read_and_close(study)
    assert blindread("export", study.session_id, "--out", tmp_path / "out").code == 0
    file = tmp_path / "out" / "manifest.json"
    told = blindread("verify", file)
    assert told.code == 0, told.err
    assert f"The truth about {2 * EACH} items" in told.out
    whole = json.loads(file.read_text())
    assert (
        hashlib.sha256(bytes.fromhex(whole["truth"]["salt"])).hexdigest()
        == whole["manifest"]["order"]["commitment"]
    )
    monkeypatch.chdir(tmp_path / "out")
    documented = (ROOT / "docs" / "blinding.md").read_text().partition("```python\n")[2].partition("```")[0]
    exec(documented, {})
    for change, sentence in (
        (lambda w: w["truth"]["kinds"].reverse(), "The truth is not the one"),
        (lambda w: w["truth"].update(salt="ab" * 32), "The truth is not the one"),
        (lambda w: w["manifest"].update(title="Other"), "The manifest was changed"),
        (lambda w: w.pop("truth"), "no exported manifest"),
    ):
        changed = json.loads(file.read_text())
        change(changed)
        (tmp_path / "changed.json").write_text(json.dumps(changed))
        told = blindread("verify", tmp_path / "changed.json")
        assert (told.code, sentence in told.err) == (2, True), told
    assert blindread("verify", tmp_path / "absent.json").err.startswith("There is no file")


def test_every_reader_s_order_can_be_drawn_from_the_opened_manifest(blindread, study, tmp_path):
    read_and_close(study)
    blindread("export", study.session_id, "--out", tmp_path / "out")
    whole = json.loads((tmp_path / "out" / "manifest.json").read_text())
    items = [line["item"] for line in whole["manifest"]["stimuli"]]
    for reading in study.get(select(Reading)):
        query = select(Presentation.item_id).where(Presentation.reading_id == reading.id)
        shown = study.get(query.order_by(Presentation.position))
        assert order(items, reader_seed(whole["truth"]["salt"], reading.slot)) == shown


def test_a_manifest_of_the_first_version_can_still_be_verified(blindread, study):
    """It commits to the truth, and says nothing of orders."""
    (row,) = study.get(select(VttSession))
    name = f"manifests/{study.session_id}.json"
    old = json.loads(study.parts.artifacts.get(name))
    del old["order"]
    sha256 = study.parts.artifacts.put(name, manifests.written(old))
    study.change(update(VttSession).values(manifest_sha256=sha256), without=["vtt_sessions_frozen_update"])
    assert blindread("verify", row.id).code == 0
    opened = {"salt": row.order_secret, "kinds": kinds(study)}
    whole = {"manifest": old, "manifest_sha256": sha256, "truth": opened}
    assert manifests.check_opened(json.dumps(whole).encode()) == 2 * EACH


def kinds(study):
    query = select(Origin.kind).join(Item, Item.image_id == Origin.image_id).order_by(Item.number)
    return study.get(query)


def test_a_finished_audit_is_kept_as_it_was(study):
    (made,) = study.get(select(Audit))
    with study.parts.database.write() as db:
        audits.finish(db, made.id, {}, actor="x", key=study.parts.settings.secret_key, now=clock.now())
    assert study.get(select(Audit))[0].result == made.result
