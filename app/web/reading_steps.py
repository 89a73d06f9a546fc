"""The reader's pages before and after the images: each shows the step that comes next."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidError
from app.protocol.questions import LONGEST_ANSWER, Question
from app.services import eligibility, going_on, instructions, seats, steps
from app.services.instructions import Welcome
from app.services.seats import ReaderSeat
from app.services.steps import Agreement
from app.web import language
from app.web.deps import Ctx, CurrentReader, require_own_page, seat_in, signed_in
from app.web.pages import render

router = APIRouter(prefix="/read")
_TEMPLATES = {
    "consent": "read/consent.html",
    "questionnaire": "read/questionnaire.html",
    "afterwards": "read/questionnaire.html",
    "display": "read/display.html",
    "instructions": "read/welcome.html",
}
_MEASURES = ("screen_width", "screen_height", "window_width", "window_height", "pixel_ratio", "depth")


@dataclass(frozen=True, slots=True)
class StepPage:
    """The pages around the images; `tag` says whose they are; `problem` says what was wrong with what was just sent, `given` holds it.

    `next_phase` is the state of the part that follows for who has finished, empty for none.
    """

    welcome: Welcome
    code: str
    tag: str
    agreement: Agreement
    next_phase: str
    questions: list[tuple[str, Question]]
    after: bool
    longest_answer: int
    given: dict[str, str]
    problem: str


async def _texts(request: Request) -> dict[str, str]:
    return {name: text for name, text in (await request.form()).items() if isinstance(text, str)}


Texts = Annotated[dict[str, str], Depends(_texts)]


def _page_owner(seat: CurrentReader, given: Texts) -> ReaderSeat:
    """The reading that this browser is in, if the page that sends the form is its own."""
    require_own_page(seat, given.get("reading", seat.tag))
    return seat


FormReader = Annotated[ReaderSeat, Depends(_page_owner)]


@router.get("", response_model=None)
def step(request: Request, ctx: Ctx, seat: CurrentReader) -> HTMLResponse | RedirectResponse:
    with ctx.database.read() as db:
        return _show(request, db, seat)


@router.post("/consent")
def consent(
    ctx: Ctx,
    seat: FormReader,
    version: Annotated[str, Form()] = "",
    agrees: Annotated[str, Form()] = "",
) -> RedirectResponse:
    with ctx.database.write() as db:
        steps.consent(db, seat, version, clock.now(), agrees=agrees == "yes")
    return RedirectResponse("/read", 303)


@router.post("/questionnaire", response_model=None)
def questionnaire(
    request: Request, ctx: Ctx, seat: FormReader, given: Texts
) -> HTMLResponse | RedirectResponse:
    try:
        with ctx.database.write() as db:
            steps.answer(db, seat, given, clock.now(), after=given.get("after") == "true")
    except InvalidError as error:
        with ctx.database.read() as db:
            return _show(request, db, seat, given, error.sentence)
    return RedirectResponse("/read", 303)


@router.post("/display", response_model=None)
def display(request: Request, ctx: Ctx, seat: FormReader, given: Texts) -> HTMLResponse | RedirectResponse:
    try:
        measured = {name: _measure(given[name]) for name in _MEASURES if given.get(name)}
        with ctx.database.write() as db:
            steps.check_display(db, seat, measured, clock.now(), all_seen=given.get("seen") == "all")
    except InvalidError as error:
        with ctx.database.read() as db:
            return _show(request, db, seat, given, error.sentence)
    return RedirectResponse("/read", 303)


@router.post("/start")
def start(request: Request, ctx: Ctx, seat: FormReader) -> RedirectResponse:
    with ctx.database.write() as db:
        eligibility.require(db, seat, ctx.settings.secret_key)
        instructions.start(db, seat, clock.now(), language.of(request))
    return RedirectResponse("/read/rate", 303)


@router.post("/next")
def next_phase(request: Request, ctx: Ctx, seat: FormReader) -> RedirectResponse:
    """Into the next phase of the study, in this browser."""
    now, key = clock.now(), ctx.settings.secret_key
    with ctx.database.write() as db:
        cookie = going_on.go_on(db, seat, signed_in(request, db), key, now)
        eligibility.require(db, seats.seat(db, cookie, now), key)
    response = RedirectResponse("/read", 303)
    seat_in(response, ctx, cookie)
    return response


@router.post("/withdraw")
def withdraw(ctx: Ctx, seat: FormReader) -> RedirectResponse:
    with ctx.database.write() as db:
        steps.withdraw(db, seat, clock.now())
    return RedirectResponse("/read", 303)


def _measure(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidError(steps.UNUSABLE_DISPLAY) from None


def _show(
    request: Request, db: Session, seat: ReaderSeat, given: dict[str, str] | None = None, problem: str = ""
) -> HTMLResponse | RedirectResponse:
    """The page of the step at which this reader stands; at the end the last image is still in reach."""
    there = instructions.welcome(db, seat, clock.now(), language.of(request))
    if there.step.name == "ending":
        return RedirectResponse("/read/rate", 303)
    after = there.step.name == "afterwards"
    page = StepPage(
        welcome=there,
        code=seat.code,
        tag=seat.tag,
        agreement=steps.agreement(db, seat),
        next_phase=going_on.next_for(db, seat) if there.step.name == "finished" else "",
        questions=steps.asked(there.protocol, after=after),
        after=after,
        longest_answer=LONGEST_ANSWER,
        given=given or {},
        problem=problem,
    )
    template = _TEMPLATES.get(there.step.name, "read/finished.html")
    return render(request, template, page, 422 if problem else 200)
