"""The pages around the images: what a reader is told, and the start that keeps what was told."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError
from app.protocol import breaks
from app.protocol.design import Protocol
from app.services import orders, presentations, steps, telling
from app.services.seats import ReaderSeat
from app.services.steps import Step, own
from app.tables.sessions import Item, Reading, VttSession
from app.words.catalogues import translate
from app.words.languages import ENGLISH
from app.words.sentence import N_


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the pages around the images show, in the reader's language; `told` are the sentences that are kept with the reading.

    `cues` are the words for marks with their translations; `told_in` is the language in which the reader confirmed the
    instructions last, empty before. `preview_of` is the session that a researcher previews, else empty.
    """

    public_title: str
    told: tuple[str, ...]
    protocol: Protocol
    cues: tuple[tuple[str, str], ...]
    step: Step
    told_in: str
    started: bool
    practising: bool
    answered: int
    total: int
    may_withdraw: bool
    preview_of: str


def welcome(db: Session, seat: ReaderSeat, now: datetime, language: str = ENGLISH) -> Welcome:
    """What the pages before and after the images show."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    started = reading.started_at is not None
    spoken = protocol.spoken(partial(translate, language))
    return Welcome(
        public_title=session.public_title,
        told=tuple(_told(db, session, spoken, language)),
        protocol=spoken,
        cues=protocol.spoken_cues(partial(translate, language)),
        step=steps.step(reading, session, protocol, now),
        told_in=_told_in(reading),
        started=started,
        practising=started and reading.answered < reading.practised,
        answered=max(0, reading.answered - reading.practised) // protocol.at_once,
        total=(reading.total if started else orders.totals(db, session, [reading.slot])[0])
        // protocol.at_once,
        may_withdraw=started and reading.withdrawn_at is None and session.state in steps.AT_WORK,
        preview_of=session.preview_of or "",
    )


def start(db: Session, seat: ReaderSeat, now: datetime, language: str = ENGLISH) -> None:
    """Confirm the instructions and keep what was told; the first time, fix the reader's order under random names."""
    reading, session = own(db, seat)
    protocol = Protocol.from_json(session.protocol)
    found = steps.step(reading, session, protocol, now)
    if found.waiting:
        raise ConflictError(found.waiting)
    if found.name != "instructions":
        if reading.started_at is not None:
            return
        raise ConflictError(N_("Please answer what comes before the images first."))
    reading.instructed_at = now
    _keep_told(db, reading, session, protocol, language, now)
    if reading.started_at is not None:
        return
    reading.started_at = now
    (reading.total,) = orders.totals(db, session, [reading.slot])
    blocks = [len(block) // protocol.at_once for block in orders.in_blocks(db, session, reading.slot)]
    reading.breaks = breaks.places(blocks, protocol.block_size)
    if protocol.practice.images:
        reading.practised = presentations.present_practice(db, session, reading.id, reading.slot, 0)
    else:
        presentations.present_main(db, session, reading.id, reading.slot, 0)


def _keep_told(
    db: Session, reading: Reading, session: VttSession, protocol: Protocol, language: str, now: datetime
) -> None:
    """Keep what the instructions' page said, unless the last time it said it in the same language."""
    if _told_in(reading) == language:
        return
    spoken = protocol.spoken(partial(translate, language))
    said = telling.told(_told(db, session, spoken, language), spoken.likert_labels, language)
    reading.told = telling.also(reading.told, said, now) if reading.told else said


def _told_in(reading: Reading) -> str:
    return next(reversed(telling.languages(reading.told)), "")


def _told(db: Session, session: VttSession, protocol: Protocol, language: str) -> list[str]:
    """The sentences about the task; the mix, where it is told, is that of the images that count."""
    query = select(func.count()).select_from(Item).where(Item.session_id == session.id, Item.kind == "main")
    return [translate(language, one) for one in protocol.told(session.n_real, db.scalar(query) or 0)]
