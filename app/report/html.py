"""report.html: the whole report as one file that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import bundled
from app.report import printing, sensitivity, words
from app.report.build import METRICS, NAMES, Report, rate
from app.report.figures import Figure, draw


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What the templates in report/ show; figures as (caption, SVG)."""

    report: Report
    headlines: list[str]
    figures: list[tuple[str, Markup]]


def page(report: Report, figures: Sequence[Figure] | None = None) -> str:
    """The HTML file, with styles and figures inside; figures that are drawn already are not drawn again."""
    return _rendered("report/file.html", report, draw(report) if figures is None else figures)


def fragment(report: Report) -> str:
    """The headline and tables without styles and figures, to stand inside a page that has its own."""
    return _rendered("report/page.html", report, ())


def _rendered(template: str, report: Report, figures: Sequence[Figure]) -> str:
    environment = Environment(
        loader=FileSystemLoader(bundled.path("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "metrics": METRICS,
        "names": NAMES,
        "rate": rate,
        "printing": printing,
        "size": words.size,
        "many": words.many,
        "absences": words.absences,
        "chance": words.chance,
        "catch_rule": sensitivity.CATCH_RULE,
    }
    shown = ReportFile(
        report=report,
        # A number and its sign stay on one line.
        headlines=[
            sentence.replace(" %", "\u00a0%")
            for sentence in (*words.headlines(report), *words.equivalences(report))
        ],
        figures=[(each.caption, Markup(each.inline)) for each in figures],  # noqa: S704 - our own SVG, text escaped by matplotlib
    )
    return environment.get_template(template).render(page=shown)
