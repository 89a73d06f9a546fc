"""Headers for every answer, and the refusal of writes that another site's page sends."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.refusals import refusal
from app.words.sentence import N_

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make browsers send “Origin: null” with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_NOT_KEPT = {"Cache-Control": "no-store"}
Raw = tuple[tuple[bytes, bytes], ...]
LONGEST_BODY = (
    256 * 1024
)  # the longest form has 5,000 characters of instructions, each of up to 12 bytes when escaped
_TOO_LONG = N_("This is longer than anything that this page sends; it was refused.")
_ELSEWHERE = N_("This came from another site and was refused.")
UPLOADS = {
    ("POST", base + path)
    for base in ("", "/api/v1")
    for path in ("/image-sets", "/image-sets/drafts", "/checkpoints", "/experiments")
}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


class SecurityHeaders:
    """Adds the same security headers to every answer; what is no file of the program is not kept by browsers unless it says so itself."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        usual = _HEADERS | (_HTTPS_ONLY if secure else {})
        self._files, self._others = _raw(usual), _raw(usual | _NOT_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = self._files if scope["path"].startswith("/static/") else self._others

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message["headers"] = given + [header for header in added if header[0] not in names]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _raw(headers: Mapping[str, str]) -> Raw:
    """As they are sent."""
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())


class BodyLimit:
    """Refuses bodies that are longer than any form of ours, except uploads, which go to disk and have a limit of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) in UPLOADS:
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdigit() or len(declared) > 12 or int(declared) > LONGEST_BODY:
            await refusal(scope, 413, _TOO_LONG)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LONGEST_BODY:
                raise HTTPException(413, _TOO_LONG)
            return message

        await self.app(scope, counted, send)


class SameOriginWrites:
    """Refuses a write that a browser sends on behalf of another site.

    Browsers tell where a request comes from (Sec-Fetch-Site, Origin) and pages cannot forge that; programs
    that are no browsers send neither and carry no ambient cookie that could be abused. `public` is the address
    that the server is given to people by, empty where it has none.
    """

    def __init__(self, app: ASGIApp, public: str) -> None:
        self.app, self._public = app, _origin(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and not self._from_here(scope):
            await refusal(scope, 403, _ELSEWHERE)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _from_here(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is None:
            return True
        told = _origin(origin)
        return told is not None and told == self._own(scope["scheme"], headers.get("host", ""))

    def _own(self, scheme: str, host: str) -> Origin | None:
        """Under its public name the server is where that address says, whatever the proxy tells; under others, where it was asked."""
        if self._public and _origin(f"{self._public[0]}://{host}") == self._public:
            return self._public
        return _origin(f"{scheme}://{host}")


def _origin(address: str) -> Origin | None:
    """Scheme, name and port; None for what is no such address."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None
