"""Mail to readers: invitations and reminders, by this server where it has a mail relay, else as texts to send by hand."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.mail.message import Letter
from app.services import letters, mailing, reminders, sessions
from app.web.api.asking import Caller, CurrentCaller, CurrentWriter
from app.web.api.paging import Page, Paged
from app.web.api.shapes import Ask, Id, Job, Moment, Shape, example

router = APIRouter(prefix="/sessions/{session_id}", tags=["mail"])


class Mail(Shape):
    """What became of a mail to a reader."""

    reading_id: Id
    kind: str = Field(examples=["invitation"])
    status: str = Field(examples=["sent"])
    reason: str = Field(examples=[""])
    at: Moment


class Wording(Shape):
    """How mails are worded; `own` is false for the built-in wording."""

    subject: str
    body: str
    own: bool = Field(examples=[False])


class Mailing(Shape):
    """What there is to send, and how it is worded."""

    by_mail: bool = Field(description="Whether this server sends mail.", examples=[True])
    to_invite: int = Field(description="Readers who got no invitation yet.", examples=[2])
    job: Job | None = Field(description="The job that sends, or sent last.")
    invitation: Wording
    reminder: Wording
    automatic_days: int = Field(description="Reminders after so many idle days; 0 for none.", examples=[0])


class Text(Shape):
    """A mail to send by hand, with a link of its own, shown this once."""

    code: str = Field(examples=["R01"])
    to: str = Field(examples=["reader@example.org"])
    subject: str
    body: str


class Sent(Shape):
    """The job that sends, or the texts to send by hand."""

    job: Job | None
    letters: list[Text]


class Reworded(Ask):
    """A wording of your own; empty texts go back to the built-in one."""

    model_config = example(kind="invitation", subject="", body="")
    kind: Literal["invitation", "reminder"]
    subject: str = Field("", max_length=1000)
    body: str = Field("", max_length=20_000)


class Stalled(Shape):
    """A reader who has not finished; `hindrance` says why no reminder goes there."""

    reading_id: Id
    code: str = Field(examples=["R01"])
    begun: bool = Field(examples=[True])
    since: Moment
    hindrance: str = Field(examples=[""])


class Reminded(Ask):
    """Whom to remind."""

    model_config = example(readings=["0f3c9a5d7b2e4c6f8a1b3d5e7f902468"])
    readings: list[Id] = Field(min_length=1, max_length=1000)


class Automatic(Ask):
    """After how many idle days readers are reminded; 0 for never."""

    model_config = example(days=7)
    days: int = Field(ge=0, le=reminders.MOST_DAYS)


@router.get("/mailing", response_model=Mailing, summary="What there is to send, and its wording")
def overview(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return _mailing(db, caller, session_id)


@router.get("/mails", response_model=Page[Mail], summary="What became of each mail")
def mails(session_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        sessions.own(db, caller.user, session_id)
        states = mailing.states(db, session_id)
    rows = [
        Mail(reading_id=key, kind=one.kind, status=one.status, reason=one.reason, at=one.at)
        for key, found in sorted(states.items())
        for one in found
    ]
    places = {id(row): place for place, row in enumerate(rows)}
    return paging.page(rows, lambda row: (places[id(row)],), lambda row: row)


@router.post("/invitations", response_model=Sent, status_code=202, summary="Invite all who were not yet")
def invite(session_id: str, writer: CurrentWriter) -> Response:
    by_mail = writer.ctx.settings.relay is not None

    def do(db: Session) -> Sent:
        session, user, key, now = (
            sessions.own(db, writer.user, session_id),
            writer.user,
            writer.secret,
            writer.now,
        )
        chosen = mailing.uninvited(db, session_id, by_mail=by_mail)
        if by_mail:
            mailing.send(
                db, session, "invitation", chosen, owner_id=user.id, actor=user.pseudonym, key=key, now=now
            )
            return _sent(db, writer.caller, session_id, [])
        shown = mailing.show(db, user, session, "invitation", chosen, writer.caller.base, key, now)
        return _sent(db, writer.caller, session_id, shown)

    return writer.once(do, 202)


@router.post("/mailing/wording", response_model=Mailing, summary="Word mails in your own way")
def reword(session_id: str, asked: Reworded, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Mailing:
        letters.reword(
            db,
            writer.user,
            session_id,
            asked.kind,
            asked.subject,
            asked.body,
            writer.secret,
            writer.now,
        )
        db.flush()
        return _mailing(db, writer.caller, session_id)

    return writer.once(do)


@router.get("/reminders", response_model=Page[Stalled], summary="Who would be reminded")
def stalled(
    session_id: str,
    caller: CurrentCaller,
    paging: Paged,
    whom: Literal["all", "not_begun", "begun"] = "all",
    days: Annotated[int, Query(ge=1, le=reminders.MOST_DAYS)] = reminders.USUAL_DAYS,
) -> Any:
    by_mail = caller.ctx.settings.relay is not None
    with caller.ctx.database.read() as db:
        session = sessions.own(db, caller.user, session_id)
        found = reminders.stalled(db, session, whom, days, caller.now, by_mail=by_mail)
    rows = sorted(found, key=lambda one: one.reading_id)
    return paging.page(rows, lambda one: (one.reading_id,), Stalled.model_validate)


@router.post("/reminders", response_model=Sent, status_code=202, summary="Remind these readers")
def remind(session_id: str, asked: Reminded, writer: CurrentWriter) -> Response:
    """As far as they may still be reminded."""
    chosen, key, now, base = set(asked.readings), writer.secret, writer.now, writer.caller.base

    def do(db: Session) -> Sent:
        if writer.ctx.settings.relay is not None:
            reminders.remind(db, writer.user, session_id, chosen, key, now)
            return _sent(db, writer.caller, session_id, [])
        shown = reminders.show(db, writer.user, session_id, chosen, base, key, now)
        return _sent(db, writer.caller, session_id, shown)

    return writer.once(do, 202)


@router.put("/reminders/automatic", response_model=Mailing, summary="Remind by itself, or not")
def automatic(session_id: str, asked: Automatic, writer: CurrentWriter) -> Response:
    def do(db: Session) -> Mailing:
        reminders.set_automatic(db, writer.user, session_id, asked.days, writer.secret, writer.now)
        db.flush()
        return _mailing(db, writer.caller, session_id)

    return writer.once(do)


def _sent(db: Session, caller: Caller, session_id: str, shown: list[tuple[str, Letter]]) -> Sent:
    job = None if shown else mailing.last_job(db, session_id, caller.now)
    return Sent(
        job=Job.model_validate(job) if job else None,
        letters=[Text(code=code, to=one.to, subject=one.subject, body=one.body) for code, one in shown],
    )


def _mailing(db: Session, caller: Caller, session_id: str) -> Mailing:
    sessions.own(db, caller.user, session_id)
    by_mail = caller.ctx.settings.relay is not None
    job = mailing.last_job(db, session_id, caller.now)
    return Mailing(
        by_mail=by_mail,
        to_invite=len(mailing.uninvited(db, session_id, by_mail=by_mail)),
        job=Job.model_validate(job) if job else None,
        invitation=Wording.model_validate(letters.wording(db, session_id, "invitation")),
        reminder=Wording.model_validate(letters.wording(db, session_id, "reminder")),
        automatic_days=reminders.automatic(db, session_id),
    )
