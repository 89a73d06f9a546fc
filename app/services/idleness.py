"""For how long nothing has come from a reader, counted from when the session let readers rate last. No truth is reachable from here."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.services import audit
from app.services.invitations import ReaderProgress
from app.tables.sessions import Reading, VttSession


def let_rate_at(db: Session, session: VttSession) -> datetime | None:
    """When the session was opened, went on after a pause or was opened again, whichever was last; None before it was opened."""
    again = audit.last(db, (audit.RESUMED, audit.REOPENED), f"session:{session.id}")
    return max((at for at in (session.opened_at, again) if at), default=None)


def since(reader: Reading | ReaderProgress, let_rate: datetime | None) -> datetime:
    """From when a reader's idleness counts: the last sign of life, or when rating became possible, if that was later."""
    signs = (reader.invited_at, reader.opened_at, reader.started_at, reader.last_seen_at, let_rate)
    return max(at for at in signs if at)
