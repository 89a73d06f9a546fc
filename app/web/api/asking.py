"""Who asks by which token, and a write that is done once.

A token comes in the header `Authorization: Bearer` alone. Browsers send no such header by themselves, and cookies open nothing here, so
another site's page can make nobody's browser act by the API; tokens in turn open none of the pages.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import parse
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.errors import ForbiddenError, InvalidError, SignInRequiredError, TooManyError, UnavailableError
from app.services import api_tokens, remembering, second_factor
from app.services.api_tokens import TokenRow
from app.services.people import SignedIn
from app.services.remembering import Answer, Asked
from app.web.deps import Context, Ctx, public_address

WRONG = parse("30/minute")  # wrong tokens that one address tries
_JSON: TypeAdapter[Any] = TypeAdapter(Any)
_NOT_STORED = {"Cache-Control": "no-store"}
_bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="blr_…",
    description="A token of your own, made on the page “API tokens” of your account or by `blindread token add`.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose program asks, by which token, and when; `base` is what links that are given away begin with."""

    ctx: Context
    user: SignedIn
    token: TokenRow
    now: datetime
    base: str

    def require_write(self) -> None:
        """Raise ForbiddenError for a token that only reads: it changes nothing, and looks at no truth."""
        if self.token.read_only:
            raise ForbiddenError("This token only reads; make one that may write.")


@dataclass(frozen=True, slots=True)
class Writer:
    """A caller that may write. `key` is the idempotency key, empty for none; `request_hash` is of method, address and contents."""

    caller: Caller
    key: str
    request_hash: str

    @property
    def ctx(self) -> Context:
        return self.caller.ctx

    @property
    def user(self) -> SignedIn:
        return self.caller.user

    @property
    def now(self) -> datetime:
        return self.caller.now

    @property
    def secret(self) -> bytes:
        """The installation's secret, with which services write the audit trail."""
        return self.caller.ctx.settings.secret_key

    def once(self, do: Callable[[Session], Any], status: int = 200) -> Response:
        """The answer that `do` gives, in one transaction with what it does; the same key again gives the same answer and does nothing.

        Of two at the same time the second waits for the first, or (on a database that lets both begin) is undone and finds its answer.
        """
        try:
            return self._once(do, status)
        except IntegrityError:
            if not self.key:
                raise
            return self._once(do, status)

    def _once(self, do: Callable[[Session], Any], status: int) -> Response:
        asked = Asked(self.user.id, self.key, self.request_hash)
        with self.ctx.database.write() as db:
            before = remembering.recall(db, asked, self.secret, self.now) if self.key else None
            if before is not None:
                return _sent(before, {"Idempotent-Replayed": "true"})
            answer = _answer(do(db), status)
            if self.key:
                remembering.keep(db, asked, answer, self.secret, self.now)
        return _sent(answer, {})


def caller(
    request: Request, ctx: Ctx, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """Raises SignInRequiredError without a token that works, SecondFactorRequiredError where its user has to set one up first, and
    TooManyError for an address that tries many.
    """
    now = clock.now()
    try:
        with ctx.database.read() as db:
            found = api_tokens.who(db, given.credentials if given else "", now)
        second_factor.require(found.user, ctx.settings.require_second_factor)
    except SignInRequiredError:
        address = request.client.host if request.client else "unknown"
        if not ctx.limiter.hit(WRONG, "api token", address):
            raise TooManyError("Too many wrong tokens; please wait a minute.") from None
        raise
    if not found.noted:
        with suppress(UnavailableError), ctx.database.write_together() as db:
            api_tokens.note_use(db, found.row.id, now)
    return Caller(ctx, found.user, found.row, now, public_address(request, ctx))


CurrentCaller = Annotated[Caller, Depends(caller)]


def looker(caller: CurrentCaller) -> Caller:
    """A caller whose token may look at truth: that is an act, which a token that only reads does not do."""
    caller.require_write()
    return caller


CurrentLooker = Annotated[Caller, Depends(looker)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=16,
        max_length=200,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="A random text of your own, such as a UUID: the same request again with it, within a day, gets the same answer and does nothing.",
        examples=["6e0d6b0c-5c0a-4a57-9d9c-5f2c2f0f8a11"],
    ),
]


async def body_of(request: Request) -> bytes:
    """The contents of a request; raises InvalidError where a text in it could not be stored."""
    body = await request.body()
    try:
        text = body.decode()
        stored = _JSON.validate_json(body) if body else None
        _JSON.dump_json(stored)
    except ValueError:
        raise InvalidError("What was sent is not JSON in UTF-8.") from None
    if "\\u0000" in text or "\0" in text:
        raise InvalidError("What was sent holds a character NUL, which no text has.")
    return body


def writer(
    request: Request,
    caller: CurrentCaller,
    body: Annotated[bytes, Depends(body_of)],
    key: IdempotencyKey = None,
) -> Writer:
    """Raises ForbiddenError for a token that only reads."""
    caller.require_write()
    return Writer(caller, key or "", fingerprint(request, hashlib.sha256(body).hexdigest()))


def uploader(request: Request, caller: CurrentCaller, key: IdempotencyKey = None) -> Writer:
    """The same for an upload, whose contents are hashed while they are received: see `uploaded`."""
    caller.require_write()
    return Writer(caller, key or "", fingerprint(request, ""))


def uploaded(writer: Writer, digest: str) -> Writer:
    """The writer of an upload once its contents are known."""
    whole = hashlib.sha256((writer.request_hash + digest).encode()).hexdigest()
    return Writer(writer.caller, writer.key, whole)


def fingerprint(request: Request, contents: str) -> str:
    """The hash of what was asked."""
    asked = "\n".join((request.method, request.url.path, request.url.query, contents))
    return hashlib.sha256(asked.encode()).hexdigest()


def _answer(made: Any, status: int) -> Answer:
    return Answer(status, b"" if status == 204 else _JSON.dump_json(made))


def _sent(answer: Answer, headers: dict[str, str]) -> Response:
    kind = "application/json" if answer.body else None
    return Response(answer.body, answer.status, {**_NOT_STORED, **headers}, media_type=kind)


CurrentWriter = Annotated[Writer, Depends(writer)]
CurrentUploader = Annotated[Writer, Depends(uploader)]
