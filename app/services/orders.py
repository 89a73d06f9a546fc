"""In which order a reader sees a session's items: practice first, then all others with their repeats. No truth is reachable from here."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed, with_repeats
from app.tables.sessions import Item, VttSession


def practice(db: Session, session: VttSession, slot: int, attempt: int) -> list[str]:
    """The ids of the practice items in the order of the reader in `slot`, another one at each attempt (from 1)."""
    seed = reader_seed(session.order_secret, slot)
    return order(
        (item.id for item in _items(db, session, ("practice",))), seed + f" attempt {attempt}".encode()
    )


def main(db: Session, session: VttSession, slot: int) -> list[str]:
    """The ids of all other items in the order of the reader in `slot`: from ids and the session's secret alone."""
    seed = reader_seed(session.order_secret, slot)
    items = _items(db, session, ("main", "catch", "repeat"))
    first = {item.image_id: item.id for item in items if item.kind == "main"}
    repeated = {item.id: first[item.image_id] for item in items if item.kind == "repeat"}
    ordered = order((item.id for item in items if item.kind != "repeat"), seed)
    return with_repeats(ordered, repeated, Protocol.from_json(session.protocol).repeat_lag, seed)


def whole(db: Session, session: VttSession, slot: int, practised: int) -> list[str]:
    """All that was presented to a reader whose first `practised` positions were practice."""
    shown: list[str] = []
    for attempt in range(1, practised + 1):
        if len(shown) >= practised:
            break
        shown += practice(db, session, slot, attempt)
    return shown + main(db, session, slot)


def _items(db: Session, session: VttSession, kinds: Sequence[str]) -> list[Item]:
    query = select(Item).where(Item.session_id == session.id, Item.kind.in_(kinds)).order_by(Item.number)
    return list(db.scalars(query))
