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
    r"""Table 3, each reader, and where there are some the pairs of models and the correlations with distances.

    For a document with \usepackage{booktabs}; the first line is a comment that says so.
    """
    source = ", ".join(f"{name} {value}" for name, value in report.provenance.items())
    first = f"% Needs \\usepackage{{booktabs}}. Analysis version {report.version}. {source}"
    parts = [" ".join(first.split()), _table_3(report), _per_reader(report)]
    if report.pairs:
        parts.append(_pairs(report))
    if report.correlations:
        parts.append(_correlations(report))
    return "\n".join(parts)


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


def _pairs(report: Report) -> str:
    header = ["Models", "AUC", "95 \\% CI", "$p$", "Balanced accuracy", "95 \\% CI", "$p$"]
    lines = [
        [
            f"{pair.first} − {pair.second}",
            printing.fixed(pair.likert_auc.estimate, 3),
            printing.bounds(pair.likert_auc.interval, 3),
            printing.p_value(pair.holm["likert_auc"]),
            *(
                cell
                for found, p in (
                    (pair.balanced_accuracy, pair.holm["balanced_accuracy"]),
                    (pair.fpr, pair.holm["fpr"]),
                )
                for cell in (
                    printing.points(found.estimate),
                    printing.point_bounds(found.interval),
                    printing.p_value(p),
                )
            ),
        ]
        for pair in report.pairs
    ]
    return _table(
        f"First minus second model, $p$ by Holm over all {len(lines)} pairs: AUC of the Likert ratings, balanced "
        "accuracy and FPR, the last two in percentage points.",
        [*header, "FPR", "95 \\% CI", "$p$"],
        [[escape(text) for text in line] for line in lines],
    )


def _correlations(report: Report) -> str:
    lines = [
        [
            each.extractor,
            str(each.pearson.k),
            printing.fixed(each.pearson.r, 3),
            printing.p_value(each.pearson.p),
            printing.bounds(each.pearson.interval, 3),
            printing.fixed(each.spearman.r, 3),
            printing.p_value(each.spearman.p),
        ]
        for each in report.correlations
    ]
    return _table(
        "Correlation of distances with mean FPR over $K$ models: Pearson's $r$ with Fisher's interval, Spearman's "
        "$\\rho$; each extractor apart.",
        ["Extractor", "$K$", "$r$", "$p$", "95 \\% CI", "$\\rho$", "$p$"],
        [[escape(text) for text in line] for line in lines],
    )


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
