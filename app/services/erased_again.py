"""Do erasures again that a restored database knows nothing of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.db import Database
from app.erasure_ledger import Line
from app.services import people, privacy, user_erasure
from app.services.erasures import RATINGS, USER
from app.tables.people import User
from app.tables.sessions import Reading

ACTOR = "restore"


@dataclass(frozen=True, slots=True)
class Again:
    """How many erasures were done again, and how many are of readings and users that came after the backup."""

    done: int
    unknown: int


def apply(
    database: Database, artifacts: Artifacts, lines: Sequence[Line], key: bytes, now: datetime
) -> Again:
    """Erase once more whoever of these is there; each is an entry of the audit trail. No byte stays in the database's files."""
    erased, users, unknown = [], 0, 0
    with database.write() as db:
        for line in lines:
            if line.kind == USER:
                user = db.get(User, line.reading)
                unknown += user is None
                if user is not None and not people.is_erased(user.email):
                    user_erasure.erase_user(db, user, ACTOR, key, now)
                    users += 1
                continue
            reading = db.get(Reading, line.reading)
            if reading is None or reading.session_id != line.session:
                unknown += 1
            elif not _is_done(reading, line):
                erased.append(_erase(db, reading, line, key, now))
    for one in erased:
        privacy.clear_traces(database, artifacts, one)
    if users:
        database.scrub()
    return Again(len(erased) + users, unknown)


def _is_done(reading: Reading, line: Line) -> bool:
    return reading.erased_ratings is not None if line.kind == RATINGS else reading.erased_at is not None


def _erase(db: Session, reading: Reading, line: Line, key: bytes, now: datetime) -> privacy.Erased:
    reason = f"Erased first on {line.at[:10]}, after the backup was taken that was restored now."
    return privacy.erase_reading(db, reading, ACTOR, reason, key, now, ratings=line.kind == RATINGS)
