"""Erasing a reader on request: who that was, or that and all answers. What was counted stays counted, and the audit trail stays whole.

Erasing the identity takes away the name and address, the address's fingerprint, all links and sign-ins, free words (remarks, texts of
questionnaires), mails, and the code, which may itself be a name; answers and ratings stay under a new code. Withdrawing takes the answers, too;
how many there were is kept. One person's readings in the phases of one study are erased together.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.db import Database, owe_scrub
from app.errors import NotFoundError
from app.protocol.design import Protocol
from app.report import simulated
from app.services import audit, erasures, phases, reasons, remembering, sessions, tokens
from app.services.erasures import IDENTITY, RATINGS
from app.services.people import SignedIn
from app.tables.contacts import Contact, Person
from app.tables.mails import Mail, MailedLink, NoReminders
from app.tables.people import Reader, ReaderLogin
from app.tables.sessions import Exposure, Presentation, Rating, Reading, VttSession

PREFIX = "erased-"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a reader, before it is erased; `phases` counts the readings of the study that are the same person's."""

    reading_id: str
    code: str
    contact: bool
    ratings: int
    remarks: int
    phases: int
    erased: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the reader's new code, the sessions whose reports are to be made anew, how many ratings went."""

    code: str
    sessions: tuple[str, ...]
    ratings: int


def kept(db: Session, user: SignedIn, session_id: str, reading_id: str) -> Kept:
    """What is kept of a reader of the user's own session; raises NotFoundError, or ForbiddenError for a colleague."""
    reading = reading_of(db, sessions.of_owner(db, user, session_id), reading_id)
    ids = [one.id for one in _same_person(db, reading)]
    ratings = select(func.count(), func.count(Rating.remark)).where(Rating.reading_id.in_(ids))
    given, remarks = db.execute(ratings).one()
    return Kept(
        reading_id=reading.id,
        code=db.get_one(Reader, reading.reader_id).code,
        contact=db.scalar(select(func.count()).where(Contact.reading_id.in_(ids))) != 0,
        ratings=given,
        remarks=remarks,
        phases=len(ids),
        erased=reading.erased_at is not None,
        withdrawn=reading.erased_ratings is not None,
    )


def erase(
    db: Session,
    user: SignedIn,
    session_id: str,
    reading_id: str,
    reason: str,
    key: bytes,
    now: datetime,
    *,
    ratings: bool,
) -> Erased:
    """Erase a reader, with or without the ratings; doing it again finds nothing more. Raises InvalidError without a reason."""
    session = sessions.of_owner(db, user, session_id)
    reading = reading_of(db, session, reading_id)
    return erase_reading(db, reading, user.pseudonym, reasons.checked(reason), key, now, ratings=ratings)


def by_code(db: Session, session_id: str, code: str) -> Reading:
    """A reader's reading of a session; raises NotFoundError."""
    query = select(Reading).join(Reader, Reader.id == Reading.reader_id)
    found = db.scalar(query.where(Reading.session_id == session_id, Reader.code == code))
    if found is None:
        raise NotFoundError(f"There is no reader “{code}” in this session.")
    return found


def erase_reading(
    db: Session, reading: Reading, actor: str, reason: str, key: bytes, now: datetime, *, ratings: bool
) -> Erased:
    """The same for whoever may: all readings of the same person in the same study."""
    readings = _same_person(db, reading)
    code, gone = _new_code(db, readings, now), 0
    for one in readings:
        _erase_identity(db, one, now)
        if ratings:
            gone += _erase_ratings(db, one, now)
        audit.record(
            db,
            key,
            now=now,
            actor=actor,
            action=RATINGS if ratings else IDENTITY,
            subject=f"session:{one.session_id}",
            reading=one.id,
            ratings=one.erased_ratings if ratings else None,
            reason=reason,
        )
    remembering.forget_contents(db)
    erasures.note(db, key)
    owe_scrub(db, [one.session_id for one in readings])
    return Erased(code, tuple(one.session_id for one in readings), gone)


def clear_traces(database: Database, artifacts: Artifacts, erased: Erased) -> bool:
    """After the commit: take away reports that name the old code, and what the database's own files still hold of what was deleted.

    False where somebody kept reading for so long that the write-ahead log could not be emptied; the worker tries again.
    """
    return _clear(database, artifacts, erased.sessions)


def clear_owed(database: Database, artifacts: Artifacts) -> bool:
    """The same for erasures after which somebody was killed, or kept reading."""
    return _clear(database, artifacts, database.owed_sessions)


def _clear(database: Database, artifacts: Artifacts, session_ids: Iterable[str]) -> bool:
    for session_id in session_ids:
        artifacts.delete_folder(f"reports/{session_id}")
    return database.scrub()


def reading_of(db: Session, session: VttSession, reading_id: str) -> Reading:
    """A reading of this session; raises NotFoundError."""
    reading = db.get(Reading, reading_id)
    if reading is None or reading.session_id != session.id:
        raise NotFoundError("There is no such reader in this session.")
    return reading


def _same_person(db: Session, reading: Reading) -> list[Reading]:
    """The readings under its code in all phases of the study: one link led through them.

    The same code in another study may be another person.
    """
    session = db.get_one(VttSession, reading.session_id)
    study = [session.id, *(one.id for one in phases.earlier(db, session.follows_id))]
    after = phases.following(db, session.id)
    while after is not None:
        study.append(after.id)
        after = phases.following(db, after.id)
    query = select(Reading).where(Reading.session_id.in_(study), Reading.reader_id == reading.reader_id)
    return list(db.scalars(query.order_by(Reading.invited_at)))


def _new_code(db: Session, readings: list[Reading], now: datetime) -> str:
    """A code that says nothing; the one of an earlier erasure stays. The old one goes where no other study uses it."""
    old = db.get_one(Reader, readings[0].reader_id)
    if all(one.erased_at is not None for one in readings):
        return old.code
    told = simulated.PREFIX if simulated.count([old.code]) else ""  # that no person answered stays known
    code = told + PREFIX + secrets.token_hex(4)
    new = Reader(id=tokens.identifier(), owner_id=old.owner_id, code=code, created_at=now)
    db.add(new)
    db.flush()
    for one in readings:
        one.reader_id = new.id
    db.flush()
    if db.scalar(select(Reading.id).where(Reading.reader_id == old.id).limit(1)) is None:
        db.delete(old)
    return new.code


def _erase_identity(db: Session, reading: Reading, now: datetime) -> None:
    _erase_wish(db, reading.id)
    for table in (Contact, Person, MailedLink, Mail, ReaderLogin):
        db.execute(delete(table).where(table.reading_id == reading.id))
    reading.link_hash = tokens.digest(tokens.new())
    reading.link_revoked_at = reading.link_revoked_at or now
    reading.erased_at = reading.erased_at or now
    protocol = Protocol.from_json(db.get_one(VttSession, reading.session_id).protocol)
    texts = {question.text for question in protocol.questions if question.kind == "text"}
    reading.about, reading.afterwards = _wordless(reading.about, texts), _wordless(reading.afterwards, texts)
    db.flush()  # the database lets words of erased readers alone be taken out
    remarks = update(Rating).where(Rating.reading_id == reading.id, Rating.remark.is_not(None))
    db.execute(remarks.values(remark=None))


def _erase_wish(db: Session, reading_id: str) -> None:
    """Whoever wants no reminders is known by a fingerprint or a reading; it stays where other readings of the person need it."""
    person = db.get(Person, reading_id)
    who = [reading_id]
    if person is not None:
        same = select(func.count()).where(Person.fingerprint == person.fingerprint)
        if db.scalar(same) == 1:
            who.append(person.fingerprint)
    db.execute(delete(NoReminders).where(NoReminders.who.in_(who)))


def _wordless(answers: list[dict[str, Any]] | None, texts: set[str]) -> list[dict[str, object]] | None:
    """A questionnaire's answers without those in the reader's own words."""
    if answers is None:
        return None
    return [{**one, "answer": None} if one["question"] in texts else one for one in answers]


def _erase_ratings(db: Session, reading: Reading, now: datetime) -> int:
    """How many went; how many there were stays in the reading."""
    if reading.erased_ratings is not None:
        return 0
    given = db.scalar(select(func.count()).where(Rating.reading_id == reading.id)) or 0
    reading.erased_ratings = given
    reading.withdrawn_at = reading.withdrawn_at or now
    reading.about = reading.afterwards = reading.display = None
    db.flush()
    shown = select(Presentation.token).where(Presentation.reading_id == reading.id)
    db.execute(delete(Exposure).where(Exposure.token.in_(shown)))
    db.execute(delete(Rating).where(Rating.reading_id == reading.id))
    db.execute(delete(Presentation).where(Presentation.reading_id == reading.id))
    return given
