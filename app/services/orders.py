"""Which of a session's items a reader sees, and in which order: practice, anchors, then all others with their repeats. No truth is reachable from here."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app.protocol import blocks, pairs, parts
from app.protocol.design import Protocol
from app.protocol.order import order, reader_seed, with_repeats
from app.tables.sessions import Item, VttSession


def practice(db: Session, session: VttSession, slot: int, attempt: int) -> list[str]:
    """The ids of the practice items in the order of the reader in `slot`, another one at each attempt (from 1)."""
    seed = reader_seed(session.order_secret, slot) + f" attempt {attempt}".encode()
    return _ordered(session, _items(db, session, ("practice",)), seed)


def main(db: Session, session: VttSession, slot: int) -> list[str]:
    """The ids of all other items in the order of the reader in `slot`: from ids and the session's secret alone."""
    seed = reader_seed(session.order_secret, slot)
    items = _items(db, session, ("main", "catch", "repeat"), Item.part.in_(_parts(session, slot)))
    anchors = [item.id for item in _items(db, session, ("anchor",))]
    numbers = sorted({item.block for item in items})
    if len(numbers) == 1:
        return anchors + _block(session, items, seed)
    placed = anchors
    for number in blocks.turn(
        numbers, _turn(session, slot, len(numbers)), bytes.fromhex(session.order_secret)
    ):
        mine = [item for item in items if item.block == number]
        placed += _block(session, mine, seed + f" block {number}".encode())
    return placed


def totals(db: Session, session: VttSession, slots: Iterable[int]) -> list[int]:
    """How many images the reader in each slot sees, without practice."""
    query = select(Item.part, func.count()).where(Item.session_id == session.id, Item.kind != "practice")
    there: dict[int, int] = dict(db.execute(query.group_by(Item.part)).all())
    return [sum(there.get(part, 0) for part in _parts(session, slot)) for slot in slots]


def _parts(session: VttSession, slot: int) -> tuple[int, ...]:
    """The parts that the reader in `slot` reads, and 0 for what everybody reads."""
    protocol = Protocol.from_json(session.protocol)
    return (0, *parts.of_reader(slot, protocol.parts, protocol.parts_read))


def _turn(session: VttSession, slot: int, n_blocks: int) -> int:
    """The reader's place in the design of the blocks."""
    protocol = Protocol.from_json(session.protocol)
    sequences = len(blocks.williams(n_blocks))
    return parts.turned(slot, protocol.parts, protocol.parts_read, sequences)


def _block(session: VttSession, items: Sequence[Item], seed: bytes) -> list[str]:
    first = {item.image_id: item.id for item in items if item.kind == "main"}
    repeated = {item.id: first[item.image_id] for item in items if item.kind == "repeat"}
    ordered = _ordered(session, [item for item in items if item.kind != "repeat"], seed)
    return with_repeats(ordered, repeated, Protocol.from_json(session.protocol).repeat_lag, seed)


def whole(db: Session, session: VttSession, slot: int, practised: int) -> list[str]:
    """All that was presented to a reader whose first `practised` positions were practice."""
    shown: list[str] = []
    for attempt in range(1, practised + 1):
        if len(shown) >= practised:
            break
        shown += practice(db, session, slot, attempt)
    return shown + main(db, session, slot)


def _ordered(session: VttSession, items: Sequence[Item], seed: bytes) -> list[str]:
    """One after the other, or in pairs: left, right, left, right, …"""
    ids = [item.id for item in items]
    paired = Protocol.from_json(session.protocol).at_once == 2
    return pairs.trials(ids, seed) if paired else order(ids, seed)


def _items(db: Session, session: VttSession, kinds: Sequence[str], *only: ColumnElement[bool]) -> list[Item]:
    query = select(Item).where(Item.session_id == session.id, Item.kind.in_(kinds), *only)
    return list(db.scalars(query.order_by(Item.number)))
