"""Tokens for programs: made and shown once, listed, revoked; each ends by itself after 30, 90 or 365 days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, NotFoundError, SignInRequiredError
from app.services import audit, imagesets, people, tokens
from app.services.people import SignedIn
from app.tables.api import ApiToken
from app.tables.people import User

PREFIX = "blr_"  # by which scanners for secrets find a token that was published by mistake
DAYS = (30, 90, 365)
USUAL_DAYS = 90
MOST = 50
USE_NOTED = timedelta(hours=1)  # a token's use is written down at most this often
_UNKNOWN = "This token is not valid: it is unknown, has expired or was revoked."
_NONE = "Send a token in the header “Authorization: Bearer …”."


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without what opens by it; `works` until it is revoked or has expired."""

    id: str
    name: str
    read_only: bool
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    works: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was just made; `token` is shown this once."""

    row: TokenRow
    token: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose program asks, by which token; `noted` says that its use was written down lately."""

    user: SignedIn
    row: TokenRow
    noted: bool


def make(
    db: Session,
    user: SignedIn,
    *,
    name: str,
    days: int,
    read_only: bool,
    key: bytes,
    now: datetime,
    actor: str = "",
) -> Made:
    """A token of this user's; raises InvalidError for another number of days, ConflictError where there are too many."""
    name = imagesets.named(name)
    if days not in DAYS:
        raise InvalidError(f"A token lasts {', '.join(map(str, DAYS[:-1]))} or {DAYS[-1]} days.")
    alive = (ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    if (db.scalar(select(func.count()).where(*alive)) or 0) >= MOST:
        raise ConflictError(f"There are {MOST} tokens already; revoke one first.")
    token = PREFIX + tokens.new()
    row = ApiToken(
        id=tokens.identifier(),
        user_id=user.id,
        name=name,
        token_hash=tokens.digest(token),
        read_only=read_only,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.add(row)
    db.flush()
    _record(db, actor or user.pseudonym, row, "token made", key, now, days=days, read_only=read_only)
    return Made(_row(row, now), token)


def listing(db: Session, user: SignedIn, now: datetime) -> list[TokenRow]:
    """The user's tokens, newest first; those that were revoked or have expired stay for a while as a record."""
    query = select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc())
    return [_row(found, now) for found in db.scalars(query.order_by(ApiToken.id).limit(4 * MOST))]


def revoke(db: Session, user: SignedIn, token_id: str, key: bytes, now: datetime) -> None:
    """Make a token of this user's useless; twice is once. Raises NotFoundError."""
    found = db.get(ApiToken, token_id)
    if found is None or found.user_id != user.id:
        raise NotFoundError("There is no such token.")
    _revoke(db, found, user.pseudonym, key, now)


def revoke_any(db: Session, token_id: str, actor: str, key: bytes, now: datetime) -> None:
    """The same for anybody's token, for who runs the server; raises NotFoundError."""
    found = db.get(ApiToken, token_id)
    if found is None:
        raise NotFoundError("There is no such token.")
    _revoke(db, found, actor, key, now)


def who(db: Session, token: str, now: datetime) -> Bearer:
    """Whose token it is; raises SignInRequiredError for one that does not work, or whose user is shut out, and for none."""
    if not token:
        raise SignInRequiredError(_NONE)
    found = db.execute(
        select(ApiToken, User)
        .join(User, User.id == ApiToken.user_id)
        .where(
            ApiToken.token_hash == tokens.digest(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).first()
    if found is None:
        raise SignInRequiredError(_UNKNOWN)
    row, user = found
    noted = row.used_at is not None and row.used_at > now - USE_NOTED
    return Bearer(people.signed_in(user), _row(row, now), noted)


def note_use(db: Session, token_id: str, now: datetime) -> None:
    """Write down that a token is in use."""
    db.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))


def _revoke(db: Session, found: ApiToken, actor: str, key: bytes, now: datetime) -> None:
    if found.revoked_at is None:
        found.revoked_at = now
        _record(db, actor, found, "token revoked", key, now)


def _row(found: ApiToken, now: datetime) -> TokenRow:
    works = found.revoked_at is None and found.expires_at > now
    return TokenRow(
        found.id, found.name, found.read_only, found.created_at, found.expires_at, found.used_at, works
    )


def _record(
    db: Session, actor: str, found: ApiToken, action: str, key: bytes, now: datetime, **details: object
) -> None:
    subject = f"user:{found.user_id}"
    audit.record(db, key, now=now, actor=actor, action=action, subject=subject, token=found.id, **details)
