"""tables.tex: the paper's Table 3 and the per-reader table, with booktabs."""

from app.report import printing
from app.report.build import METRICS, NAMES, ModelResult, Report, rate

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "−": "$-$",
    "–": "--",
    "<": r"$<$",
    ">": r"$>$",
    "ψ": r"$\psi$",
}


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def tables(report: Report) -> str:
    r"""Both tables, for a document with \usepackage{booktabs}; the first line is a comment that says so."""
    source = ", ".join(f"{name} {value}" for name, value in report.provenance.items())
    first = f"% Needs \\usepackage{{booktabs}}. Analysis version {report.version}. {source}"
    return "\n".join((" ".join(first.split()), _table_3(report), _per_reader(report)))


def _table_3(report: Report) -> str:
    header = ["Model", *NAMES.values(), "$t$ test $p$", "Likert difference", "KS $p$"]
    return _table(
        "Mean $\\pm$ SD over readers, as in Woodland et al.; $t$ test, Likert difference (real $-$ synthetic) "
        "and Kolmogorov--Smirnov (KS) test over all readers' answers.",
        header,
        [[escape(text) for text in _model(model)] for model in report.models],
    )


def _model(model: ModelResult) -> list[str]:
    return [
        model.model or "all",
        *(printing.mean_sd_percent(model.averages[metric]) for metric in METRICS),
        printing.p_value(model.pooled.ttest_p),
        printing.fixed(model.pooled.likert_diff, 2),
        printing.p_value(model.pooled.ks_p),
    ]


def _per_reader(report: Report) -> str:
    header = ["Reader", "Model", "TP", "FN", "FP", "TN", *NAMES.values()]
    header += ["$t$ test $p$", "Likert difference", "KS $p$"]
    lines = [
        [
            r.reader,
            r.model or "all",
            *(str(n) for n in (r.counts.tp, r.counts.fn, r.counts.fp, r.counts.tn)),
            *(printing.counted(rate(r, metric)) for metric in METRICS),
            printing.p_value(r.ttest_p),
            printing.fixed(r.likert_diff, 2),
            printing.p_value(r.ks_p),
        ]
        for model in report.models
        for r in model.readers
    ]
    return _table("Each reader.", header, [[escape(text) for text in line] for line in lines])


def _table(caption: str, header: list[str], lines: list[list[str]]) -> str:
    rows = "\n".join(f"    {' & '.join(line)} \\\\" for line in lines)
    return f"""\\begin{{table}}
  \\centering
  \\caption{{{caption}}}
  \\footnotesize
  \\setlength{{\\tabcolsep}}{{3pt}}
  \\begin{{tabular}}{{l{"r" * (len(header) - 1)}}}
    \\toprule
    {" & ".join(header)} \\\\
    \\midrule
{rows}
    \\bottomrule
  \\end{{tabular}}
\\end{{table}}
"""
