"""`blindread verify` on the audit trail: cut, without its head, against a head that was exported, and renewed with a reason."""

import json

import pytest
from sqlalchemy import text

from app import audit_head, clock, schema, worker
from app.services import audit
from app.settings import load_settings


@pytest.fixture
def parts(tmp_path):
    made = worker.Parts.build(load_settings({"BLINDREAD_DATA_DIR": str(tmp_path / "data")}), "cpu")
    schema.upgrade(made.database)
    for number in range(4):
        with made.database.write() as db:
            audit.record(
                db, made.settings.secret_key, now=clock.now(), actor="u", action=f"{number}", subject="s"
            )
    yield made
    made.database.close()


def cut(parts):
    """By somebody who puts the refusal back that was in the way."""
    with parts.database.write() as db:
        refusal = db.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'audit_events_append_delete'"))
        db.execute(text("DROP TRIGGER audit_events_append_delete"))
        db.execute(text("DELETE FROM audit_events WHERE number = 4"))
        db.execute(text(refusal))


def test_a_cut_tail_is_told(blindread, parts):
    assert "The audit trail is whole (4 entries)." in blindread("verify").out
    cut(parts)
    told = blindread("verify")
    assert told.code == 2
    assert told.err == (
        "The audit trail was cut: it ends with entry 3, and entry 4 is known outside the database.\n"
    )


def test_a_missing_head_is_told_and_can_be_renewed_with_a_reason(blindread, parts):
    (parts.settings.data_dir / audit_head.NAME).unlink()
    assert "audit.head is missing" in blindread("verify").err
    assert "Give the reason" in blindread("verify", "--renew-head", "lost").err
    told = blindread("verify", "--renew-head", "The file was lost with its disk.")
    assert told.code == 0, told.err
    assert "The audit trail is whole (5 entries)." in told.out


def test_an_exported_head_is_looked_for_in_the_trail(blindread, parts, tmp_path):
    with parts.database.read() as db:
        head = audit.head(db)
    file = tmp_path / "audit_head.json"
    file.write_text(json.dumps({"audit_head": head}))
    for told in (file, tmp_path):
        assert "It goes back to entry 4" in blindread("verify", "--exported", told).out
    cut(parts)
    (parts.settings.data_dir / audit_head.NAME).unlink()
    assert blindread("verify", "--renew-head", "Covering up what was cut.").code == 0
    assert "entry 4 is not the one" in blindread("verify", "--exported", file).err
    for content in ("{}", "[]", "no JSON"):
        file.write_text(content)
        assert "tells no head" in blindread("verify", "--exported", file).err
    assert "There is no file" in blindread("verify", "--exported", tmp_path / "absent").err
