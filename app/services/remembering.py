"""Remember the answer to a request that had an idempotency key, in the transaction that did what was asked.

So the same request again, at the same time or after a lost connection, gets the same answer and nothing is done twice. Answers may
hold secrets that are shown once (readers' links). Of the key only a keyed hash is stored, and the answer is sealed under another one:
the database, even with the installation's secret, tells no link to anybody who has not the key that the program made up.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import InvalidError
from app.services import sealing
from app.tables.api import RememberedAnswer

LASTS = timedelta(hours=24)
_OTHER = "This idempotency key was used for another request; a new request needs a new key."


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks under which key, and what: the hash of the whole request."""

    user_id: str
    key: str
    request_hash: str

    def name(self, secret: bytes) -> str:
        """What the key is stored as."""
        return self._derived(secret, "name").hex()

    def sealing_key(self, secret: bytes) -> bytes:
        return self._derived(secret, "seal")

    def _derived(self, secret: bytes, purpose: str) -> bytes:
        text = f"idempotency {purpose} {self.user_id} {self.key}"
        return hmac.new(secret, text.encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the bytes of its JSON; none for 204."""

    status: int
    body: bytes


def recall(db: Session, asked: Asked, secret: bytes, now: datetime) -> Answer | None:
    """The answer that this request got before; None for a new one. Raises InvalidError where the key came with another request."""
    sweep(db, now)
    found = db.get(RememberedAnswer, (asked.user_id, asked.name(secret)))
    if found is None:
        return None
    if not hmac.compare_digest(found.request_hash, asked.request_hash):
        raise InvalidError(_OTHER)
    return Answer(found.status, sealing.unseal(asked.sealing_key(secret), found.sealed))


def keep(db: Session, asked: Asked, answer: Answer, secret: bytes, now: datetime) -> None:
    """Keep an answer for a day."""
    db.add(
        RememberedAnswer(
            user_id=asked.user_id,
            key_hash=asked.name(secret),
            request_hash=asked.request_hash,
            status=answer.status,
            sealed=sealing.seal(asked.sealing_key(secret), answer.body),
            made_at=now,
        )
    )
    db.flush()


def sweep(db: Session, now: datetime) -> None:
    """Forget what is older than a day."""
    db.execute(delete(RememberedAnswer).where(RememberedAnswer.made_at <= now - LASTS))
