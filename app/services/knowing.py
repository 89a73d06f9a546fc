"""Who has seen the truth about a session's images: looked at it here, or in another session that has a set in common with this one.

Sets are compared and not images: which image is in which set hangs from the truth, and what invites readers must not reach that.
"""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.services import audit
from app.tables.sessions import Arm, VttSession


def sharing(db: Session, session_id: str) -> list[str]:
    """The sessions that have a set in common with this one, itself among them."""
    session = db.get_one(VttSession, session_id)
    arms = db.scalars(select(Arm.image_set_id).where(Arm.session_id == session_id))
    sets = {session.real_set_id, *arms}
    by_arm = select(Arm.session_id).where(Arm.image_set_id.in_(sets))
    return list(
        db.scalars(
            select(VttSession.id).where(or_(VttSession.real_set_id.in_(sets), VttSession.id.in_(by_arm)))
        )
    )


def knowers(db: Session, session_id: str) -> list[str]:
    """The pseudonyms of all who have looked, as the audit trail has them."""
    subjects = [f"session:{shared}" for shared in sharing(db, session_id)]
    return audit.actors(db, audit.LOOKS, subjects)
