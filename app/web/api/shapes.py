"""What all answers of the API are made of."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[
    str,
    Field(description="32 hexadecimal digits.", max_length=64, examples=["0f3c9a5d7b2e4c6f8a1b3d5e7f902468"]),
]
Moment = Annotated[datetime, Field(description="In UTC.", examples=["2026-11-25T09:30:00Z"])]


class Shape(BaseModel):
    """An answer, read from what a service gives."""

    model_config = ConfigDict(from_attributes=True)


class Ask(BaseModel):
    """What is sent; a field that we do not know is refused rather than passed over."""

    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """Why a request was refused."""

    error: str = Field(description="A sentence that says what to do.", examples=["There is no such session."])


class Job(Shape):
    """Work that goes on beside the request: ask for it again until `ended`."""

    id: Id
    kind: str = Field(examples=["freeze"])
    status: str = Field(description="queued, running, done, failed or cancelled.", examples=["running"])
    done: int = Field(examples=[12])
    total: int = Field(description="0 while unknown.", examples=[40])
    error: str | None = Field(description="Why it failed.", examples=[None])
    seconds_left: float | None = Field(description="An estimate; null while there is none.", examples=[3.5])
    ended: bool = Field(examples=[False])


def example(**fields: Any) -> ConfigDict:
    """A whole example of what is sent."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})
