"""Templates, and the one place that knows which error has which status."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from app import bundled
from app.errors import (
    AppError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    SignInRequiredError,
    TooLargeError,
    TooManyError,
    UnavailableError,
)

_STATUS: dict[type[AppError], int] = {
    InvalidError: 422,
    SignInRequiredError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    TooManyError: 429,
    UnavailableError: 503,
}
_RETRY_AFTER = {429: "60", 503: "2"}  # seconds
_STARLETTE_SENTENCES = {
    404: "There is nothing here.",
    405: "This address does not take that.",
    413: "The upload is too large.",
}

templates = Jinja2Templates(
    env=Environment(
        loader=FileSystemLoader(bundled.path("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What error.html shows; `reader` pages carry no word of the researchers' side."""

    status: int
    sentence: str
    back: str
    reader: bool


def render(request: Request, template: str, page: Any, status: int = 200) -> HTMLResponse:
    """The template with its dataclass as `page`; never cached."""
    response = templates.TemplateResponse(request, template, {"page": page}, status_code=status)
    response.headers["Cache-Control"] = "no-store"
    return response


async def show_app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
    if status == 401 and request.method == "GET" and not _for_reader(request) and not _wants_json(request):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
    return _answer(request, status, error.sentence)


async def show_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, _STARLETTE_SENTENCES.get(error.status_code, str(error.detail)))


async def show_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _answer(request, 422, "What was sent is not JSON.")
    field = str(first["loc"][-1]).replace("_", " ")
    return _answer(request, 422, f"The field “{field}” cannot be used: {first['msg']}.")


async def show_crash(request: Request, error: Exception) -> Response:
    del error  # logged by the server, never shown
    return _answer(request, 500, "Something went wrong on our side; what was saved before is still there.")


def _answer(request: Request, status: int, sentence: str) -> Response:
    response = _shown(request, status, sentence)
    if status in _RETRY_AFTER:
        response.headers["Retry-After"] = _RETRY_AFTER[status]
    return response


def _shown(request: Request, status: int, sentence: str) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": sentence}, status, headers={"Cache-Control": "no-store"})
    reader = _for_reader(request)
    page = ErrorPage(status=status, sentence=sentence, back="/read" if reader else "/", reader=reader)
    return render(request, "error.html", page, status)


def _for_reader(request: Request) -> bool:
    return request.url.path.startswith(("/read", "/r/"))


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept or (
        request.headers.get("content-type", "").startswith("application/json")
    )
