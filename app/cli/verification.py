"""The audit trail and the sessions against what was fixed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from app import audit_head, clock
from app.artifacts import Artifacts
from app.audit_head import Head
from app.cli.opened import ACTOR, opened, session_of
from app.db import Database
from app.errors import InvalidError
from app.services import audit as audit_trail
from app.services import (
    manifests,
    reasons,
    reports,
)
from app.services import verification as verifying


def verify_exported(file: Path) -> None:
    """Check an exported manifest.json on its own, without a database; raises InvalidError where it does not fit."""
    checked = manifests.check_opened(_read(file))
    print(
        f"The truth about {checked} items and the secret of all orders are those that the manifest committed to."
    )


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise InvalidError(f"There is no file {file}.")
    return file.read_bytes()


def _with_head(exported: Path) -> Path:
    """The file that tells the head: of a folder the one beside its tables."""
    return exported / reports.HEAD if exported.is_dir() else exported


def renew_head(environ: Mapping[str, str], reason: str) -> None:
    """Take the audit trail as it is for the right one, and keep its end outside the database anew; the trail tells of it."""
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        audit_trail.renew_head(
            db, settings.secret_key, now=clock.now(), actor=ACTOR, reason=reasons.checked(reason)
        )


def verify(environ: Mapping[str, str], session_id: str, exported: Path | None = None) -> None:
    """Check the audit trail and the frozen sessions; raises InvalidError naming the first thing that is wrong."""
    known = manifests.audit_head_of(_read(_with_head(exported))) if exported else None
    with opened(environ) as (settings, database, artifacts):
        kept = audit_head.read(
            settings.data_dir, settings.secret_key
        )  # before the database is, so that it cannot be ahead
        _verify(database, artifacts, settings.secret_key, session_id, [kept, known])


def _verify(
    database: Database, artifacts: Artifacts, key: bytes, session_id: str, heads: Sequence[Head | None]
) -> None:
    with database.read() as db:
        kept, exported = heads
        events = verifying.audit_trail(db, key, kept)
        print(f"The audit trail is whole ({events} entries).")
        if exported:
            verifying.known_head(db, exported)
            print(f"It goes back to entry {exported.number}, with which the file was exported.")
        if session_id:
            session_of(db, session_id)
        ids = [session_id] if session_id else verifying.frozen_sessions(db)
        for each in ids:
            checked = verifying.session(db, artifacts, each)
            print(f"Session {each}: {checked} stimuli are as frozen, with their images, truth and orders.")
        print(f"The database refuses changes to what was fixed ({verifying.refusals(db)} triggers).")
