"""Which of a session's items a reader sees, and in which order: practice, anchors, then all others with their repeats. No truth is reachable from here."""

from collections.abc import Iterable, Sequence
from itertools import chain

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.protocol import sequence
from app.protocol.design import Protocol
from app.tables.sessions import Item, VttSession

_NOT_PRACTICE = ("main", "catch", "repeat", "anchor")


def practice(db: Session, session: VttSession, slot: int, attempt: int) -> list[str]:
    """The ids of the practice items in the order of the reader in `slot`, another one at each attempt (from 1)."""
    items = _items(db, session, ("practice",))
    return sequence.practice(items, Protocol.from_json(session.protocol), session.order_secret, slot, attempt)


def main(db: Session, session: VttSession, slot: int) -> list[str]:
    """The ids of all other items in the order of the reader in `slot`: from ids and the session's secret alone."""
    return list(chain.from_iterable(in_blocks(db, session, slot)))


def in_blocks(db: Session, session: VttSession, slot: int) -> list[list[str]]:
    """The same, each block apart."""
    items = _items(db, session, _NOT_PRACTICE)
    protocol = Protocol.from_json(session.protocol)
    return sequence.in_blocks(items, protocol, session.order_secret, slot)


def totals(db: Session, session: VttSession, slots: Iterable[int]) -> list[int]:
    """How many images the reader in each slot sees, without practice."""
    query = select(Item.part, func.count()).where(Item.session_id == session.id, Item.kind != "practice")
    there: dict[int, int] = dict(db.execute(query.group_by(Item.part)).all())
    protocol = Protocol.from_json(session.protocol)
    return [sum(there.get(part, 0) for part in sequence.parts_of(protocol, slot)) for slot in slots]


def whole(db: Session, session: VttSession, slot: int, practised: int) -> list[str]:
    """All that was presented to a reader whose first `practised` positions were practice."""
    shown: list[str] = []
    for attempt in range(1, practised + 1):
        if len(shown) >= practised:
            break
        shown += practice(db, session, slot, attempt)
    return shown + main(db, session, slot)


def _items(db: Session, session: VttSession, kinds: Sequence[str]) -> list[Item]:
    query = select(Item).where(Item.session_id == session.id, Item.kind.in_(kinds))
    return list(db.scalars(query.order_by(Item.number)))
