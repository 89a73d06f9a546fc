"""A reader's browser without a network: requests go straight into the application, and what it sends is kept as it was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from time import perf_counter
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

_HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: headers in the order in which they were sent, the body's pieces, seconds until the last of them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...]
    seconds: float

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


@dataclass(slots=True)
class Browser:
    """Cookies are kept from answer to answer, whatever their path; redirections are not followed."""

    app: ASGIApp
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path, b"", {})

    async def post(self, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        return await self._ask("POST", path, body, {"content-type": kind})

    async def _ask(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> Answer:
        sent: list[Message] = []
        headers = {"host": _HOST, "content-length": str(len(body)), **more}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urlsplit(path).path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": (_HOST, 80),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        start = perf_counter()
        await self.app(scope, receive, send)
        return self._answer(sent, perf_counter() - start)

    def _answer(self, sent: list[Message], seconds: float) -> Answer:
        begin = next(message for message in sent if message["type"] == "http.response.start")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in begin["headers"])
        for name, value in headers:
            if name == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        pieces = tuple(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return Answer(begin["status"], headers, pieces, seconds)
