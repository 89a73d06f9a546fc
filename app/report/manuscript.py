"""A methods and a results paragraph for the paper, from the stored design and numbers; what only the author knows stands in brackets."""

from app.report import methods, results, simulated
from app.report.build import Report


def paragraphs(report: Report) -> list[tuple[str, list[str]]]:
    """Headings with their paragraphs, in a paper's order."""
    warning = simulated.sentence(report.n_simulated, report.n_readers)
    first = [warning] if warning else []
    return [
        ("Methods", [" ".join([*first, *methods.design(report)]), " ".join(methods.analysis(report))]),
        ("Results", [" ".join([*first, *results.paragraph(report)])]),
    ]


def markdown(report: Report) -> str:
    """methods.md."""
    parts = [f"# {_line(report.title)}"]
    for heading, texts in paragraphs(report):
        parts += [f"## {heading}", *map(_line, texts)]
    return "\n\n".join(parts) + "\n"


def _line(text: str) -> str:
    """One line; what people typed starts no markup of its own."""
    return "".join(f"\\{c}" if c in "\\`*_<>|" else c for c in " ".join(text.split()))
