"""All routes of the API, a router a noun."""

from typing import Any

from fastapi import APIRouter

from app.web.api import (
    audits,
    checkpoints,
    designs,
    drafts,
    experiments,
    imagesets,
    jobs,
    letters,
    me,
    privacy,
    readers,
    reports,
    sessions,
)
from app.web.api.shapes import Problem

_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "What was sent cannot be read."},
    401: {"model": Problem, "description": "No token, or none that works."},
    403: {"model": Problem, "description": "This token only reads, or only the owner may do this."},
    404: {"model": Problem, "description": "It is not there, or not yours."},
    409: {"model": Problem, "description": "The state of things does not allow it."},
    413: {"model": Problem, "description": "It is too large."},
    422: {"model": Problem, "description": "It cannot be used; the sentence says what to change."},
    429: {"model": Problem, "description": "Too many wrong tokens; wait as long as Retry-After says."},
    503: {"model": Problem, "description": "Not just now; the same again later is right."},
}

router = APIRouter(prefix="/api/v1", responses=_REFUSALS)
for part in (
    me,
    drafts,
    imagesets,
    checkpoints,
    experiments,
    jobs,
    designs,
    sessions,
    audits,
    readers,
    privacy,
    letters,
    reports,
):
    router.include_router(part.router)
