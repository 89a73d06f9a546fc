"""Write the report's files."""

from pathlib import Path

from app.report import csv, html, json, latex
from app.report.build import Report
from app.report.figures import draw


def write(report: Report, outdir: Path) -> None:
    """per_reader.csv, summary.csv, report.json, report.html, tables.tex and figures/*.svg in `outdir`."""
    (outdir / "figures").mkdir(parents=True, exist_ok=True)
    figures = draw(report)
    texts = {
        "per_reader.csv": csv.per_reader(report),
        "summary.csv": csv.summary(report),
        "report.json": json.dumps(report),
        "report.html": html.page(report, figures),
        "tables.tex": latex.tables(report),
        **{f"figures/{figure.name}": figure.file for figure in figures},
    }
    for name, text in texts.items():
        (outdir / name).write_text(text, encoding="utf-8", newline="")
