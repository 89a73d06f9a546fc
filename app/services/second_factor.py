"""The second factor at sign-in: codes of a phone's authenticator (TOTP, RFC 6238), and recovery codes for a lost phone.

No secret of it is in the database: it follows from the installation's key and a salt, so a copy of the database signs nobody in.
"""

import hashlib
import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, SecondFactorRequiredError, SignInRequiredError
from app.services import audit, tokens
from app.services.people import SignedIn
from app.tables.people import RecoveryCode, User

RECOVERY_CODES = 8
PASSWORD_HOLDS = timedelta(minutes=5)  # from the right password to the code
_SECRET_BYTES = 20  # as RFC 4226 recommends
_STEP_SECONDS = 30
_USE = b"blindread: second factor\0"
_PENDING = b"blindread: right password\0"
WRONG = "This code is not right, or was used before. Please wait for the next one."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs: the picture that it scans, as a data address, and the same as text to type."""

    picture: str
    secret: str


def required_of(user: SignedIn, whom: str) -> bool:
    """Whether this user may do nothing without a second factor; `whom` is the setting: nobody, admins or all."""
    return whom == "all" or (whom == "admins" and user.is_admin)


def require(user: SignedIn, whom: str) -> None:
    """Raise SecondFactorRequiredError where a second factor is required of this user and not set up."""
    if required_of(user, whom) and not user.second_factor:
        raise SecondFactorRequiredError(
            "This server requires a second factor of you: sign in and set it up in your account first."
        )


def is_on(db: Session, user_id: str) -> bool:
    return db.get_one(User, user_id).second_factor_at is not None


def codes_left(db: Session, user_id: str) -> int:
    """How many recovery codes have not been used."""
    query = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return db.scalar(query) or 0


def begin(db: Session, user: SignedIn) -> None:
    """A new secret for this user, asked for once a code of it was typed; raises ConflictError where one is asked for."""
    row = db.get_one(User, user.id)
    if row.second_factor_at is not None:
        raise ConflictError("The second factor is on already; switch it off first.")
    row.second_factor_salt = secrets.token_hex(16)


def enrolment(db: Session, user: SignedIn, key: bytes) -> Enrolment | None:
    """The secret that waits for its first code; None where none does: it is never shown again afterwards."""
    row = db.get_one(User, user.id)
    if row.second_factor_salt is None or row.second_factor_at is not None:
        return None
    secret = _secret(key, row)
    address = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Blindread")
    return Enrolment(segno.make(address).svg_data_uri(scale=5, border=3, light="#fff"), secret)


def confirm(db: Session, user: SignedIn, code: str, key: bytes, now: datetime) -> list[str]:
    """Ask for the second factor from now on; returns the recovery codes, shown this once. Raises InvalidError for a wrong code."""
    row = db.get_one(User, user.id)
    if row.second_factor_salt is None or row.second_factor_at is not None:
        raise ConflictError("There is nothing to confirm; begin anew.")
    if not _take(row, code, key, now):
        raise InvalidError(WRONG)
    row.second_factor_at = now
    made = [
        f"{secrets.token_hex(3)}-{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)
    ]
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.add_all(RecoveryCode(code_hash=tokens.digest(_plain(one)), user_id=user.id) for one in made)
    _record(db, user.pseudonym, user.id, "second factor on", key, now)
    return made


def forget(db: Session, user_id: str, actor: str, key: bytes, now: datetime) -> None:
    """Ask this user for it no more; an admin does this for a lost phone."""
    row = db.get_one(User, user_id)
    if row.second_factor_salt is None:
        return
    row.second_factor_salt, row.second_factor_at = None, None
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    _record(db, actor, user_id, "second factor off", key, now)


def pending(db: Session, key: bytes, user_id: str, now: datetime) -> str:
    """What the page that asks for the code carries: this user's password was right a moment ago."""
    until = f"{user_id}.{int((now + PASSWORD_HOLDS).timestamp())}"
    return f"{until}.{_mac(key, until, db.get_one(User, user_id))}"


def whose(db: Session, key: bytes, token: str, now: datetime) -> str:
    """The user behind such a page; raises SignInRequiredError where it is too old, no page of ours, or the password was changed since."""
    until, _, mac = token.rpartition(".")
    user_id, _, ends = until.rpartition(".")
    user = db.get(User, user_id)
    right = (
        user is not None
        and user.disabled_at is None
        and hmac.compare_digest(mac.encode(), _mac(key, until, user).encode())
    )
    if not right or int(ends) < now.timestamp():
        raise SignInRequiredError("That took too long; please sign in again.")
    return user_id


def check(db: Session, user_id: str, code: str, key: bytes, now: datetime) -> None:
    """Take a code, or a recovery code, which is used up; raises SignInRequiredError."""
    row = db.get_one(User, user_id)
    if row.second_factor_at is None or _take(row, code, key, now):
        return
    kept = db.get(RecoveryCode, tokens.digest(_plain(code)))
    if kept is None or kept.user_id != user_id:
        raise SignInRequiredError(WRONG)
    db.delete(kept)
    _record(db, f"user:{user_id}", user_id, "recovery code used", key, now)


def _take(row: User, code: str, key: bytes, now: datetime) -> bool:
    """Whether it is the code of now, of half a minute ago or of the next, and of a later step than any taken before; it is taken then."""
    typed, totp = _plain(code), pyotp.TOTP(_secret(key, row))
    here = int(now.timestamp()) // _STEP_SECONDS
    for step in (here, here - 1, here + 1):
        if step > row.second_factor_step and hmac.compare_digest(
            totp.generate_otp(step).encode(), typed.encode()
        ):
            row.second_factor_step = step
            return True
    return False


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _secret(key: bytes, row: User) -> str:
    material = f"{row.id}.{row.second_factor_salt}".encode()
    return b32encode(hmac.new(key, _USE + material, hashlib.sha256).digest()[:_SECRET_BYTES]).decode()


def _mac(key: bytes, text: str, user: User) -> str:
    return hmac.new(key, _PENDING + f"{text}\0{user.password_hash}".encode(), hashlib.sha256).hexdigest()


def _record(db: Session, actor: str, user_id: str, action: str, key: bytes, now: datetime) -> None:
    audit.record(db, key, now=now, actor=actor, action=action, subject=f"user:{user_id}")
