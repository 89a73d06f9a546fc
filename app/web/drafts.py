"""Drafts of imports: upload, look at a few slices through the settings, then import or discard."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.errors import AppError, InvalidError, NotFoundError
from app.imaging import presets, preview, thumbnail
from app.imaging.preview import Seen
from app.imaging.settings import ImportSettings
from app.services import drafts, imagesets, import_settings, imports
from app.services.drafts import Draft
from app.services.people import SignedIn
from app.web import uploads
from app.web.deps import Context, Ctx, CurrentUser
from app.web.pages import render
from app.web.uploads import Upload

router = APIRouter(prefix="/image-sets/drafts")
_SIDE = 320
_SOURCES = {
    "given": "your window",
    "file": "the file's own window",
    "file's table": "the file's own table",
    "percentiles": "percentiles",
    "as stored": "grey levels as stored",
}


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of a preview, or a sentence in its stead; `source` is the picture itself, as a data: URL."""

    name: str
    source: str
    words: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """imagesets/preview.html: None where nobody has looked yet; `problem` says why there is nothing to see."""

    slices: list[Slice] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DraftPage:
    """imagesets/draft.html."""

    user: SignedIn
    id: str
    name: str
    uploaded: str
    masks: int
    texts: dict[str, str]
    presets: dict[str, str]
    preview: Preview
    problem: str


@router.post("", response_model=None)
async def upload(request: Request, ctx: Ctx, user: CurrentUser) -> RedirectResponse | JSONResponse:
    """Take an upload; a script that asks for JSON gets the draft's address."""
    await run_in_threadpool(_require_room, ctx, user, _declared(request))
    received = await uploads.receive(request, ctx.settings)
    await run_in_threadpool(_keep, ctx, user, received)
    address = f"/image-sets/drafts/{received.staged}"
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"address": address})
    return RedirectResponse(address, 303)


@router.get("/{draft_id}")
def draft(request: Request, draft_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    found = drafts.find(ctx.settings.staging_dir, user, draft_id)
    return _page(request, user, found, import_settings.texts_of(ImportSettings()))


@router.post("/{draft_id}/preview")
async def show_preview(request: Request, draft_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    """The page with a preview of what its form says, for browsers without scripts."""
    found, texts = await _asked(request, ctx, user, draft_id)
    shown = await looked_at(ctx, found, texts)
    return await run_in_threadpool(_page, request, user, found, texts, shown)


@router.post("/{draft_id}/pictures")
async def pictures(request: Request, draft_id: str, ctx: Ctx, user: CurrentUser) -> HTMLResponse:
    """The preview alone, for the page's script."""
    found, texts = await _asked(request, ctx, user, draft_id)
    return render(request, "imagesets/preview.html", await looked_at(ctx, found, texts))


@router.post("/{draft_id}/import", response_model=None)
async def start_import(
    request: Request, draft_id: str, ctx: Ctx, user: CurrentUser
) -> HTMLResponse | RedirectResponse:
    """Import what was uploaded; a form that cannot be used comes back with a sentence."""
    try:
        found, texts = await _asked(request, ctx, user, draft_id)
    except NotFoundError:
        await run_in_threadpool(_imported_before, ctx, user, draft_id)
        return RedirectResponse(f"/image-sets/{draft_id}", 303)
    try:
        await run_in_threadpool(_start, ctx, user, found, texts)
    except InvalidError as error:
        return await run_in_threadpool(_page, request, user, found, texts, Preview(), error.sentence)
    return RedirectResponse(f"/image-sets/{draft_id}", 303)


@router.post("/{draft_id}/discard")
def discard(draft_id: str, ctx: Ctx, user: CurrentUser) -> RedirectResponse:
    drafts.discard(drafts.find(ctx.settings.staging_dir, user, draft_id))
    return RedirectResponse("/image-sets", 303)


def keep(ctx: Context, user: SignedIn, received: Upload) -> None:
    """Make an upload a draft; raises InvalidError, or TooLargeError where this person has too many."""
    if received.files == 0:
        raise InvalidError("Choose a folder, some files or a zip to import.")
    _require_room(ctx, user, drafts.size(ctx.settings.staging_dir, received.staged))
    drafts.keep(ctx.settings.staging_dir, user, received.staged, received.fields.get("name", ""))


def _declared(request: Request) -> int:
    """How long the upload says that it is; it is counted again when it is there."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdigit() else 0


def _require_room(ctx: Context, user: SignedIn, more: int) -> None:
    drafts.require_room(ctx.settings.staging_dir, user, more, ctx.settings.drafts_limit_mb)


def _keep(ctx: Context, user: SignedIn, received: Upload) -> None:
    try:
        keep(ctx, user, received)
    except AppError:
        uploads.discard(ctx.settings, received)
        raise


async def _asked(
    request: Request, ctx: Context, user: SignedIn, draft_id: str
) -> tuple[Draft, dict[str, str]]:
    form = await request.form()
    texts = {name: str(form.get(name, "")) for name in import_settings.FIELDS}
    return await run_in_threadpool(drafts.find, ctx.settings.staging_dir, user, draft_id), texts


async def looked_at(ctx: Context, found: Draft, texts: Mapping[str, str]) -> Preview:
    """One at a time on this server, in a thread of its own that waits for a child process: no reader waits for it."""
    try:
        settings = import_settings.parse(texts)
    except InvalidError as error:
        return Preview(problem=error.sentence)
    return await to_thread.run_sync(_look, found, settings, limiter=ctx.previews)


def _look(found: Draft, settings: ImportSettings) -> Preview:
    if not found.folder.is_dir():
        return Preview(problem="This upload is not there any more.")
    return Preview(
        [_slice(seen) for seen in preview.look(found.files, settings, found.folder / drafts.PREVIEW)]
    )


def _slice(seen: Seen) -> Slice:
    name = f"File {seen.place}" + (f", slice {seen.frame}" if seen.frame else "")
    if seen.pixels is None:
        return Slice(name, "", seen.refusal, left_out=True)
    picture = base64.b64encode(thumbnail.encode(seen.pixels, _SIDE)).decode()
    height, width = seen.pixels.shape[:2]
    words = f"{width} × {height}, {_SOURCES[seen.source]}"
    words += f" ({seen.window[0]:g} / {seen.window[1]:g})" if seen.window else ""
    return Slice(name, f"data:image/png;base64,{picture}", words, seen.left_out)


def _imported_before(ctx: Context, user: SignedIn, draft_id: str) -> None:
    """A second click on Import leads to the set that the first one made; raises NotFoundError where there is none."""
    with ctx.database.read() as db:
        imagesets.own(db, user, draft_id)


def begin(db: Session, user: SignedIn, found: Draft, texts: Mapping[str, str]) -> None:
    """Start the import of a draft, which can be done once; raises InvalidError, or NotFoundError the second time."""
    import_settings.parse(texts)
    masks = found.masks > 0
    drafts.claim(found)
    imports.start_import(db, user, name=found.name, staged=found.id, now=clock.now(), masks=masks, **texts)


def _start(ctx: Context, user: SignedIn, found: Draft, texts: dict[str, str]) -> None:
    with ctx.database.write() as db:
        begin(db, user, found, texts)


def _page(
    request: Request,
    user: SignedIn,
    found: Draft,
    texts: dict[str, str],
    shown: Preview | None = None,
    problem: str = "",
) -> HTMLResponse:
    page = DraftPage(
        user=user,
        id=found.id,
        name=found.name,
        uploaded=_counted(len(found.files), "file")
        + (f" and {_counted(found.masks, 'mask')}" if found.masks else ""),
        masks=found.masks,
        texts=texts,
        presets={name: f"{w.center:g} / {w.width:g} HU" for name, w in presets.HOUNSFIELD.items()},
        preview=shown or Preview(),
        problem=problem,
    )
    return render(request, "imagesets/draft.html", page, 422 if problem else 200)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
