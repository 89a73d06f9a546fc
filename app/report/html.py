"""report.html: the whole report as one file that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import bundled
from app.report import checklists, comparisons, headline, images, manuscript, printing, sensitivity, words
from app.report.build import METRICS, NAMES, Report, rate
from app.report.figures import draw
from app.report.figures.canvas import Figure
from app.stats.crossed import CrossedMean

Pictures = Mapping[tuple[str, str], str]
NO_PICTURES: Pictures = {}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What the templates in report/ show; figures as (caption, SVG), pictures of images (model, image) as data: URIs.

    `rates` are the means by name; of many models what is about each or about pairs of them is `folded` away.
    """

    report: Report
    headlines: list[str]
    rates: list[tuple[str, CrossedMean]]
    folded: bool
    groups: list[images.Group]
    pictures: Pictures
    figures: list[tuple[str, Markup]]


def page(report: Report, figures: Sequence[Figure] | None = None, pictures: Pictures = NO_PICTURES) -> str:
    """The HTML file, with styles, figures and pictures inside; figures that are drawn already are not drawn again."""
    return _rendered("report/file.html", report, draw(report) if figures is None else figures, pictures)


def fragment(report: Report, pictures: Pictures = NO_PICTURES) -> str:
    """The headline and tables without styles and figures, to stand inside a page that has its own."""
    return _rendered("report/page.html", report, (), pictures)


def _rendered(template: str, report: Report, figures: Sequence[Figure], pictures: Pictures) -> str:
    shown = ReportFile(
        report=report,
        # A number and its sign, and the two ends of an interval, stay on one line.
        headlines=[
            sentence.replace(" %", "\u00a0%").replace("–", "\u2060–\u2060")
            for sentence in headline.sentences(report)
        ],
        rates=list(headline.rates(report)),
        folded=headline.many(report),
        groups=images.groups(report.images),
        pictures=pictures,
        figures=[(each.caption, Markup(each.inline)) for each in figures],  # noqa: S704 - our own SVG, text escaped by matplotlib
    )
    return _environment().get_template(template).render(page=shown)


@cache
def _environment() -> Environment:
    """The templates of the report, compiled once in a process."""
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
        "differing": headline.differing,
        "absences": words.absences,
        "chance": words.chance,
        "image_test": images.TEST,
        "images_of": words.images_of,
        "group_sentence": words.group_sentence,
        "each_reader": comparisons.each,
        "paragraphs": manuscript.paragraphs,
        "checklists": checklists.by_name,
        "author": checklists.AUTHOR,
        "catch_rule": sensitivity.CATCH_RULE,
    }
    return environment
