"""Lists in pages: each page says by an opaque cursor where the next one begins.

A cursor holds which list it is of and the place of the last item that was given, not a number of items: what is added or taken away meanwhile neither repeats nor
hides anything else.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import Field

from app.errors import InvalidError
from app.web.api.shapes import Shape

T = TypeVar("T")
Place = tuple[int | str, ...]
MOST = 200


class Page(Shape, Generic[T]):
    """Some items of a list, and where the next ones begin."""

    items: list[T]
    next: str | None = Field(
        description="Send it as `cursor` for the next page; null on the last.", examples=[None]
    )


class Paging:
    """Which page is asked for."""

    def __init__(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=MOST, description="Items on a page.")] = 50,
        cursor: Annotated[
            str, Query(max_length=1000, description="`next` of the page before; empty for the first.")
        ] = "",
    ) -> None:
        self.limit = limit
        self.list = hashlib.sha256(request.url.path.encode()).hexdigest()[:8]
        self.after = _read(cursor, self.list) if cursor else None

    def page(
        self, rows: Iterable[Any], place: Callable[[Any], Place], shown: Callable[[Any], T]
    ) -> "Page[T]":
        """The page of these rows, which come in the order of their places; raises InvalidError for a cursor of another list."""
        kept = [row for row in rows if self._follows(place(row))]
        some, more = kept[: self.limit], len(kept) > self.limit
        return Page(
            items=[shown(row) for row in some], next=_written((self.list, *place(some[-1]))) if more else None
        )

    def _follows(self, place: Place) -> bool:
        if self.after is None:
            return True
        if [type(one) for one in self.after] != [type(one) for one in place]:
            raise InvalidError(_BROKEN)
        return place > self.after


Paged = Annotated[Paging, Depends()]
_BROKEN = "This cursor is none that was given out for this list; begin with the first page."


def newest_first(row: Any) -> Place:
    """The place of a row with `created_at` and `id` in a list that begins with the newest."""
    return (-round(row.created_at.timestamp() * 1_000_000), row.id)


def _written(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(cursor: str, of: str) -> Place:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidError(_BROKEN) from None
    if not isinstance(found, list) or found[:1] != [of] or not all(type(one) in {int, str} for one in found):
        raise InvalidError(_BROKEN)
    return tuple(found[1:])
