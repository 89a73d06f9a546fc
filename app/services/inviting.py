"""Invite readers by a list: every row is checked first, and where one cannot be used nobody is invited."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import AppError, InvalidError
from app.services import contacts, eligibility, invitations, persons, reader_lists, sessions
from app.services.invitations import Invited
from app.services.people import SignedIn
from app.services.reader_lists import Row
from app.tables.sessions import VttSession

_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Given:
    """A personal link that was just made, and to whom it goes."""

    invited: Invited
    row: Row


@dataclass(frozen=True, slots=True)
class InvitedList:
    """What came of a list; `repeated` counts the rows of readers who had been invited before, whose links stay."""

    given: list[Given]
    repeated: int


@dataclass(frozen=True, slots=True)
class _There:
    """The session's readers so far: codes, and fingerprints of those whose address is known, by code."""

    codes: frozenset[str]
    fingerprints: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Listed:
    """How often each code, and each person by the address's fingerprint, stands in a list."""

    codes: Counter[str]
    persons: Counter[str]


def invite_all(
    db: Session, user: SignedIn, session_id: str, listed: str, key: bytes, now: datetime
) -> InvitedList:
    """A personal link for each row of a list that is new; raises InvalidError with a sentence for each row that cannot be used."""
    invitations.require_invitable(sessions.own(db, user, session_id))
    return invite_rows(db, user, session_id, reader_lists.read(listed), key, now)


def invite_rows(
    db: Session, user: SignedIn, session_id: str, rows: Sequence[Row], key: bytes, now: datetime
) -> InvitedList:
    """The same for rows that somebody else has read."""
    session = sessions.own(db, user, session_id)
    invitations.require_invitable(session)
    there = _There(
        frozenset(row.code for row in contacts.of_session(db, session_id)),
        contacts.fingerprints(db, session_id),
    )
    counted = _Listed(
        Counter(row.code for row in rows),
        Counter(persons.fingerprint(key, row.email) for row in rows if row.email),
    )
    _refuse(
        [
            (row, _problem(row, counted, there, key) or _not_eligible(db, session, row, there, key))
            for row in rows
        ]
    )
    new = [row for row in rows if not _repeated(row, there, key)]
    given = [
        _invite(db, user, session_id, row, key, now)
        for row in sorted(new, key=lambda row: (not row.code, row.place))
    ]
    return InvitedList(sorted(given, key=lambda one: one.row.place), len(rows) - len(new))


def _invite(db: Session, user: SignedIn, session_id: str, row: Row, key: bytes, now: datetime) -> Given:
    invited = sessions.invite(db, user, session_id, row.code, key, now)
    if row.email:
        contacts.keep(db, key, invited.reading_id, email=row.email, name=row.name, language=row.language)
    return Given(invited, row)


def _refuse(found: Sequence[tuple[Row, str]]) -> None:
    problems = [f"Row {row.place}: {problem}" for row, problem in found if problem]
    if not problems:
        return
    more = len(problems) - _MOST_TOLD
    rest = [f"So it is with {more} more."] if more > 0 else []
    raise InvalidError(" ".join([*problems[:_MOST_TOLD], *rest, "Nobody was invited."]))


def _problem(row: Row, listed: _Listed, there: _There, key: bytes) -> str:
    """Why a row cannot be used; empty where it can."""
    try:
        if row.code:
            invitations.checked(row.code)
    except AppError as error:
        return error.sentence
    return reader_lists.problem(row) or _twice(row, listed, key) or _contradicts(row, there, key)


def _not_eligible(db: Session, session: VttSession, row: Row, there: _There, key: bytes) -> str:
    """Why the person of a new row may not read this session."""
    if not row.email or _repeated(row, there, key):
        return ""
    return eligibility.hindrance(db, session, persons.fingerprint(key, row.email), key)


def _twice(row: Row, listed: _Listed, key: bytes) -> str:
    if row.code and listed.codes[row.code] > 1:
        return f"The code “{row.code}” is listed twice."
    if row.email and listed.persons[persons.fingerprint(key, row.email)] > 1:
        return "This e-mail address is listed twice."
    return ""


def _contradicts(row: Row, there: _There, key: bytes) -> str:
    """A reader has one address in a session, and an address one reader."""
    if not row.email:
        return ""
    found = persons.fingerprint(key, row.email)
    other = next((code for code, known in there.fingerprints.items() if known == found), None)
    if row.code in there.codes and there.fingerprints.get(row.code) != found:
        return f"Reader {row.code} is invited already, but not by this e-mail address: revoke that link, and give this person another code."
    if other is not None and row.code and row.code != other:
        return f"This e-mail address belongs to reader {other} of this session."
    return ""


def _repeated(row: Row, there: _There, key: bytes) -> bool:
    if row.code:
        return row.code in there.codes
    return bool(row.email) and persons.fingerprint(key, row.email) in there.fingerprints.values()
