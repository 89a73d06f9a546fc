"""Whose token it is."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.web.api.asking import CurrentCaller
from app.web.api.shapes import Moment, Shape

router = APIRouter(tags=["token"])


class Me(Shape):
    """The user, and the token in hand."""

    email: str = Field(examples=["owner@example.org"])
    role: str = Field(description="researcher or admin.", examples=["researcher"])
    token: str = Field(description="The token's name.", examples=["Analysis script"])
    read_only: bool = Field(examples=[False])
    expires_at: Moment


@router.get("/me", response_model=Me, summary="Whose token this is")
def me(caller: CurrentCaller) -> Any:
    return Me(
        email=caller.user.email,
        role=caller.user.role,
        token=caller.token.name,
        read_only=caller.token.read_only,
        expires_at=caller.token.expires_at,
    )
