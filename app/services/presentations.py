"""The images of one reading in their order, each under a random name of its own."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from app.prepared import Selection
from app.protocol.design import Protocol
from app.services import orders
from app.services.places import Place
from app.tables.sessions import Item, Presentation, VttSession

_COLUMNS = select(Presentation.position, Presentation.token, Presentation.item_id).where(
    Presentation.reading_id == bindparam("reading")
)
_BETWEEN = Selection(_COLUMNS.where(Presentation.position.between(bindparam("first"), bindparam("last"))))
_NAMED = Selection(_COLUMNS.where(Presentation.token == bindparam("name")))
_BYTES = Selection(
    select(Item.stimulus_sha256)
    .join(Presentation, Presentation.item_id == Item.id)
    .where(
        Presentation.reading_id == bindparam("reading"),
        Presentation.token == bindparam("name"),
        Presentation.position.between(bindparam("first"), bindparam("last")),
    )
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An item at its position in a reading, and its random name there."""

    position: int
    name: str
    item_id: str


class Near:
    """What is presented around a place in a reading."""

    def __init__(self, shown: Sequence[Shown]) -> None:
        self._by_position = {one.position: one for one in shown}

    def names(self, place: Place) -> list[str | None]:
        """The names from the answered image (or pair) before the place on, as many as are held ahead; None where there is none."""
        each = place.protocol.at_once
        positions = range(place.answered + 1 - each, place.last_seen + 1)
        found = [self._by_position.get(position) for position in positions]
        return [one.name if one else None for one in found]

    def named(self, name: str) -> Shown | None:
        return next((one for one in self._by_position.values() if one.name == name), None)


def near(db: Session, place: Place) -> Near:
    """Around this place and, should its image be answered, the next one."""
    each = place.protocol.at_once
    bounds = {"first": place.answered + 1 - each, "last": place.last_seen + each}
    return Near([Shown(*row) for row in _BETWEEN.rows(db, {"reading": place.seat.reading_id, **bounds})])


def named(db: Session, place: Place, name: str) -> Shown | None:
    """What has this name in this reading, wherever it stands."""
    row = _NAMED.first(db, {"reading": place.seat.reading_id, "name": name})
    return Shown(*row) if row else None


def stimulus(db: Session, place: Place, name: str) -> str | None:
    """The sha256 of the bytes behind a name that may be looked at now; None for any other."""
    bounds = {"first": place.first_seen, "last": place.last_seen}
    found = _BYTES.first(db, {"reading": place.seat.reading_id, "name": name, **bounds})
    return found[0] if found else None


def present_main(db: Session, session: VttSession, reading_id: str, slot: int, practised: int) -> None:
    """Fix the order of the images that count, behind the practice."""
    _present(db, reading_id, orders.main(db, session, slot), practised + 1)


def present_practice(db: Session, session: VttSession, reading_id: str, slot: int, practised: int) -> int:
    """Fix the order of another attempt at the practice; returns how many positions are practice now."""
    images = Protocol.from_json(session.protocol).practice.images
    _present(db, reading_id, orders.practice(db, session, slot, practised // images + 1), practised + 1)
    return practised + images


def _present(db: Session, reading_id: str, items: Sequence[str], first: int) -> None:
    rows = [
        {"token": secrets.token_hex(16), "reading_id": reading_id, "position": position, "item_id": item_id}
        for position, item_id in enumerate(items, start=first)
    ]
    db.execute(insert(Presentation), rows)
