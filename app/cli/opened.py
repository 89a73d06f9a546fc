"""The data folder that a command works on, and whom and what it names there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import schema
from app.artifacts import Artifacts
from app.db import Database
from app.errors import ConflictError, InvalidError
from app.services import people
from app.services.people import SignedIn
from app.settings import Settings, keep_private, load_settings
from app.tables.people import User
from app.tables.sessions import VttSession

ACTOR = "command line"


@contextmanager
def opened(environ: Mapping[str, str]) -> Iterator[tuple[Settings, Database, Artifacts]]:
    """Its settings, database and artifacts; raises ConflictError where the database is not up to date."""
    keep_private()
    settings = load_settings(environ)
    database = Database(settings.database_url, folder=settings.data_dir)
    try:
        if not schema.is_current(database):
            raise ConflictError("The database is not up to date; run `blindread migrate` first.")
        yield settings, database, Artifacts(str(settings.data_dir / "artifacts"))
    finally:
        database.close()


def owner_of(database: Database, email: str) -> SignedIn:
    """The user of this address, without one the first admin; raises InvalidError where there is none."""
    with database.read() as db:
        if email:
            user = people.by_email(db, email)
            if user is None:
                raise InvalidError(f"There is no user {email}.")
            return user
        first = db.scalar(select(User.email).order_by(User.role, User.created_at).limit(1))
        user = people.by_email(db, first) if first else None
    if user is None:
        raise InvalidError("There is no user yet; add one with `blindread user add EMAIL --role researcher`.")
    return user


def session_of(db: Session, session_id: str) -> VttSession:
    """A session that is not a preview; raises InvalidError."""
    found = db.get(VttSession, session_id)
    if found is None or found.preview_of:
        raise InvalidError(f"There is no session {session_id}.")
    return found
