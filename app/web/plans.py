"""The planner beside a session's design: what it can show, before anybody is invited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.errors import InvalidError
from app.protocol import typed
from app.protocol.design import Protocol
from app.protocol.parts import MOST_PARTS
from app.protocol.refusals import check_margin
from app.report import plans
from app.report.plans import Assumed, Panel
from app.services import feasible
from app.typed import whole_number
from app.web.deps import CurrentUser
from app.web.pages import render

router = APIRouter(prefix="/sessions/plan")
MOST_READERS = 200
READERS = 7
USUAL = Assumed()


@dataclass(frozen=True, slots=True)
class PlanView:
    """sessions/plan.html: what so many readers and images can show; `problem` says why there is no plan."""

    readers: int
    models: int = 1
    pairs: bool = False
    sentences: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The planner by itself."""

    plan: PlanView


def made(
    readers: int, n_real: int, n_synthetic: Sequence[int], delta: float, assumed: Assumed = USUAL
) -> PlanView:
    """The plan for each model by itself: the one with the fewest images, beside `n_real` real ones."""
    fewest = min(n_synthetic)
    return PlanView(
        readers=readers,
        models=len(n_synthetic),
        pairs=assumed.pairs,
        sentences=tuple(plans.sentences(readers, fewest, assumed, delta)),
        panels=tuple(plans.panels(readers, n_real, fewest, assumed, delta)),
    )


def typed_so_far(fields: Mapping[str, Sequence[str]], readers: str = str(READERS)) -> PlanView:
    """The plan for what stands in the fields of a design; for what makes no sense yet, the sentence that says so."""

    def first(name: str) -> str:
        return next(iter(fields.get(name, ())), "").strip()

    synthetic = list(fields.get("n_synthetic", ()))
    chosen = zip(fields.get("synthetic_set_id", ()), synthetic, strict=False)
    numbers = [number for set_id, number in chosen if set_id] or synthetic[:1] or [""]
    try:
        n_arms = [_images(number) for number in numbers]
        real = _images(first("n_real")) // (len(n_arms) if first("arm_blocks") else 1)
        delta = typed.margin(first("margin")) if first("margin") else Protocol().margin
        check_margin(delta)
        assumed = replace(
            USUAL, read=_read(first("parts"), first("parts_read")), pairs=first("answering") == "pairs"
        )
        return made(_readers(readers), max(real, 1), n_arms, delta, assumed)
    except InvalidError as error:
        return PlanView(readers=READERS, problem=error.sentence)


@router.get("")
def plan(request: Request, user: CurrentUser) -> HTMLResponse:
    """The planner for a design as it is typed so far: the fields of its form, and `readers`."""
    del user
    asked = request.query_params
    fields = {name: asked.getlist(name) for name in asked}
    return render(request, "sessions/plan.html", PlanPage(typed_so_far(fields, asked.get("readers", ""))))


def _images(text: str) -> int:
    number = whole_number(text, 1, feasible.MOST_ITEMS)
    if number is None:
        raise InvalidError(
            f"Type numbers of images from 1 to {feasible.MOST_ITEMS}, and the plan stands here."
        )
    return number


def _readers(text: str) -> int:
    number = whole_number(text, 1, MOST_READERS)
    if number is None:
        raise InvalidError(f"Type a number of readers from 1 to {MOST_READERS}, and the plan stands here.")
    return number


def _read(parts: str, read: str) -> float:
    """Which share of the images each reader reads."""
    numbers = [whole_number(text or "1", 1, MOST_PARTS) for text in (parts, read)]
    if None in numbers or (numbers[1] or 0) > (numbers[0] or 0):
        raise InvalidError(
            f"Type a number of parts from 1 to {MOST_PARTS}, and at most as many to read; then the plan stands here."
        )
    return (numbers[1] or 1) / (numbers[0] or 1)
