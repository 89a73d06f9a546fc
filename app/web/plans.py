"""The planner beside a session's design: what it can show, before anybody is invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.errors import InvalidError
from app.protocol import typed
from app.protocol.design import Protocol
from app.protocol.refusals import check_margin
from app.report import plans
from app.report.plans import Assumed, Panel
from app.services import designs
from app.typed import whole_number
from app.web.deps import CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/plan")
MOST_READERS = 200
READERS, IMAGES = 7, 20


@dataclass(frozen=True, slots=True)
class PlanView:
    """sessions/plan.html: what so many readers and images can show; `problem` says why there is no plan."""

    readers: int
    models: int = 1
    sentences: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The planner by itself."""

    plan: PlanView


def made(readers: int, n_real: int, n_synthetic: Sequence[int], delta: float) -> PlanView:
    """The plan for each model by itself: the one with the fewest images, beside `n_real` real ones."""
    assumed, fewest = Assumed(), min(n_synthetic)
    return PlanView(
        readers=readers,
        models=len(n_synthetic),
        sentences=tuple(plans.sentences(readers, fewest, assumed, delta)),
        panels=tuple(plans.panels(readers, n_real, fewest, assumed, delta)),
    )


@router.get("")
def plan(
    request: Request,
    user: CurrentUser,
    readers: str = "",
    n_real: str = "",
    margin: str = "",
    arm_blocks: str = "",
    synthetic_set_id: Annotated[list[str] | None, Query()] = None,
    n_synthetic: Annotated[list[str] | None, Query()] = None,
) -> HTMLResponse:
    """The planner for a design as it is typed so far."""
    del user
    chosen = zip(synthetic_set_id or [], n_synthetic or [], strict=False)
    numbers = [number for set_id, number in chosen if set_id]
    try:
        n_arms = [_images(number) for number in numbers or (n_synthetic or [""])[:1]]
        real = _images(n_real) // (len(n_arms) if arm_blocks else 1)
        delta = typed.margin(margin) if margin.strip() else Protocol().margin
        check_margin(delta)
        found = made(_readers(readers), max(real, 1), n_arms, delta)
    except InvalidError as error:
        found = PlanView(readers=READERS, problem=error.sentence)
    return render(request, "sessions/plan.html", PlanPage(found))


def _images(text: str) -> int:
    number = whole_number(text, 1, designs.MOST_ITEMS)
    if number is None:
        raise InvalidError(
            f"Type numbers of images from 1 to {designs.MOST_ITEMS}, and the plan stands here."
        )
    return number


def _readers(text: str) -> int:
    number = whole_number(text, 1, MOST_READERS)
    if number is None:
        raise InvalidError(f"Type a number of readers from 1 to {MOST_READERS}, and the plan stands here.")
    return number
