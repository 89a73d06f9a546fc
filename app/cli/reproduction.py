"""The `reproduce` command: what the study published beside what our code computes from it."""

from rich.console import Console
from rich.table import Table

from app.report import reproduction


def show() -> None:
    """The study's published results beside ours from the same figures, as a table."""
    table = Table(
        "Table", "Result", "Published", "Computed", "", title=reproduction.STUDY, title_justify="left"
    )
    for line in reproduction.lines():
        verdict = {True: "the same", False: "NOT THE SAME", None: line.why}[line.same]
        table.add_row(line.table, line.what, line.published or "–", line.computed or "–", verdict)
    Console(soft_wrap=False).print(table)
    print("FID " + ", ".join(f"{fid:.2f}" for fid in reproduction.FIDS), end="; ")
    print("FPR " + ", ".join(f"{fpr:.0f} %" for fpr in reproduction.FPRS) + " (Table 2).")
    print("Four models are few: no correlation over so few says more than that it is worth another study.")
