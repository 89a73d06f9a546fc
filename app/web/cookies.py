"""Cookies: for this host alone and for no script; where they are secure their names begin with `__Host-`, so that no other host can set them."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.settings import Settings


def named(settings: Settings, name: str) -> str:
    """The cookie's name in the browser."""
    return f"__Host-{name}" if settings.secure_cookies else name


def given(request: HTTPConnection, name: str) -> str | None:
    """What the browser has under this name."""
    return request.cookies.get(named(request.app.state.context.settings, name))


def put(response: Response, settings: Settings, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        named(settings, name),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def drop(response: Response, settings: Settings, name: str) -> None:
    """Browsers take a name with the prefix, even to delete it, from a secure cookie only."""
    response.delete_cookie(
        named(settings, name), httponly=True, samesite="lax", secure=settings.secure_cookies
    )
