"""The flow of readers through a study, as STARD 2015 asks for it (item 19): how many at each stage, and where the others stayed."""

from dataclasses import dataclass

from app.report.study import Turnout


@dataclass(frozen=True, slots=True)
class Stage:
    """So many readers got here; `left` says how many of them went no further, and why."""

    name: str
    readers: int
    left: tuple[tuple[str, int], ...] = ()


def stages(turnout: Turnout) -> tuple[Stage, ...]:
    """From the invitation to the analysis; what nobody did is left out of `left`."""
    began = turnout.opened - turnout.declined - turnout.started
    silent = turnout.started - turnout.withdrew - turnout.analysed
    return (
        Stage("invited", turnout.invited, _some(("did not open the link", turnout.invited - turnout.opened))),
        Stage(
            "opened the link",
            turnout.opened,
            _some(("did not consent", turnout.declined), ("did not begin", began)),
        ),
        Stage(
            "began to read",
            turnout.started,
            _some(("withdrew their answers", turnout.withdrew), ("gave no answer", silent)),
        ),
        Stage(
            "analysed",
            turnout.analysed,
            _some(("did not finish, and count with what they answered", turnout.analysed - turnout.finished)),
        ),
    )


def _some(*left: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((why, readers) for why, readers in left if readers > 0)
