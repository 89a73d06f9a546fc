"""The language of a reader's page: chosen by a link, else chosen before, else as the browser asks."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.web import cookies
from app.words import languages
from app.words.languages import ENGLISH, LANGUAGES

LANGUAGE_COOKIE = "blindread_language"
_OWN_PAGES = ("/r/", "/read/join/", "/read/no-reminders/")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Offer:
    """A language in a page's menu: its tag, its name for itself, and the address that chooses it."""

    tag: str
    name: str
    address: str


def for_reader(request: HTTPConnection) -> bool:
    return request.url.path.startswith(("/read", "/r/"))


def of(request: HTTPConnection) -> str:
    """The tag of the language to answer in; researchers' pages are English."""
    if not for_reader(request):
        return ENGLISH
    chosen = _chosen(request) or cookies.given(request, LANGUAGE_COOKIE)
    return languages.choose(chosen, request.headers.get("accept-language", ""))


def choice(request: HTTPConnection) -> str:
    """The part of an address that carries a choice of this request on to the next; empty where none was made."""
    chosen = _chosen(request)
    return f"?language={chosen}" if chosen else ""


def offers(request: HTTPConnection) -> list[Offer]:
    """All languages. A link chooses on its own page; everywhere else the choice leads to the step that comes next."""
    page = "" if request.url.path.startswith(_OWN_PAGES) else "/read"
    return [Offer(tag, name, f"{page}?language={tag}") for tag, name in LANGUAGES.items()]


def mark(request: HTTPConnection, response: Response) -> None:
    """Say in a reader's answer which language it has, and keep a choice for the next pages; without one no cookie is set."""
    if not for_reader(request):
        return
    response.headers["Content-Language"] = of(request)
    response.headers.append("Vary", "Accept-Language, Cookie")
    if chosen := _chosen(request):
        cookies.put(response, request.app.state.context.settings, LANGUAGE_COOKIE, chosen, _YEAR)


def _chosen(request: HTTPConnection) -> str | None:
    tag = request.query_params.get("language")
    return tag if tag in LANGUAGES else None
