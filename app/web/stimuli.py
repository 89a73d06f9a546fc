"""The images that a reader sees: bytes with the same headers for all of them."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.services import readings
from app.web.deps import AskingReader, Ctx

router = APIRouter()
HEADERS = {"Cache-Control": "private, no-store, no-transform"}


@router.get("/read/stimuli/{token}")
def stimulus(token: str, ctx: Ctx, who: AskingReader) -> Response:
    with ctx.database.read() as db:
        sha256 = readings.stimulus(db, who.place(db), token)
    return Response(
        ctx.artifacts.get_content("stimuli", sha256, ".png"), media_type="image/png", headers=HEADERS
    )
