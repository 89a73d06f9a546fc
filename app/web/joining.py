"""The open link's page: one button, then a personal link of one's own, shown once."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from limits import parse
from sqlalchemy.orm import Session

from app import clock
from app.errors import SignInRequiredError, TooManyError
from app.services import joining, seats
from app.web import cookies, language
from app.web.attempts import address_of, slowed
from app.web.deps import READER_COOKIE, Context, Ctx, personal_link, seat_in, signed_in
from app.web.pages import render
from app.words.sentence import N_

router = APIRouter(prefix="/read/join")
JOINS_BY_ADDRESS = parse("30/hour")
JOINS_BY_LINK = parse("200/hour")
WRONG = parse("30/minute")


@dataclass(frozen=True, slots=True)
class JoinPage:
    """read/join.html, and read/joined.html with the `text` to be copied: what the reading is called, and the personal link."""

    public_title: str
    code: str
    text: str


@router.get("/{token}", response_model=None)
def ask(request: Request, token: str, ctx: Ctx) -> Response:
    """Say what it is; changes nothing. Who has joined already in this browser goes on."""
    with ctx.database.read() as db:
        session_id, title = _found(request, ctx, db, token)
        if _sits_in(request, db, session_id):
            return RedirectResponse(f"/read{language.choice(request)}", 303)
    return render(request, "read/join.html", JoinPage(title, "", ""))


@router.post("/{token}", response_model=None)
def join(request: Request, token: str, ctx: Ctx) -> Response:
    """Make a reader of this browser, once."""
    now, key = clock.now(), ctx.settings.secret_key
    with ctx.database.write() as db:
        session_id, title = _found(request, ctx, db, token)
        if _sits_in(request, db, session_id):
            return RedirectResponse("/read", 303)
        _count_join(request, ctx, session_id)
        invited = joining.join(db, token, key, now)
        cookie = seats.confirm(db, invited.token, now, signed_in(request, db))
    page = JoinPage(title, invited.code, f"{title}\n{personal_link(request, ctx, invited.token)}")
    response = render(request, "read/joined.html", page)
    seat_in(response, ctx, cookie)
    return response


def _found(request: Request, ctx: Context, db: Session, token: str) -> tuple[str, str]:
    """Addresses that do not exist are counted, so that nobody finds one by trying."""
    with slowed(request, ctx, WRONG, "open link"):
        return joining.title(db, token)


def _sits_in(request: Request, db: Session, session_id: str) -> bool:
    """Whether this browser is a reader of this session already."""
    cookie = cookies.given(request, READER_COOKIE)
    try:
        return bool(cookie) and seats.seat(db, cookie or "", clock.now()).session_id == session_id
    except SignInRequiredError:
        return False


def _count_join(request: Request, ctx: Context, session_id: str) -> None:
    allowed = [
        ctx.limiter.hit(JOINS_BY_ADDRESS, "join address", address_of(request)),
        ctx.limiter.hit(JOINS_BY_LINK, "join link", session_id),
    ]
    if not all(allowed):
        raise TooManyError(N_("Many people are joining just now. Please try again in an hour."))
