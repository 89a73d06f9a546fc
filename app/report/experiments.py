"""Training experiments side by side: the study's Table 1 and Figure 2, out of one's own runs' folders."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.errors import InvalidError
from app.report import cells, latex, printing
from app.report.figures import training
from app.report.figures.canvas import Figure
from app.runs import divergence, metrics
from app.runs.directory import Run
from app.runs.divergence import Course
from app.runs.metrics import Score

NAMES = {metrics.FID: "FID"}
"""What a table calls a kind of measure; others go by their own names."""

COLUMNS = (
    "experiment",
    "images",
    "patients",
    "resolution",
    "pretraining",
    "augmentation",
    "gamma",
    "batch",
    "metric",
    "kimg",
    "baseline",
    "improvement",
    "diverges_at",
    "snapshot",
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run in the table: its best snapshot within the budget by `metric`, None where none was measured.

    `improvement` is the part of the baseline's value by which it is lower, None where the two cannot be compared.
    """

    name: str
    run: Run
    metric: str
    best: Score | None
    improvement: float | None
    course: Course

    def value_of(self, kind: str) -> float | None:
        """Its best value where it was measured by this kind of measure, None where by another or by none."""
        return self.best.value if self.best and metrics.kind(self.metric) == kind else None


@dataclass(frozen=True, slots=True)
class Experiments:
    """All of them in the order given; `baseline` is a name, empty for none, `budget` in kimg, infinite for none."""

    experiments: tuple[Experiment, ...]
    baseline: str
    budget: float

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of measure that there are values of: each has a column of its own."""
        return tuple(sorted({metrics.kind(each.metric) for each in self.experiments if each.best}))


def compare(runs: Sequence[Run], baseline: str = "", budget: float = math.inf) -> Experiments:
    """Raises InvalidError where no run has the baseline's name, or its best snapshot within the budget was not measured."""
    names = named(runs)
    chosen = {name: _best(run, budget) for name, run in zip(names, runs, strict=True)}
    if baseline and baseline not in chosen:
        raise InvalidError(f"There is no run “{baseline}”; those given are {', '.join(names)}.")
    against = chosen[baseline] if baseline else ("", None)
    if baseline and against[1] is None:
        raise InvalidError(f"Nothing of “{baseline}” was measured within the budget, so it is no baseline.")
    return Experiments(
        tuple(
            Experiment(
                name=name,
                run=run,
                metric=chosen[name][0],
                best=chosen[name][1],
                improvement=_improvement(chosen[name], against),
                course=divergence.course(run.ticks),
            )
            for name, run in zip(names, runs, strict=True)
        ),
        baseline,
        budget,
    )


def named(runs: Sequence[Run]) -> list[str]:
    """The runs' names; of two alike the later gets a number."""
    found: list[str] = []
    for run in runs:
        name, number = run.name, 2
        while name in found:
            name, number = f"{run.name} ({number})", number + 1
        found.append(name)
    return found


def _best(run: Run, budget: float) -> tuple[str, Score | None]:
    return run.metric, metrics.best(run.scores.get(run.metric, ()), budget)


def _improvement(own: tuple[str, Score | None], against: tuple[str, Score | None]) -> float | None:
    """None for the baseline itself, and for values of different measures: those are never compared."""
    if (
        own[1] is None
        or against[1] is None
        or own is against
        or metrics.kind(own[0]) != metrics.kind(against[0])
    ):
        return None
    return metrics.improvement(own[1].value, against[1].value)


def csv(found: Experiments) -> str:
    """Table 1 as CSV, a last column for each kind of measure; `baseline` is true for the run that the others are compared with."""
    kinds, lines = found.kinds, []
    for each in found.experiments:
        given, best = each.run.options, each.best
        lines.append(
            (
                each.name,
                given.images,
                given.patients,
                given.resolution,
                given.pretraining,
                given.augmentation,
                given.gamma,
                given.batch,
                each.metric,
                best.kimg if best else None,
                str(each.name == found.baseline).lower() if found.baseline else "",
                each.improvement,
                each.course.diverges_at,
                best.snapshot if best else None,
                *(each.value_of(kind) for kind in kinds),
            )
        )
    return cells.table((*COLUMNS, *kinds), lines)


def printed(found: Experiments) -> tuple[list[str], list[list[str]]]:
    """Table 1 as it is printed: its head and its rows."""
    patients = any(each.run.options.patients for each in found.experiments)
    head = ["Experiment", "Images", *(["Patients"] if patients else []), "Pretraining", "Augmentation"]
    kinds = [NAMES.get(kind, kind) for kind in found.kinds]
    rows = [_row(each, found.kinds, patients=patients) for each in found.experiments]
    return [*head, *kinds, "kimg", "Improvement", "Diverges at"], rows


def tex(found: Experiments) -> str:
    r"""Table 1 for a document with \usepackage{booktabs}."""
    head, rows = printed(found)
    texts = head.index("Augmentation") + 1
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs}. " + latex.escape(note(found)).replace("\n", " "),
            rf"\begin{{tabular}}{{{'l' * texts}{'r' * (len(head) - texts)}}}",
            r"\toprule",
            " & ".join(map(latex.escape, head)) + r" \\",
            r"\midrule",
            *(" & ".join(map(latex.escape, row)) + r" \\" for row in rows),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _row(each: Experiment, kinds: Sequence[str], *, patients: bool) -> list[str]:
    given, best = each.run.options, each.best
    values = [each.value_of(kind) for kind in kinds]
    return [
        each.name,
        _whole(given.images),
        *([_whole(given.patients)] if patients else []),
        given.pretraining or "–",
        given.augmentation or "–",
        *(printing.NA if value is None else f"{value:.2f}" for value in values),
        f"{best.kimg:g}" if best else printing.NA,
        "–" if each.improvement is None else printing.percent(each.improvement, 1),
        "–" if each.course.diverges_at is None else f"{each.course.diverges_at:g}",
    ]


def _whole(number: int | None) -> str:
    return "–" if number is None else f"{number}"


def note(found: Experiments) -> str:
    """What the table shows, and by which rule runs diverge."""
    measured = sorted({each.metric for each in found.experiments if each.best})
    budget = "" if math.isinf(found.budget) else f" within {found.budget:g} kimg"
    against = f" Improvement on {found.baseline}." if found.baseline else ""
    return f"Best snapshot of each run{budget}, by {', '.join(measured) or 'nothing measured'}.{against} {divergence.RULE}"


def lines(found: Experiments) -> list[str]:
    """What a terminal says, a line a run."""
    said = []
    for each in found.experiments:
        best = each.best
        words = (
            f"{each.metric} {best.value:.2f} at {best.kimg:g} kimg ({best.snapshot})"
            if best
            else "no snapshot was measured"
        )
        if each.improvement is not None:
            words += f", {printing.percent(each.improvement, 1)} lower than {found.baseline}"
        at = each.course.diverges_at
        words += f"; diverges at {at:g} kimg" if at is not None else ""
        said += [f"{each.name}: {words}.", *(f"  missing {what}" for what in each.run.missing)]
    return said


def data(found: Experiments) -> dict[str, object]:
    """Everything, for JSON: no NaN, None where there is no number."""
    return {
        "budget_kimg": None if math.isinf(found.budget) else found.budget,
        "baseline": found.baseline or None,
        "rule_of_divergence": divergence.RULE,
        "experiments": [
            {
                "experiment": each.name,
                **asdict(each.run.options),
                "metric": each.metric or None,
                "best": asdict(each.best) if each.best else None,
                "improvement": each.improvement,
                "diverges_at_kimg": each.course.diverges_at,
                "ticks": len(each.run.ticks),
                "ticks_without_losses": each.course.left_out,
                "scores": {name: [asdict(one) for one in scores] for name, scores in each.run.scores.items()},
                "missing": each.run.missing,
            }
            for each in found.experiments
        ],
    }


def figures(found: Experiments) -> list[Figure]:
    """Those that there is something to draw for: losses apart (Figure 2), the measure over kimg, augmentation over kimg."""
    numbered = list(enumerate(found.experiments))
    measured = [(number, each) for number, each in numbered if each.metric]
    drawn = [("losses.svg", training.losses([(n, each.name, each.course) for n, each in numbered]))]
    for kind in sorted({metrics.kind(each.metric) for _, each in measured}):
        alike = [
            (n, each.name, each.run.scores[each.metric], each.best)
            for n, each in measured
            if metrics.kind(each.metric) == kind
        ]
        drawn.append((f"{kind}.svg", training.scores(kind, alike)))
    drawn.append(
        ("augmentation.svg", training.augmentation([(n, each.name, each.run.ticks) for n, each in numbered]))
    )
    return [Figure(name, *one) for name, one in drawn if one]


def texts(found: Experiments) -> dict[str, str]:
    """The table's files by their names: table1.csv, table1.tex and experiments.json."""
    return {
        "table1.csv": csv(found),
        "table1.tex": tex(found),
        "experiments.json": json.dumps(data(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }


def write(found: Experiments, out: Path) -> list[Figure]:
    """The table's files and the figures in `out`; the figures drawn."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = figures(found)
    for name, text in {**texts(found), **{figure.name: figure.file for figure in drawn}}.items():
        (out / name).write_text(text, encoding="utf-8", newline="")
    return drawn
