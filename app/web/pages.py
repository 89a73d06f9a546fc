"""Templates, and the one place that knows which error has which status."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.exceptions import HTTPException

from app import bundled
from app.errors import (
    AppError,
    ClosedError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    SecondFactorRequiredError,
    SignInRequiredError,
    TooLargeError,
    TooManyError,
    UnavailableError,
)
from app.web import language
from app.words import catalogues
from app.words.sentence import N_

_STATUS: dict[type[AppError], int] = {
    InvalidError: 422,
    SignInRequiredError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ClosedError: 423,
    ConflictError: 409,
    TooLargeError: 413,
    TooManyError: 429,
    UnavailableError: 503,
}
_RETRY_AFTER = {429: "60", 503: "2"}  # seconds
_STARLETTE_SENTENCES = {
    404: N_("There is nothing here."),
    405: N_("This address does not take that."),
    413: N_("The upload is too large."),
}


@pass_context
def _translated(context: Context, message: str, **values: object) -> Markup:
    """A template's own sentence: its markup stays, what fills its {placeholders} is escaped."""
    found = Markup(catalogues.translations(context["language"]).gettext(message))  # noqa: S704 - our own catalogues
    return found.format(**values) if values else found


@pass_context
def _said(context: Context, text: str) -> str:
    return catalogues.translate(context["language"], text)


@pass_context
def _number(context: Context, value: float) -> str:
    return catalogues.number(context["language"], value)


@pass_context
def _day(context: Context, at: date) -> str:
    return catalogues.day(context["language"], at)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(bundled.path("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["_"] = _translated
    made.filters |= {"said": _said, "number": _number, "day": _day}
    return made


templates = Jinja2Templates(env=_environment())


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What error.html shows; `reader` pages carry no word of the researchers' side."""

    status: int
    sentence: str
    back: str
    reader: bool


def render(request: Request, template: str, page: Any, status: int = 200) -> HTMLResponse:
    """The template with its dataclass as `page`, in the language of who asks; never cached."""
    context = {"page": page, "language": language.of(request), "offers": language.offers(request)}
    response = templates.TemplateResponse(request, template, context, status_code=status)
    response.headers["Cache-Control"] = "no-store"
    language.mark(request, response)
    return response


def status_of(error: AppError) -> int:
    """The status of a refusal."""
    return next(code for kind, code in _STATUS.items() if isinstance(error, kind))


async def show_app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    status = status_of(error)
    if (
        status == 401
        and request.method == "GET"
        and not language.for_reader(request)
        and not wants_json(request)
    ):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
    if isinstance(error, SecondFactorRequiredError) and not wants_json(request):
        return RedirectResponse("/account#second-factor", 303)
    return _answer(request, status, error.sentence)


async def show_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, _STARLETTE_SENTENCES.get(error.status_code, error.detail))


async def show_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _answer(request, 422, N_("What was sent is not JSON."))
    field = str(first["loc"][-1]).replace("_", " ")
    return _answer(
        request, 422, N_("The field “{field}” cannot be used: {reason}.", field=field, reason=first["msg"])
    )


async def show_crash(request: Request, error: Exception) -> Response:
    del error  # logged by the server, never shown
    return _answer(
        request, 500, N_("Something went wrong on our side; what was saved before is still there.")
    )


def _answer(request: Request, status: int, sentence: str) -> Response:
    response = _shown(request, status, sentence)
    if status in _RETRY_AFTER:
        response.headers["Retry-After"] = _RETRY_AFTER[status]
    if status == 401 and request.url.path.startswith("/api/"):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _shown(request: Request, status: int, sentence: str) -> Response:
    sentence = catalogues.translate(language.of(request), sentence)
    if wants_json(request):
        refusal = JSONResponse({"error": sentence}, status, headers={"Cache-Control": "no-store"})
        language.mark(request, refusal)
        return refusal
    reader = language.for_reader(request)
    page = ErrorPage(status=status, sentence=sentence, back="/read" if reader else "/", reader=reader)
    return render(request, "error.html", page, status)


def wants_json(request: Request) -> bool:
    """Whether the answer is for a program: the API's always, others' where they say so."""
    accept, sent = request.headers.get("accept", ""), request.headers.get("content-type", "")
    return (
        request.url.path.startswith("/api/")
        or "application/json" in accept
        or sent.startswith("application/json")
    )
