"""Readers: invite, watch, renew and revoke links; the open link; names and addresses."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import contacts, inviting, monitoring, open_links, reader_lists, sessions
from app.services.invitations import Invited
from app.services.monitoring import Watched
from app.services.reader_lists import Row
from app.web import monitoring as pages
from app.web.api.asking import CurrentCaller, CurrentWriter, Writer
from app.web.api.paging import Page, Paged
from app.web.api.sessions import Link
from app.web.api.shapes import Ask, Id, Moment, Shape, example
from app.web.deps import personal_link_of

router = APIRouter(prefix="/sessions/{session_id}", tags=["readers"])


class Reader(Shape):
    """How far a reader is, without any truth."""

    reading_id: Id
    code: str = Field(examples=["R01"])
    answered: int = Field(examples=[12])
    total: int = Field(examples=[40])
    invited_at: Moment
    opened_at: Moment | None
    started_at: Moment | None
    last_seen_at: Moment | None
    finished_at: Moment | None
    expires_at: Moment
    consented: bool = Field(examples=[True])
    declined: bool = Field(examples=[False])
    withdrawn: bool = Field(examples=[False])
    revoked: bool = Field(examples=[False])
    erased: bool = Field(examples=[False])
    idle_days: int = Field(examples=[0])
    seconds: float | None = Field(description="Median for an image.", examples=[4.2])
    catch_seen: int = Field(description="Degraded images seen.", examples=[0])
    catch_missed: int = Field(description="Of these, called real.", examples=[0])


class Stage(Shape):
    """So many readers got here; `left` says where the others stayed."""

    name: str = Field(examples=["invited"])
    readers: int = Field(examples=[7])
    left: list[tuple[str, int]]


class Progress(Shape):
    """How all readers get on; `mark` changes whenever anything does."""

    state: str = Field(examples=["open"])
    flow: list[Stage]
    mark: str = Field(examples=["0f3c9a5d7b2e4c6f"])


class NewReader(Ask):
    """Whom to invite; an empty code means the next free one."""

    model_config = example(code="R01")
    code: str = Field("", max_length=200)


class Listed(Ask):
    """A row of a list; a name or a language needs an address."""

    model_config = example(code="R01", email="reader@example.org", name="Dr. Doe", language="en")
    code: str = Field("", max_length=200)
    email: str = Field("", max_length=300)
    name: str = Field("", max_length=300)
    language: str = Field("", max_length=20)


class NewReaders(Ask):
    """Whom to invite; where one row cannot be used nobody is invited."""

    model_config = example(readers=[{"code": "R01"}, {"code": "R02", "email": "reader@example.org"}])
    readers: list[Listed] = Field(min_length=1, max_length=reader_lists.MOST_ROWS)


class ReaderLink(Link):
    """A reader's personal link, shown this once."""

    reading_id: Id
    code: str = Field(examples=["R01"])


class ReaderLinks(Shape):
    """Links that are new; `repeated` rows had been invited before."""

    readers: list[ReaderLink]
    repeated: int = Field(examples=[0])


class Contact(Shape):
    """Who a reader is; empty where that is not kept."""

    reading_id: Id
    code: str = Field(examples=["R01"])
    email: str = Field(examples=["reader@example.org"])
    name: str = Field(examples=["Dr. Doe"])
    language: str = Field(examples=["en"])


class MostReaders(Ask):
    """How many readers may join in all."""

    model_config = example(most=20)
    most: int = Field(ge=1, le=open_links.MOST)


class OpenLink(Shape):
    """How far the open link is used."""

    most: int = Field(examples=[20])
    joined: int = Field(examples=[3])
    closed: bool = Field(examples=[False])


class NewOpenLink(OpenLink, Link):
    """The open link, shown this once."""


@router.get("/readers", response_model=Page[Reader], summary="How each reader gets on")
def listing(session_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        session = sessions.own(db, caller.user, session_id)
        found = monitoring.monitor(db, session, caller.now).readers
    places = {one.reader.reading_id: place for place, one in enumerate(found)}
    return paging.page(found, lambda one: (places[one.reader.reading_id],), _reader)


@router.get("/progress", response_model=Progress, summary="How all readers get on")
def progress(session_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        return pages.watched(db, caller.user, session_id)


@router.post("/readers", response_model=ReaderLink, status_code=201, summary="Invite a reader")
def invite(session_id: str, asked: NewReader, writer: CurrentWriter) -> Response:
    def do(db: Session) -> ReaderLink:
        invited = sessions.invite(db, writer.user, session_id, asked.code, writer.secret, writer.now)
        return _link(writer, invited)

    return writer.once(do, 201)


@router.post("/readers/list", response_model=ReaderLinks, status_code=201, summary="Invite readers by a list")
def invite_all(session_id: str, asked: NewReaders, writer: CurrentWriter) -> Response:
    rows = [
        Row(place, one.code.strip(), one.email.strip(), one.name.strip(), one.language)
        for place, one in enumerate(asked.readers, start=1)
    ]

    def do(db: Session) -> ReaderLinks:
        found = inviting.invite_rows(db, writer.user, session_id, rows, writer.secret, writer.now)
        return ReaderLinks(
            readers=[_link(writer, one.invited) for one in found.given], repeated=found.repeated
        )

    return writer.once(do, 201)


@router.post("/readers/{reading_id}/renew", response_model=ReaderLink, summary="A new link for a reader")
def renew(session_id: str, reading_id: str, writer: CurrentWriter) -> Response:
    """The old one stops working; what was rated stays."""

    def do(db: Session) -> ReaderLink:
        return _link(
            writer, sessions.renew(db, writer.user, session_id, reading_id, writer.secret, writer.now)
        )

    return writer.once(do)


@router.post("/readers/{reading_id}/revoke", status_code=204, summary="Make a reader's link useless")
def revoke(session_id: str, reading_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: sessions.revoke(db, writer.user, session_id, reading_id, writer.secret, writer.now), 204
    )


@router.get("/contacts", response_model=Page[Contact], summary="Who stands behind the codes")
def contact_rows(session_id: str, caller: CurrentCaller, paging: Paged) -> Any:
    with caller.ctx.database.read() as db:
        sessions.own(db, caller.user, session_id)
        found = contacts.of_session(db, session_id)
    places = {one.reading_id: place for place, one in enumerate(found)}
    return paging.page(found, lambda one: (places[one.reading_id],), Contact.model_validate)


@router.delete("/contacts", status_code=204, summary="Delete all names and addresses of a closed session")
def forget_all(session_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: contacts.forget_all(db, writer.user, session_id, writer.secret, writer.now), 204
    )


@router.delete("/contacts/{reading_id}", status_code=204, summary="Delete one reader's name and address")
def forget(session_id: str, reading_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: contacts.forget(db, writer.user, session_id, reading_id, writer.secret, writer.now), 204
    )


@router.get("/open-link", response_model=OpenLink | None, summary="How far the open link is used")
def open_link(session_id: str, caller: CurrentCaller) -> Any:
    """Null where there never was one."""
    with caller.ctx.database.read() as db:
        sessions.own(db, caller.user, session_id)
        return open_links.view(db, session_id)


@router.post("/open-link", response_model=NewOpenLink, status_code=201, summary="Make the open link, or anew")
def make_open_link(session_id: str, asked: MostReaders, writer: CurrentWriter) -> Response:
    def do(db: Session) -> NewOpenLink:
        token = open_links.make(db, writer.user, session_id, str(asked.most), writer.secret, writer.now)
        db.flush()
        made = OpenLink.model_validate(open_links.view(db, session_id))
        return NewOpenLink(**made.model_dump(), link=f"{writer.caller.base}/read/join/{token}")

    return writer.once(do, 201)


@router.delete("/open-link", status_code=204, summary="Let nobody join by the open link any more")
def close_open_link(session_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: open_links.close(db, writer.user, session_id, writer.secret, writer.now), 204
    )


def _reader(one: Watched) -> Reader:
    own = {name: getattr(one.reader, name) for name in Reader.model_fields if hasattr(one.reader, name)}
    return Reader(
        **own,
        idle_days=one.idle_days,
        seconds=one.seconds,
        catch_seen=one.catch_seen,
        catch_missed=one.catch_missed,
    )


def _link(writer: Writer, invited: Invited) -> ReaderLink:
    link = personal_link_of(writer.caller.base, invited.token)
    return ReaderLink(reading_id=invited.reading_id, code=invited.code, link=link)
