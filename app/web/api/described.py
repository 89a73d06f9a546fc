"""The description of the API, as OpenAPI: for everybody, since it tells of nobody's things."""

import functools
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from app.web.api import routes

router = APIRouter()
VERSION = "1"
_ABOUT = (
    "All that researchers do on the pages of Blindread, for their programs. Lists come in pages (`limit`, `cursor`); every write takes an "
    '`Idempotency-Key`; errors are `{"error": "a sentence"}`; what is somebody else\'s and what is not there answer alike (404). '
    "Tokens, passwords, second factors and the administration of users are on pages alone, so that a token that leaked makes no other way in."
)


@router.get("/api/v1/openapi.json", include_in_schema=False)
def openapi() -> JSONResponse:
    return JSONResponse(description(), headers={"Cache-Control": "no-store"})


@functools.cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    found: dict[str, Any] = get_openapi(
        title="Blindread", version=VERSION, description=_ABOUT, routes=routes.router.routes
    )
    for names in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(names, None)
    return found
