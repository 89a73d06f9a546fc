"""Write the report's files."""

from collections.abc import Mapping
from pathlib import Path

from app.report import checklists, csv, html, json, latex, manuscript
from app.report.build import Report
from app.report.figures import draw
from app.report.figures.canvas import Figure
from app.report.html import NO_PICTURES, Pictures

NOTHING: Mapping[str, str] = {}


def write(
    report: Report, outdir: Path, pictures: Pictures = NO_PICTURES, besides: Mapping[str, str] = NOTHING
) -> tuple[Figure, ...]:
    """per_reader.csv, summary.csv, images.csv, table2.csv, report.json, report.html, tables.tex, methods.md, checklists.csv and figures/*.svg in `outdir`; the figures drawn.

    `besides` are further files by their names, such as those for R's packages.
    """
    (outdir / "figures").mkdir(parents=True, exist_ok=True)
    figures = draw(report)
    texts = {
        "per_reader.csv": csv.per_reader(report),
        "summary.csv": csv.summary(report),
        "images.csv": csv.images(report),
        "table2.csv": csv.table_2(report),
        "report.json": json.dumps(report),
        "report.html": html.page(report, figures, pictures),
        "tables.tex": latex.tables(report),
        "methods.md": manuscript.markdown(report),
        "checklists.csv": checklists.csv(report),
        **{f"figures/{figure.name}": figure.file for figure in figures},
        **besides,
    }
    for name, text in texts.items():
        (outdir / name).write_text(text, encoding="utf-8", newline="")
    return figures
