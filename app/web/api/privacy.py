"""Erasing a reader on request."""

import json
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.services import privacy, told
from app.web.api.asking import CurrentCaller, CurrentWriter
from app.web.api.shapes import Ask, Id, Shape, example

router = APIRouter(prefix="/sessions/{session_id}/readers/{reading_id}/erase", tags=["readers"])


class Kept(Shape):
    """What is kept of a reader; `phases` counts the readings of this study that are the same person's."""

    reading_id: Id
    code: str = Field(examples=["R01"])
    contact: bool = Field(description="Whether a name or address is known.", examples=[True])
    ratings: int = Field(examples=[40])
    remarks: int = Field(examples=[2])
    phases: int = Field(examples=[1])
    erased: bool = Field(examples=[False])
    withdrawn: bool = Field(description="Whether the ratings are erased, too.", examples=[False])
    traces_left: bool = Field(
        description="Whether the database's own log still holds something of an erasure; the worker empties it.",
        examples=[False],
    )


class Erased(Shape):
    """What went; the reading stands under `code` now."""

    code: str = Field(examples=["erased-5f2c2f0f"])
    ratings: int = Field(examples=[0])
    traces_left: bool = Field(
        description="Whether the database's own log still holds what went; the worker empties it once nobody reads from it.",
        examples=[False],
    )


class Erasing(Ask):
    """What is erased: who it was (`identity`), or that and all ratings (`ratings`). The reason is kept for good, so name nobody."""

    model_config = example(kind="identity", reason="Asked for by the reader on 3 May.")
    kind: Literal["identity", "ratings"]
    reason: str = Field(max_length=2000)


@router.get("", response_model=Kept, summary="What is kept of a reader")
def kept(session_id: str, reading_id: str, caller: CurrentCaller) -> Any:
    with caller.ctx.database.read() as db:
        found = privacy.kept(db, caller.user, session_id, reading_id)
    return asdict(found) | {"traces_left": caller.ctx.database.owes_scrub}


@router.post("/person", summary="All that is kept about a reader, for that person, without the truth")
def give(session_id: str, reading_id: str, writer: CurrentWriter) -> Response:
    return writer.once(
        lambda db: told.give(db, writer.user, session_id, reading_id, writer.secret, writer.now)
    )


@router.post("", response_model=Erased, summary="Erase a reader, with or without the ratings, for good")
def erase(session_id: str, reading_id: str, ask: Erasing, writer: CurrentWriter) -> Response:
    done: list[privacy.Erased] = []

    def do(db: Session) -> privacy.Erased:
        done.append(
            privacy.erase(
                db,
                writer.user,
                session_id,
                reading_id,
                ask.reason,
                writer.secret,
                writer.now,
                ratings=ask.kind == "ratings",
            )
        )
        return done[0]

    answer = writer.once(do)
    database = writer.ctx.database
    for erased in done:  # none where the answer was remembered
        privacy.clear_traces(database, writer.ctx.artifacts, erased)
    found = json.loads(bytes(answer.body))
    told = Erased(code=found["code"], ratings=found["ratings"], traces_left=database.owes_scrub)
    kept_headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(told.model_dump_json(), headers=kept_headers)
