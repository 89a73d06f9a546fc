"""What the worker lets go by itself: names and addresses after a study, sign-ins that have run out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import clock, worker
from app.services import verification
from app.tables.audit import AuditEvent
from app.tables.contacts import Contact, Person
from app.tables.people import Login, ReaderLogin
from tests.web.conftest import (
    OWNER,
    empty_folder,
    furnished,
    furnished_folder,
    generator_files,
    known,
    opened,
    owner,
)
from tests.web.test_invitations import invite_list

__all__ = ["empty_folder", "furnished", "furnished_folder", "generator_files", "known", "owner"]
LISTED = "R01,ann@example.org,Dr. Zaunkoenig\nR02,bo@example.org"


@pytest.fixture
def study(furnished, owner, known):
    address = opened(furnished, owner, known)
    invite_list(owner, address, LISTED)
    return address


def counts(site):
    with site.parts.database.read() as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) for table in (Contact, Person))


def retain(site, monkeypatch, days_later, contacts=30, fingerprints=60):
    """What the worker's sweep does so many days from now."""
    later = clock.now() + timedelta(days=days_later)
    settings = replace(site.settings, keep_contacts_days=contacts, keep_fingerprints_days=fingerprints)
    with monkeypatch.context() as moved:
        moved.setattr(clock, "now", lambda: later)
        worker.retain(replace(site.parts, settings=settings))


def test_it_works(furnished, owner, study, monkeypatch):
    owner.post(f"{study}/close")
    retain(furnished, monkeypatch, 29)
    assert counts(furnished) == (2, 2)
    retain(furnished, monkeypatch, 31)
    assert counts(furnished) == (0, 2)
    files = [path for path in furnished.settings.data_dir.glob("blindread.db*") if path.is_file()]
    assert not [path for path in files if b"Zaunkoenig" in path.read_bytes()]
    retain(furnished, monkeypatch, 61)
    assert counts(furnished) == (0, 0)
    with furnished.parts.database.read() as db:
        entries = list(db.scalars(select(AuditEvent).where(AuditEvent.actor == "retention")))
        assert [(entry.action, entry.details["deleted"]) for entry in entries] == [
            ("contacts deleted", 2),
            ("fingerprints deleted", 2),
        ]
        assert verification.audit.first_break(db, furnished.settings.secret_key) is None


def test_a_study_that_goes_on_keeps_its_readers(furnished, owner, study, monkeypatch):
    retain(furnished, monkeypatch, 1000)
    assert counts(furnished) == (2, 2)
    owner.post(f"{study}/close")
    owner.post(f"{study}/reopen", data={"reason": "closed by mistake, readers wait"})
    retain(furnished, monkeypatch, 1000)
    assert counts(furnished) == (2, 2)


def test_by_default_nothing_of_a_study_goes(furnished, owner, study, monkeypatch):
    owner.post(f"{study}/close")
    retain(furnished, monkeypatch, 10_000, 0, 0)
    assert counts(furnished) == (2, 2)


def test_sign_ins_that_have_run_out_go(furnished, owner, monkeypatch):
    furnished.browser(OWNER)
    with furnished.parts.database.write() as db:
        ended = db.scalar(select(Login.token_hash).limit(1))
        past = clock.now() - timedelta(seconds=1)
        db.execute(update(Login).where(Login.token_hash == ended).values(expires_at=past))
    retain(furnished, monkeypatch, 0)
    with furnished.parts.database.read() as db:
        assert ended not in set(db.scalars(select(Login.token_hash)))
        assert db.scalar(select(func.count()).select_from(Login)) >= 1
        assert db.scalar(select(func.count()).select_from(ReaderLogin)) == 0
