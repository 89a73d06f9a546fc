"""Attempts that fail are counted by the address that they come from; those that succeed cost nothing, since a whole hospital may share one."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from limits import RateLimitItem

from app.errors import AppError, NotFoundError, SignInRequiredError, TooManyError
from app.web.deps import Context
from app.words.sentence import N_

_WAIT = N_("Too many attempts from this address; please wait a minute.")


def address_of(request: Request) -> str:
    """Where a request comes from, as a trusted proxy tells it."""
    return request.client.host if request.client else "unknown"


@contextmanager
def slowed(
    request: Request,
    ctx: Context,
    limit: RateLimitItem,
    what: str,
    sentence: str = _WAIT,
    failure: type[AppError] = NotFoundError,
) -> Iterator[None]:
    """Raise TooManyError where this address has failed too often at `what`; count it where what follows ends in a `failure`."""
    address = address_of(request)
    if not ctx.limiter.test(limit, what, address):
        raise TooManyError(sentence)
    try:
        yield
    except failure:
        ctx.limiter.hit(limit, what, address)
        raise


@contextmanager
def slowed_at_once(
    request: Request, ctx: Context, limit: RateLimitItem, what: str, sentence: str
) -> Iterator[None]:
    """`slowed` for a sign-in, which takes long to check: it counts from its beginning on, so that many at once are no way
    around, and is given back where it succeeds.
    """
    address = address_of(request)

    def few(begun: int) -> bool:
        return begun <= limit.amount and ctx.limiter.test(limit, what, address, cost=begun)

    with ctx.in_hand.one_more(f"{what} {address}", few) as begun:
        if not begun:
            raise TooManyError(sentence)
        with slowed(request, ctx, limit, what, sentence, SignInRequiredError):
            yield
