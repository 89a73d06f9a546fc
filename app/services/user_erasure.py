"""Erasing a user's account on request: who that was. What they made stays, as it belongs to the study, under a name that says nothing."""

import secrets
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db import owe_scrub
from app.errors import ConflictError
from app.services import administration, erasures, passwords, people, ways_in
from app.services.people import SignedIn
from app.tables.api import ApiToken, RememberedAnswer
from app.tables.people import PasswordLink, RecoveryCode, User
from app.tables.sessions import SessionShare


def erase(db: Session, user: SignedIn, user_id: str, key: bytes, now: datetime) -> str:
    """Erase a user who is shut out; doing it again finds nothing more. Returns the name that stands there now.

    The caller scrubs the database once this is committed. Raises ForbiddenError, NotFoundError, or ConflictError for who may still come in.
    """
    row = administration.other(db, user, user_id)
    if row.disabled_at is None:
        raise ConflictError("Shut this user out first.")
    return erase_user(db, row, user.pseudonym, key, now)


def erase_user(db: Session, row: User, actor: str, key: bytes, now: datetime) -> str:
    """The same for whoever may."""
    if people.is_erased(row.email):
        return row.email
    ways_in.end(db, row.id, now)
    for table in (ApiToken, RememberedAnswer, RecoveryCode, PasswordLink, SessionShare):
        db.execute(delete(table).where(table.user_id == row.id))
    row.email = people.ERASED + secrets.token_hex(4)
    row.password_hash = passwords.NONE
    row.second_factor_salt = row.second_factor_at = None
    row.disabled_at = row.disabled_at or now
    administration.record(db, actor, row.id, erasures.USER, key, now)
    erasures.note(db, key)
    owe_scrub(db)
    return row.email
