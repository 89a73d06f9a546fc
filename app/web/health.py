"""Whether the server answers, for whoever starts it."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

router = APIRouter()


@router.get("/healthz")
def health() -> PlainTextResponse:
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})
