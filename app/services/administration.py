"""What an admin does about users: add them, change their role, let them in again, shut them out. Each step is in the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, ForbiddenError, NotFoundError
from app.services import audit, passwords, people, second_factor, ways_in
from app.services.people import SignedIn
from app.tables.people import Login, PasswordLink, User
from app.tables.sessions import VttSession

ADDED = "user added"


@dataclass(frozen=True, slots=True)
class UserRow:
    """A line of the list of users; `link_until` is how long a link to choose a password holds, None for none."""

    id: str
    email: str
    role: str
    last_used_at: datetime | None
    sessions: int
    second_factor: bool
    disabled: bool
    erased: bool
    link_until: datetime | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A link by which somebody chooses a password: its token is shown this once."""

    email: str
    token: str


def require_admin(user: SignedIn) -> None:
    """Raise ForbiddenError for anybody else."""
    if not user.is_admin:
        raise ForbiddenError("Only an admin can do this.")


def listing(db: Session, user: SignedIn) -> list[UserRow]:
    """All users, by address; raises ForbiddenError."""
    require_admin(user)
    counts = dict(
        db.execute(
            select(VttSession.owner_id, func.count())
            .where(VttSession.preview_of.is_(None))
            .group_by(VttSession.owner_id)
        ).all()
    )
    used = dict(db.execute(select(Login.user_id, func.max(Login.used_at)).group_by(Login.user_id)).all())
    links = dict(db.execute(select(PasswordLink.user_id, PasswordLink.expires_at)).all())
    return [
        UserRow(
            id=row.id,
            email=row.email,
            role=row.role,
            last_used_at=used.get(row.id),
            sessions=counts.get(row.id, 0),
            second_factor=row.second_factor_at is not None,
            disabled=row.disabled_at is not None,
            erased=people.is_erased(row.email),
            link_until=links.get(row.id),
        )
        for row in db.scalars(select(User).order_by(User.email))
    ]


def add(db: Session, user: SignedIn, email: str, role: str, key: bytes, now: datetime) -> Offered:
    """Add a user, who chooses a password by the link that comes back: no admin ever knows it."""
    require_admin(user)
    made = people.add(db, email, role, None, now)
    record(db, user.pseudonym, made, ADDED, key, now, role=role)
    return _offered(db, db.get_one(User, made), now)


def offer_password(db: Session, user: SignedIn, user_id: str, key: bytes, now: datetime) -> Offered:
    """A link for somebody who has forgotten the password; the password they had still works until it is used."""
    row = other(db, user, user_id)
    if row.disabled_at is not None:
        raise ConflictError("This user is shut out; let them in first.")
    record(db, user.pseudonym, row.id, "password link made", key, now)
    return _offered(db, row, now)


def set_role(db: Session, user: SignedIn, user_id: str, role: str, key: bytes, now: datetime) -> None:
    """Change a role; the user's logins and tokens end, since each was made with the old one."""
    people.require_role(role)
    row = other(db, user, user_id)
    if row.role == role:
        return
    record(db, user.pseudonym, row.id, "role changed", key, now, old=row.role, new=role)
    row.role = role
    ways_in.end(db, row.id, now)


def disable(db: Session, user: SignedIn, user_id: str, key: bytes, now: datetime) -> None:
    """Shut a user out at once; what they made stays."""
    row = other(db, user, user_id)
    if row.disabled_at is not None:
        return
    row.disabled_at = now
    ways_in.end(db, row.id, now)
    db.execute(delete(PasswordLink).where(PasswordLink.user_id == row.id))
    record(db, user.pseudonym, row.id, "user shut out", key, now)


def enable(db: Session, user: SignedIn, user_id: str, key: bytes, now: datetime) -> None:
    """Let a user in again, by the password they had."""
    row = other(db, user, user_id)
    if row.disabled_at is None:
        return
    if people.is_erased(row.email):
        raise ConflictError("This user is erased; add them as a new one.")
    row.disabled_at = None
    record(db, user.pseudonym, row.id, "user let in again", key, now)


def forget_second_factor(db: Session, user: SignedIn, user_id: str, key: bytes, now: datetime) -> None:
    """Take away the second factor of somebody who lost the phone and the recovery codes."""
    row = other(db, user, user_id)
    second_factor.forget(db, row.id, user.pseudonym, key, now)
    ways_in.end(db, row.id, now)


def record(
    db: Session, actor: str, user_id: str, action: str, key: bytes, now: datetime, **details: object
) -> None:
    """Write what was done about a user into the audit trail."""
    audit.record(db, key, now=now, actor=actor, action=action, subject=f"user:{user_id}", **details)


def other(db: Session, user: SignedIn, user_id: str) -> User:
    """Another user than the admin in hand: so there is always one admin left. Raises ForbiddenError, NotFoundError or ConflictError."""
    require_admin(user)
    row = db.get(User, user_id)
    if row is None:
        raise NotFoundError("There is no such user.")
    if row.id == user.id:
        raise ConflictError("Nobody changes their own role or shuts themselves out; ask another admin.")
    return row


def _offered(db: Session, row: User, now: datetime) -> Offered:
    return Offered(row.email, passwords.offer(db, row.id, now))
