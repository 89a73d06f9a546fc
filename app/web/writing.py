"""Writing in an image set's pixels: pictures of it, and a person's word on each."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from app import clock
from app.services import signoff
from app.web.deps import Context, Ctx, CurrentUser

router = APIRouter(prefix="/image-sets/{set_id}/writing")


@router.get("/{image_id}.png")
def picture(set_id: str, image_id: str, ctx: Ctx, user: CurrentUser) -> Response:
    """The image with frames around what looks like writing."""
    with ctx.database.read() as db:
        data = signoff.picture(db, ctx.artifacts, user, set_id, image_id)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.post("/clear")
def clear(
    set_id: str,
    ctx: Ctx,
    user: CurrentUser,
    image: Annotated[list[str], Form(default_factory=list)],
) -> RedirectResponse:
    """No identifying text in these images."""
    with ctx.database.write() as db:
        signoff.clear(db, user, set_id, image, ctx.settings.secret_key, clock.now())
    return _back(set_id)


@router.post("/take-out")
def take_out(
    set_id: str, ctx: Ctx, user: CurrentUser, image: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Take an image, and its stored pixels, out of the set."""
    with ctx.database.write() as db:
        unused = signoff.take_out(db, user, set_id, image, ctx.settings.secret_key, clock.now())
    delete(ctx, unused)
    return _back(set_id)


def delete(ctx: Context, unused: str | None) -> None:
    """Delete the stored pixels that no image has any more, after that is committed."""
    if unused:
        ctx.artifacts.delete(f"images/{unused[:2]}/{unused}.png")


def _back(set_id: str) -> RedirectResponse:
    return RedirectResponse(f"/image-sets/{set_id}#writing", 303)
