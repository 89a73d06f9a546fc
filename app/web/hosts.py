"""The refusal of requests under a name that is not this server's: links are built from it, and it tells our own pages from others'."""

import re
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.refusals import refusal
from app.words.sentence import N_

_FORM = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)
_UNKNOWN = N_("This server is not known by this address. Please use the address that you were given.")
_log = structlog.get_logger()


class TrustedHosts:
    """Answers 400 to a Host header that is missing, stands twice, has no host's form or names none of `names`; ports are not compared."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (host := _named(scope)) not in self.names:
            _log.warning("refused host", host=host, setting="BLINDREAD_ALLOWED_HOSTS")
            await refusal(scope, 400, _UNKNOWN)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _named(scope: Scope) -> str:
    """The host's name in small letters, without its port and brackets; empty where the request names none, or not one alone."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    return _host(given[0].decode("latin-1")) if len(given) == 1 else ""


@lru_cache(maxsize=64)
def _host(given: str) -> str:
    """The same of a header's text."""
    with suppress(ValueError):  # brackets around what is no address
        return (urlsplit(f"//{given}").hostname or "") if _FORM.fullmatch(given) else ""
    return ""
