"""The readers' way through the study, from the invitation to the analysis."""

from typing import Any

from app.report import flow
from app.report.build import Report
from app.report.figures.canvas import BOTH, INK, Drawn, counted, drawing
from app.report.flow import Stage

STEP, HEIGHT = 1.0, 0.62


def readers(report: Report) -> Drawn | None:
    """How many readers got to each stage, and where the others stayed; None where nothing is known of who was invited."""
    if report.study is None or not report.study.turnout.invited:
        return None
    stages = flow.stages(report.study.turnout)
    with drawing(0.2 + 0.62 * len(stages)) as (axes, out):
        axes.set_axis_off()
        axes.set_xlim(0, 10)
        axes.set_ylim(-STEP * len(stages) + 0.3, 0.5)
        for place, stage in enumerate(stages):
            _stage(axes, place, stage, last=place == len(stages) - 1)
    finished = report.study.turnout.finished
    return (
        (
            f"Who was invited, and who is analysed? Flow of readers after STARD 2015, item 19: {counted(stages[0].readers, 'reader')} "
            f"invited, {stages[-1].readers} analysed, of whom {finished} finished."
        ),
        out.getvalue(),
    )


def _stage(axes: Any, place: int, stage: Stage, *, last: bool) -> None:
    y = -STEP * place
    box = {"boxstyle": "round,pad=0.45", "facecolor": "none", "edgecolor": BOTH if last else INK}
    axes.text(2.2, y, f"{stage.readers} {stage.name}", ha="center", va="center", bbox=box)
    if not last:
        axes.annotate(
            "",
            (2.2, y - STEP + HEIGHT / 2),
            (2.2, y - HEIGHT / 2),
            arrowprops={"arrowstyle": "->", "color": INK},
        )
    if stage.left:
        said = "\n".join(f"{readers} {why}" for why, readers in stage.left)
        axes.text(5.0, y - (0 if last else STEP / 2), said, ha="left", va="center", fontsize=9)
        if not last:
            axes.annotate(
                "", (4.9, y - STEP / 2), (2.2, y - STEP / 2), arrowprops={"arrowstyle": "->", "color": INK}
            )
