"""For whoever runs the server: does it answer, should it be sent readers, and its numbers for Prometheus."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from app import clock
from app.errors import AppError, NotFoundError
from app.services import operations
from app.web.deps import Ctx
from app.web.measuring import CONTENT_TYPE

router = APIRouter()
_UNCACHED = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def health() -> PlainTextResponse:
    """The process answers; nothing else is asked, so that a slow disk gets no server killed."""
    return PlainTextResponse("ok", headers=_UNCACHED)


@router.get("/readyz")
def ready(ctx: Ctx) -> JSONResponse:
    """Whether an answer could be saved: 200, or 503 with what stands in the way."""
    try:
        with ctx.database.read() as db:
            hindrances = operations.hindrances(db, ctx.settings.data_dir)
    except AppError:
        hindrances = ["database"]
    status = 503 if hindrances else 200
    return JSONResponse({"ready": not hindrances, "hindrances": hindrances}, status, headers=_UNCACHED)


@router.get("/metrics")
def metrics(request: Request, ctx: Ctx) -> Response:
    """Numbers in Prometheus' text format, for whoever has the metrics' token; for anybody else there is nothing here."""
    wanted, given = ctx.settings.metrics_token, request.headers.get("authorization", "")
    if not wanted or not hmac.compare_digest(given.encode(), b"Bearer " + wanted):
        raise NotFoundError("There is nothing here.")
    with ctx.database.read() as db:
        state = operations.state(db, ctx.settings.data_dir, clock.now())
    return Response(ctx.measures.written(state), media_type=CONTENT_TYPE, headers=_UNCACHED)
