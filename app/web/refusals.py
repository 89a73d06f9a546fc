"""What is refused before any page is asked: a sentence in the asker's language, as text, or as JSON for scripts that sent JSON."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from app.web import language
from app.words.catalogues import translate
from app.words.sentence import Sentence


def refusal(scope: Scope, status: int, sentence: Sentence) -> Response:
    said = translate(language.of(HTTPConnection(scope)), sentence)
    sent = Headers(scope=scope).get("content-type", "")
    if scope["path"].startswith("/api/") or sent.startswith("application/json"):
        return JSONResponse({"error": said}, status)
    return PlainTextResponse(said, status)
