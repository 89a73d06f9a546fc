"""The one door to truth joined to ratings. Whoever passes is written down first, in looks.py."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.protocol.design import Protocol
from app.protocol.pairs import partner
from app.services import looks
from app.tables.origins import Origin
from app.tables.people import Reader
from app.tables.sessions import Arm, Item, Presentation, Rating, Reading, VttSession


class UnblindedRating(NamedTuple):
    """One answer beside the truth; `model` is empty for real images, which all arms share.

    `image` is the number of the item in the manifest, for a repeat that of the item that it repeats; `position` counts from 1 within
    practice and within the rest. Of a pair `image` is the left one and `other` the right one; truth and answer are about the left one.
    """

    reader: str
    model: str
    image: str
    truth: str
    answer: str
    likert: int
    seconds: float
    kind: str
    position: int
    other: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    """What is known of an item: the same for each reader."""

    kind: str
    model: str
    image: str
    truth: str
    other: str


def ratings(db: Session, session_id: str) -> list[UnblindedRating]:
    """The answers that count (each item's last revision) with the truth, by reader and position; not those that were withdrawn.

    While readers may still rate these are the answers up to the last early look.
    """
    return [unblinded for unblinded, _ in counted(db, session_id)]


def counted(
    db: Session, session_id: str, *also: Any, reader: str | None = None
) -> Iterator[tuple[UnblindedRating, Row[Any]]]:
    """The same one by one, each beside its stored row, which has the columns `also`; only one reader's where a code is given.

    One reader's answers are in memory at a time: two queries by the index of that reading, no join.
    """
    session = db.get_one(VttSession, session_id)
    protocol, until = Protocol.from_json(session.protocol), looks.snapshot(db, session)
    items = _items(db, session_id, protocol)
    readings = (
        select(Reading.id, Reading.practised, Reader.code)
        .join(Reader, Reader.id == Reading.reader_id)
        .where(Reading.session_id == session_id, Reading.withdrawn_at.is_(None))
    )
    if reader is not None:
        readings = readings.where(Reader.code == reader)
    for reading in sorted(db.execute(readings), key=lambda row: row.code):
        last: dict[str, tuple[UnblindedRating, Row[Any]]] = {}
        for row, position in _answers(db, reading.id, until, also):
            item = items[row.item_id]
            practice = item.kind == "practice"
            if practice and (position - 1) // protocol.practice.images + 1 != row.revision:
                continue  # this answer was given at another attempt
            place = position if practice else position - reading.practised
            last[row.item_id] = _unblinded(reading.code, item, row, (place - 1) // protocol.at_once + 1), row
        yield from sorted(last.values(), key=lambda row: (row[0].kind != "practice", row[0].position))


def _answers(
    db: Session, reading_id: str, until: looks.Snapshot | None, also: Iterable[Any]
) -> Iterator[tuple[Row[Any], int]]:
    """A reading's stored answers, older revisions first, each at every position at which its item stood."""
    shown = select(Presentation.item_id, Presentation.position).where(Presentation.reading_id == reading_id)
    positions: dict[str, list[int]] = {}
    connection = db.connection()  # rows alone, past the mapping of objects
    for item_id, position in connection.execute(shown.order_by(Presentation.position)):
        positions.setdefault(item_id, []).append(position)
    query = select(
        Rating.item_id, Rating.revision, Rating.answer, Rating.likert, Rating.shown_ms, *also
    ).where(Rating.reading_id == reading_id)
    if until:
        query = query.where(Rating.id <= until.last)
    for row in connection.execute(query.order_by(Rating.item_id, Rating.revision)):
        for position in positions.get(row[0], ()):
            yield row, position


def _unblinded(code: str, item: _Item, row: Row[Any], position: int) -> UnblindedRating:
    return UnblindedRating(
        reader=code,
        model=item.model,
        image=item.image,
        truth=item.truth,
        answer=row.answer,
        likert=row.likert,
        seconds=row.shown_ms / 1000,
        kind=item.kind,
        position=position,
        other=item.other,
    )


def _items(db: Session, session_id: str, protocol: Protocol) -> dict[str, _Item]:
    """The session's items by their ids; a repeat is called by the number of the item that it repeats."""
    beside = _beside(db, session_id) if protocol.at_once == 2 else {}
    own_block = _models_of_blocks(db, session_id) if protocol.arm_blocks else {}
    query = (
        select(
            Item.id, Item.kind, Item.number, Item.block, Item.image_id, Origin.kind.label("truth"), Arm.label
        )
        .join(Origin, Origin.image_id == Item.image_id)
        .outerjoin(Arm, (Arm.session_id == Item.session_id) & (Arm.image_set_id == Origin.image_set_id))
        .where(Item.session_id == session_id)
    )
    rows = db.connection().execute(query).all()
    numbers = {image_id: number for _, kind, number, _, image_id, _, _ in rows if kind != "repeat"}
    found = {}
    for item_id, kind, number, block, image_id, truth, label in rows:
        other, its_label = beside.get(number, ("", None))
        model = label or its_label or own_block.get(block, "")
        found[item_id] = _Item(kind, model, image_name(numbers[image_id]), truth, other)
    return found


def _models_of_blocks(db: Session, session_id: str) -> dict[int, str]:
    """The model of each block, where each has its own: the real images of a block stand beside that one alone."""
    query = (
        select(Item.block, Arm.label)
        .join(Origin, Origin.image_id == Item.image_id)
        .join(Arm, (Arm.session_id == Item.session_id) & (Arm.image_set_id == Origin.image_set_id))
        .where(Item.session_id == session_id, Item.kind == "main")
    )
    return dict(db.execute(query).all())


def _beside(db: Session, session_id: str) -> dict[int, tuple[str, str | None]]:
    """By the number of an item that is compared: the name of its partner, and the model that made that one."""
    query = (
        select(Item.number, Arm.label)
        .join(Origin, Origin.image_id == Item.image_id)
        .outerjoin(Arm, (Arm.session_id == Item.session_id) & (Arm.image_set_id == Origin.image_set_id))
        .where(Item.session_id == session_id)
    )
    return {partner(number): (image_name(number), label) for number, label in db.execute(query)}


def withdrawn(db: Session, session_id: str) -> int:
    """How many readers withdrew their answers."""
    query = select(func.count()).where(Reading.session_id == session_id, Reading.withdrawn_at.is_not(None))
    return db.scalar(query) or 0


def image_name(number: int) -> str:
    """How an item is called in ratings.csv and in the report."""
    return f"{number:04d}"


def truth(db: Session, session_id: str) -> list[str]:
    """The truth about the items, in the order of their numbers."""
    query = (
        select(Origin.kind)
        .join(Item, Item.image_id == Origin.image_id)
        .where(Item.session_id == session_id)
        .order_by(Item.number)
    )
    return list(db.scalars(query))
