"""Remember the answer to a request that had an idempotency key, in the transaction that did what was asked.

So the same request again, at the same time or after a lost connection, gets the same answer and nothing is done twice. Answers may
hold secrets that are shown once (readers' links). Of the key only a keyed hash is stored, and the answer is sealed under another one:
the database, even with the installation's secret, tells no link to anybody who has not the key that the program made up.
An answer that cannot be opened any more is not told, and what was asked for is not done again either.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.services import sealing
from app.tables.api import RememberedAnswer

LASTS = timedelta(hours=24)
_OTHER = "This idempotency key was used for another request; a new request needs a new key."
_SHUT = (
    "This was done before under this idempotency key, but its answer can no longer be read. Look up what is there; "
    "with a new key it is done once more."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks under which key, and what: the hash of the whole request."""

    user_id: str
    key: str
    request_hash: str

    def name(self, secret: bytes) -> str:
        """What the key is stored as."""
        text = f"idempotency name {self.user_id} {self.key}"
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, secret: bytes, answer: "Answer") -> bytes:
        """The answer's contents, to be opened for this request and with this status alone."""
        return sealing.seal(self._sealing_key(secret), answer.body, self._bound(secret, answer.status))

    def unseal(self, secret: bytes, status: int, sealed: bytes) -> bytes:
        """What `seal` was given; raises ValueError."""
        return sealing.unseal(self._sealing_key(secret), sealed, self._bound(secret, status))

    def _sealing_key(self, secret: bytes) -> bytes:
        return sealing.derived(secret, f"blindread: remembered answer\0{self.user_id}\0{self.key}")

    def _bound(self, secret: bytes, status: int) -> bytes:
        return "\0".join((self.user_id, self.name(secret), self.request_hash, str(status))).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the bytes of its JSON; none for 204."""

    status: int
    body: bytes


def recall(db: Session, asked: Asked, secret: bytes, now: datetime) -> Answer | None:
    """The answer that this request got before; None for a new one, and after its day also where retention has not swept it yet.

    Raises InvalidError where the key came with another request, and ConflictError where the answer cannot be opened.
    """
    mine = (RememberedAnswer.user_id == asked.user_id, RememberedAnswer.key_hash == asked.name(secret))
    db.execute(delete(RememberedAnswer).where(*mine, RememberedAnswer.made_at <= now - LASTS))
    found = db.get(RememberedAnswer, (asked.user_id, asked.name(secret)))
    if found is None:
        return None
    if not hmac.compare_digest(found.request_hash, asked.request_hash):
        raise InvalidError(_OTHER)
    try:
        return Answer(found.status, asked.unseal(secret, found.status, found.sealed))
    except ValueError:
        raise ConflictError(_SHUT) from None


def forget_contents(db: Session, user_id: str | None = None) -> None:
    """Let go what all answers said, as some may name a person who is erased, or those to a user whose rights have changed.

    That they were given stays, so that nothing is done twice.
    """
    whose = () if user_id is None else (RememberedAnswer.user_id == user_id,)
    db.execute(update(RememberedAnswer).where(*whose).values(sealed=b""))


def keep(db: Session, asked: Asked, answer: Answer, secret: bytes, now: datetime) -> None:
    """Keep an answer for a day."""
    db.add(
        RememberedAnswer(
            user_id=asked.user_id,
            key_hash=asked.name(secret),
            request_hash=asked.request_hash,
            status=answer.status,
            sealed=asked.seal(secret, answer),
            made_at=now,
        )
    )
    db.flush()
