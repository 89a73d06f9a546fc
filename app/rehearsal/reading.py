"""What a reader's page does, from the personal link to the last image."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from app.blinding import transport
from app.errors import ConflictError
from app.rehearsal.browser import Answer, Browser

ANSWER = {"answer": "real", "likert": 3, "shown_ms": 1000.0}


@dataclass(frozen=True, slots=True)
class Received:
    """A stimulus as it came, by the random name that it was asked for.

    `layout` has kind and length of each chunk of the file, and ("sent", n) for each piece in which the server sent it.
    """

    name: str
    sha256: str
    length: int
    headers: tuple[tuple[str, str], ...]
    layout: tuple[tuple[str, int], ...]
    seconds: float


async def read(browser: Browser, token: str, alive: Callable[[int], bool]) -> list[Received] | None:
    """Open the link, start, fetch each image once as soon as the page may, answer each in the same way."""
    _expect(303, await browser.post(f"/r/{token}"), "the link")
    _expect(200, await browser.get("/read"), "the first page")
    _expect(303, await browser.post("/read/start"), "the start")
    _expect(200, await browser.get("/read/rate"), "the viewer")
    state = json.loads(_expect(200, await browser.get("/read/state"), "the state").body)
    received: dict[str, Received] = {}
    while state["current"]:
        for name in (state["current"], *state["ahead"]):
            if name not in received:
                received[name] = await _fetch(browser, name)
        if not alive(len(received)):
            return None
        rating = {"item": state["current"], "key": secrets.token_hex(16), **ANSWER}
        told = await browser.post("/read/ratings", json.dumps(rating).encode())
        state = json.loads(_expect(200, told, "an answer").body)
    return list(received.values())


async def _fetch(browser: Browser, name: str) -> Received:
    answer = _expect(200, await browser.get(f"/read/stimuli/{name}"), "an image")
    body = answer.body
    sent = tuple(("sent", len(piece)) for piece in answer.pieces)
    return Received(
        name=name,
        sha256=hashlib.sha256(body).hexdigest(),
        length=len(body),
        headers=answer.headers,
        layout=(*transport.chunks(body), *sent),
        seconds=answer.seconds,
    )


def _expect(status: int, answer: Answer, what: str) -> Answer:
    if answer.status != status:
        raise ConflictError(f"The session cannot be read: {what} was answered with status {answer.status}.")
    return answer
