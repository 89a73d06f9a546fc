"""What a reader's page does, from the personal link to the last image."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.blinding import transport
from app.errors import ConflictError
from app.protocol.design import Protocol
from app.rehearsal.browser import Answer, Browser
from app.services import steps

ANSWER = {"likert": 3, "shown_ms": 1000.0}
FORM = "application/x-www-form-urlencoded"
DISPLAY: dict[str, object] = {
    "screen_width": 10_000,
    "screen_height": 10_000,
    "window_width": 10_000,
    "window_height": 10_000,
    "seen": "all",
}


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


async def read(
    browser: Browser, token: str, protocol: Protocol, alive: Callable[[int], bool]
) -> list[Received] | None:
    """Open the link, do what comes before the images, fetch each image once as soon as the page may, answer each in the same way.

    Practice is answered in the same way, too, and where that is not enough as its feedback taught.
    """
    _expect(303, await browser.post(f"/r/{token}"), "the link")
    for path, form in before(protocol):
        _expect(200, await browser.get("/read"), "the page before the images")
        _expect(303, await browser.post(path, urlencode(form).encode(), FORM), "a step before the images")
    _expect(200, await browser.get("/read/rate"), "the viewer")
    state = json.loads(_expect(200, await browser.get("/read/state"), "the state").body)
    received: dict[str, Received] = {}
    taught: dict[str, str] = {}
    while state["current"]:
        for name in _names(state):
            if name not in received:
                received[name] = await _fetch(browser, name)
        if not alive(len(received)):
            return None
        shown = received[state["current"]].sha256
        rating = {
            "item": state["current"],
            "key": secrets.token_hex(16),
            **ANSWER,
            **_said(protocol, taught.get(shown)),
        }
        told = await browser.post("/read/ratings", json.dumps(rating).encode())
        state = json.loads(_expect(200, told, "an answer").body)
        if state["feedback"]:
            taught[shown] = state["feedback"]["truth"]
    return list(received.values())


def before(protocol: Protocol) -> list[tuple[str, dict[str, object]]]:
    """The forms that a reader of this protocol sends before the first image, each with its address."""
    forms: list[tuple[str, dict[str, object]]] = []
    if protocol.consent:
        forms.append(("/read/consent", {"version": steps.version(protocol.consent), "agrees": "yes"}))
    if asked := steps.asked(protocol, after=False):
        answers: dict[str, object] = {
            name: question.choices[0] if question.choices else "1" for name, question in asked
        }
        forms.append(("/read/questionnaire", answers))
    if protocol.display_check:
        forms.append(("/read/display", DISPLAY))
    return [*forms, ("/read/start", {})]


def _said(protocol: Protocol, truth: str | None) -> dict[str, object]:
    """Real, unless feedback said otherwise; by the scale alone where nothing else is asked."""
    if protocol.answering == "both":
        return {"answer": truth or "real"}
    if protocol.answering == "pairs":
        return {"answer": "right" if truth == "synthetic" else "left"}
    return {"likert": {"real": 5, "synthetic": 1}[truth]} if truth else {}


def _names(state: Mapping[str, Any]) -> list[str]:
    """The images that the page asks for now, in its order: of a pair the left one first."""
    trials = [state["current"], *state["ahead"]]
    return [name for left in trials for name in (left, state["beside"].get(left)) if name]


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
