"""Uploads by programs: multipart forms, as the pages send them; done once for an idempotency key."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.services import import_settings
from app.web import uploads
from app.web.api.asking import Writer, uploaded
from app.web.uploads import Upload

_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_TEXT = {"type": "string"}
SETTINGS = dict.fromkeys(import_settings.FIELDS, _TEXT)


def form(required: list[str], **properties: object) -> dict[str, object]:
    """How the description of an operation says what its form holds."""
    schema = {"type": "object", "properties": properties, "required": required}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


IMAGES = {"name": _TEXT, "files": _FILES, "masks": _FILES}
RUN = {"name": _TEXT, "files": _FILES}
CHECKPOINT = {"name": _TEXT, "experiment": _TEXT, "file": {"type": "string", "format": "binary"}}


async def take(
    request: Request,
    writer: Writer,
    do: Callable[[Session, Upload], Any],
    status: int = 201,
    wanted: Callable[[str], bool] | None = None,
) -> Response:
    """Receive an upload and do with it what is asked, once; what is not used is removed at once."""
    upload = await uploads.receive(request, writer.ctx.settings, wanted)
    return await run_in_threadpool(_taken, writer, upload, do, status)


def _taken(writer: Writer, upload: Upload, do: Callable[[Session, Upload], Any], status: int) -> Response:
    try:
        answer = uploaded(writer, upload.digest).once(lambda db: do(db, upload), status)
    except BaseException:
        uploads.discard(writer.ctx.settings, upload)
        raise
    if "idempotent-replayed" in answer.headers:
        uploads.discard(writer.ctx.settings, upload)
    return answer
