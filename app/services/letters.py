"""A reader's letter: the session's wording in the reader's language, with a link of its own.

Links are kept as hashes, so none can be looked up again to be sent. Each letter therefore gets a further link at the moment when it is
made; those that a reader was given before work on.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app.mail.message import Letter
from app.protocol import mail_wording
from app.protocol.design import Protocol
from app.protocol.mail_wording import Wording
from app.services import changes, invitations, persons, sessions
from app.services.people import SignedIn
from app.tables.contacts import Contact
from app.tables.mails import Mail, MailWording
from app.tables.people import Reader
from app.tables.sessions import Reading, VttSession
from app.words import catalogues
from app.words.languages import ENGLISH

KINDS = tuple(mail_wording.PLACEHOLDERS)


def wording(db: Session, session_id: str, kind: str, say: Callable[[str], str] = str) -> Wording:
    """How a session's mails of a kind are worded: the researcher's own wording, else the built-in one as `say` puts it."""
    own = db.get(MailWording, (session_id, kind))
    return Wording(own.subject, own.body, own=True) if own else mail_wording.built_in(kind, say)


def reword(
    db: Session,
    user: SignedIn,
    session_id: str,
    kind: str,
    subject: str,
    body: str,
    key: bytes,
    now: datetime,
) -> None:
    """Keep a researcher's own wording; the built-in one, or nothing, goes back to the built-in one. Raises InvalidError."""
    session = sessions.own(db, user, session_id)
    own, old, fresh = db.get(MailWording, (session.id, kind)), None, None
    if own:
        old = changes.digest([own.subject, own.body])
        db.delete(own)
        db.flush()
    if subject.strip() or body.strip():
        hidden = Protocol.from_json(session.protocol).purpose_hidden
        given = mail_wording.checked(kind, subject, body, purpose_hidden=hidden)
        plain = mail_wording.built_in(kind)
        if (given.subject, given.body) != (plain.subject, plain.body):
            db.add(MailWording(session_id=session.id, kind=kind, subject=given.subject, body=given.body))
            fresh = changes.digest([given.subject, given.body])
    sessions.record(db, key, user, session, "mail reworded", now, kind=kind, old=old, new=fresh)


def write(db: Session, mail: Mail, base: str, key: bytes, now: datetime) -> tuple[str, Letter]:
    """The reader's code, and the letter of a mail with a new link in it; name and address are looked up here and kept nowhere else."""
    reading = db.get_one(Reading, mail.reading_id)
    contact = db.get(Contact, reading.id) or Contact(email="", name="", language="")
    language = contact.language or ENGLISH
    chosen = "" if language == ENGLISH else f"?language={language}"
    code = db.get_one(Reader, reading.reader_id).code
    link = f"{base}/r/{invitations.another_link(db, reading, now)}{chosen}"
    ending = f"{base}/read/no-reminders/{persons.opt_out_token(key, reading.id)}"
    values = {
        "link": link,
        "no_reminders": ending + chosen,
        "title": db.get_one(VttSession, reading.session_id).public_title,
        "name": contact.name or code,
        "code": code,
        "day": catalogues.day(language, reading.link_expires_at.date()),
    }
    said = wording(db, reading.session_id, mail.kind, partial(catalogues.translate, language))
    return code, Letter(
        identifier=mail.id,
        to=contact.email,
        name=contact.name,
        subject=mail_wording.filled(said.subject, values),
        body=mail_wording.filled(said.body, values),
        language=language,
        unsubscribe=ending if mail.kind == "reminder" else "",
    )
