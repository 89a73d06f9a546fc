"""report.html: the whole report as one file that needs nothing else."""

from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import bundled
from app.report import printing
from app.report.build import METRICS, Report, rate
from app.report.figures import all_figures
from app.report.latex import NAMES
from app.report.words import headlines


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What report/file.html shows."""

    report: Report
    headlines: list[str]
    figures: list[tuple[str, Markup]]


def page(report: Report) -> str:
    """The HTML file, with styles and figures inside."""
    return _rendered("report/file.html", report)


def fragment(report: Report) -> str:
    """The headline and tables without styles and figures, to stand inside a page that has its own."""
    return _rendered("report/page.html", report)


def _rendered(template: str, report: Report) -> str:
    environment = Environment(
        loader=FileSystemLoader(bundled.path("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"metrics": METRICS, "names": NAMES, "rate": rate, "printing": printing}
    shown = ReportFile(
        report=report,
        headlines=headlines(report),
        figures=[(name, Markup(_inline(svg))) for name, svg in all_figures(report).items()],  # noqa: S704 - our own SVG
    )
    return environment.get_template(template).render(page=shown)


def _inline(svg: str) -> str:
    return svg[svg.index("<svg") :]
