"""The reader's pages and the calls that their script makes."""

from dataclasses import asdict, dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from limits import parse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from app import clock
from app.protocol.design import Protocol
from app.protocol.refusals import LONGEST_LABEL
from app.services import eligibility, exposures, instructions, readings, seats, submissions
from app.services.readings import State
from app.services.submissions import Mark, Submission
from app.web import language, reading_words
from app.web.attempts import slowed
from app.web.deps import AskingReader, Ctx, CurrentReader, seat_in, signed_in
from app.web.pages import render

router = APIRouter()
WRONG_LINKS = parse("30/minute")
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class LandingPage:
    """read/landing.html: a personal link before it is confirmed."""

    public_title: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class RatePage:
    """read/rate.html: the viewer; its script gets the images by `/read/state`.

    `cues` are the words for marks, each with what it is in the reader's language; `words` are the script's sentences;
    `preview_of` is the session that a researcher previews, else empty.
    """

    public_title: str
    code: str
    tag: str
    protocol: Protocol
    cues: tuple[tuple[str, str], ...]
    words: dict[str, str]
    preview_of: str


class MarkBody(BaseModel):
    """A mark on the image as JSON."""

    model_config = ConfigDict(extra="forbid")

    cue: str = Field(max_length=LONGEST_LABEL)
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0


class SubmissionBody(BaseModel):
    """An answer as JSON."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(max_length=64)
    answer: str = Field(default="", max_length=16)
    likert: StrictInt
    key: str = Field(max_length=submissions.LONGEST_KEY)
    shown_ms: float
    first_action_ms: float | None = None
    revises: StrictBool = False
    viewport: dict[str, float] = Field(default_factory=dict)
    remark: str = Field(default="", max_length=submissions.LONGEST_REMARK)
    marks: list[MarkBody] = Field(default_factory=list, max_length=submissions.MOST_MARKS)

    def submission(self) -> Submission:
        fields = self.model_dump(exclude={"marks"})
        return Submission(**fields, marks=tuple(Mark(**mark.model_dump()) for mark in self.marks))


class ExposureBody(BaseModel):
    """How much of an image was seen, as JSON."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(max_length=64)
    seen_ms: float
    running: bool


@router.get("/r/{token}")
def landing(request: Request, token: str, ctx: Ctx) -> HTMLResponse:
    """Show who invites; changes nothing, because mail scanners open links."""
    with slowed(request, ctx, WRONG_LINKS, "link"), ctx.database.read() as db:
        found = seats.open_link(db, token, clock.now())
    return render(request, "read/landing.html", LandingPage(found.public_title, found.valid_until))


@router.post("/r/{token}")
def confirm(request: Request, token: str, ctx: Ctx) -> RedirectResponse:
    """Open the reading in this browser."""
    with slowed(request, ctx, WRONG_LINKS, "link"), ctx.database.write() as db:
        cookie = seats.confirm(db, token, clock.now(), signed_in(request, db))
        eligibility.require(db, seats.seat(db, cookie, clock.now()), ctx.settings.secret_key)
    response = RedirectResponse("/read", 303)
    seat_in(response, ctx, cookie)
    return response


@router.get("/read/rate", response_model=None)
def rate_page(request: Request, ctx: Ctx, seat: CurrentReader) -> HTMLResponse | RedirectResponse:
    """The viewer, in the language in which the instructions were confirmed last: another one is told first."""
    spoken = language.of(request)
    with ctx.database.read() as db:
        there = instructions.welcome(db, seat, clock.now(), spoken)
    ready = there.step.name == "instructions" and there.step.instructed and there.told_in == spoken
    if there.step.name != "ending" and not ready:
        return RedirectResponse(f"/read{language.choice(request)}", 303)
    page = RatePage(
        public_title=there.public_title,
        code=seat.code,
        tag=seat.tag,
        protocol=there.protocol,
        cues=there.cues,
        words=reading_words.words(there.protocol, spoken),
        preview_of=there.preview_of,
    )
    return render(request, "read/rate.html", page)


@router.get("/read/state")
def state(ctx: Ctx, who: AskingReader) -> JSONResponse:
    with ctx.database.read() as db:
        place = who.place(db)
        return _stated(readings.state(db, place, clock.now()), show_progress=place.protocol.show_progress)


@router.post("/read/ratings")
def rate(body: SubmissionBody, ctx: Ctx, who: AskingReader) -> JSONResponse:
    """Keep an answer; the commit is on disk before this returns."""
    with ctx.database.write_together() as db:
        place = who.place(db)
        after = readings.rate(db, place, body.submission(), clock.now())
    return _stated(after, show_progress=place.protocol.show_progress)


@router.post("/read/exposures")
def exposure(body: ExposureBody, ctx: Ctx, who: AskingReader) -> JSONResponse:
    """An image whose exposure is limited came on the screen, or was left before its time was over."""
    with ctx.database.write_together() as db:
        place = who.place(db)
        exposures.note(db, place, body.item, body.seen_ms, clock.now(), running=body.running)
    return JSONResponse({}, headers=_NO_STORE)


@router.post("/read/finish")
def finish(ctx: Ctx, who: AskingReader) -> JSONResponse:
    """Leave the last answer as it is, where it could still be changed: the reading is over."""
    with ctx.database.write_together() as db:
        readings.finish(db, who.place(db), clock.now())
    return JSONResponse({}, headers=_NO_STORE)


def _stated(state: State, *, show_progress: bool) -> JSONResponse:
    told: dict[str, object] = {
        "finished": state.finished,
        "current": state.current,
        "ahead": state.ahead,
        "beside": state.beside,
        "previous": state.previous,
        "waiting": state.waiting,
        "practising": state.practising,
        "breaks": state.breaks,
        "whole": state.whole,
        "seen": asdict(state.seen) if state.seen else None,
        "feedback": asdict(state.feedback) if state.feedback else None,
        "given": asdict(state.given) if state.given else None,
    }
    if show_progress or state.practising:
        told |= {"position": state.position, "total": state.total}
    return JSONResponse(told, headers=_NO_STORE)
