"""Everything by which a user comes in: browsers' logins and programs' tokens. They end together, whenever something about the user changes.

With them goes what answers to programs said, which were given to the rights of then.
"""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.services import remembering
from app.tables.api import ApiToken
from app.tables.people import Login


def end(db: Session, user_id: str, now: datetime) -> None:
    """End all logins and revoke all tokens of a user."""
    db.execute(delete(Login).where(Login.user_id == user_id))
    mine = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    db.execute(update(ApiToken).where(*mine).values(revoked_at=now))
    remembering.forget_contents(db, user_id)
