"""tables.tex: the paper's Table 3 and the per-reader table, with booktabs."""

from app.report import headline, printing, simulated
from app.report.build import METRICS, NAMES, ModelResult, Report, rate
from app.report.distances import Correlated
from app.stats.detection import Rate
from app.stats.estimates import Proportion

_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "kappa",
    "lambda",
    "mu",
    "rho",
    "sigma",
    "tau",
    "phi",
    "psi",
    "omega",
]
_LATIN = 0x180  # what pdfLaTeX prints by itself, with the quotes and dashes below
_PUNCTUATION = frozenset("“”‘’„‚…—–·\u00a0\u2060")
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
    **{letter: f"$\\{name}$" for letter, name in zip("αβγδκλμρστφψω", _GREEK, strict=True)},
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "½": r"$\frac{1}{2}$",
    "²": "$^2$",
    "′": "$'$",
    "|": r"\textbar{}",
    # At the start of a row these would belong to the end of the row before.
    "[": "{[}",
    "*": "{*}",
}


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def tables(report: Report) -> str:
    r"""Table 3, each reader, and where there are some the pairs of models, Table 2 for each extractor, and correlations with distances.

    For a document with \usepackage{booktabs,longtable}; the first line is a comment that says so. A table of more rows than
    a page holds is a longtable. Where names have letters that pdfLaTeX does not know, the comment names an engine that does.
    """
    source = ", ".join(f"{name} {value}" for name, value in report.provenance.items())
    first = f"% Needs \\usepackage{{booktabs,longtable}}. Analysis version {report.version}. {source}"
    parts = [" ".join(first.split()) + _engine(report), _means(report), _table_3(report), _per_reader(report)]
    if report.pairs:
        parts.append(_pairs(report))
    if report.correlations:
        parts += [*map(_table_2, report.correlations), _correlations(report)]
    return simulated.stamped("\n".join(part for part in parts if part), report.n_simulated)


def _engine(report: Report) -> str:
    names = [name for model in report.models for name in (model.model, *(r.reader for r in model.readers))]
    foreign = any(
        ord(letter) >= _LATIN and letter not in _PUNCTUATION and letter not in _SPECIAL
        for letter in "".join(names)
    )
    return (
        "\n% Names here have letters beyond Latin: use LuaLaTeX with a font that has them." if foreign else ""
    )


def _means(report: Report) -> str:
    lines = [
        [
            name,
            printing.percent(found.estimate, found.images),
            printing.interval(found.interval, found.images),
            printing.p_value(found.p_half),
            str(found.readers),
            str(found.images),
            str(found.answers),
        ]
        for name, found in headline.rates(report)
    ]
    lines += [
        [
            f"AUC{f': {model.model}' if model.model else ''}",
            printing.fixed(model.discrimination.likert_auc.estimate, 3),
            printing.bounds(model.discrimination.likert_auc_logit, 3),
            *[""] * 4,
        ]
        for model in report.models
    ]
    return _table(
        "Means over readers and images, both random: FPR and FNR by two-way crossed random effects, AUC of the Likert ratings "
        "by Gallas's one-shot analysis.",
        ["", "Mean", "95 \\% CI", "$p$ against 1/2", "Readers", "Images", "Answers"],
        [[escape(text) for text in line] for line in lines],
    )


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
    header += ["$t$ test $p$", "$\\Delta$ Likert", "KS $p$"]
    lines = [
        [
            r.reader,
            r.model or "all",
            *(str(n) for n in (r.counts.tp, r.counts.fn, r.counts.fp, r.counts.tn)),
            *(_percent(rate(r, metric)) for metric in METRICS),
            printing.p_value(r.ttest_p),
            printing.fixed(r.likert_diff, 2),
            printing.p_value(r.ks_p),
        ]
        for model in report.models
        for r in model.readers
    ]
    return _table("Each reader.", header, [[escape(text) for text in line] for line in lines])


def _percent(found: Rate) -> str:
    """The counts stand in columns of their own."""
    return printing.percent(found.value, found.n) if isinstance(found, Proportion) else printing.NA


def _pairs(report: Report) -> str:
    header = ["Models", "AUC", "95 \\% CI", "$p$", "Bal.\\ acc.", "95 \\% CI", "$p$"]
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
    holm = f", $p$ by Holm over all {len(lines)} pairs" if len(lines) > 1 else ""
    return _table(
        f"First minus second model{holm}: AUC of the Likert ratings, balanced "
        "accuracy and FPR, the last two in percentage points.",
        [*header, "FPR", "95 \\% CI", "$p$"],
        [[escape(text) for text in line] for line in lines],
    )


def _table_2(found: Correlated) -> str:
    """Its own table for each extractor: numbers of two of them never share a column."""
    experiments, counts = found.has_experiments, found.has_counts
    header = [*(["Experiment"] if experiments else []), "Model", "Distance"]
    header += [*(["Real images", "Synthetic images"] if counts else []), "FPR", "FNR", "Readers"]
    lines = [
        [
            *([line.experiment or "–"] if experiments else []),
            line.model or "all",
            printing.fixed(line.distance, found.places),
            *(["–" if n is None else str(n) for n in (line.n_real, line.n_synthetic)] if counts else []),
            printing.mean_sd_percent(line.fpr),
            printing.mean_sd_percent(line.fnr),
            str(line.fpr.n),
        ]
        for line in found.table
    ]
    network = found.network
    features = (
        f" Features of {network.name}, weights {network.weights_sha256[:12]}, {network.preprocessing}."
        if network.weights_sha256
        else ""
    )
    caption = f"{found.extractor}, and FPR and FNR as mean ± SD over readers.{features}"
    return _table(
        " ".join(map(escape, (caption, *found.cautions()))),
        header,
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
            printing.bounds(each.over_readers, 3),
        ]
        for each in report.correlations
    ]
    return _table(
        "Correlation of distances with mean FPR over $K$ models: Pearson's $r$ with Fisher's interval, Spearman's "
        "$\\rho$, 95 \\% of $r$ where readers are drawn with replacement; each extractor apart.",
        ["Extractor", "$K$", "$r$", "$p$", "95 \\% CI", "$\\rho$", "$p$", "Over readers"],
        [[escape(text) for text in line] for line in lines],
    )


MOST_ROWS = 40  # what a page holds


def _table(caption: str, header: list[str], lines: list[list[str]]) -> str:
    if not lines:
        return ""
    rows = "\n".join(f"    {' & '.join(line)} \\\\" for line in lines)
    columns, names = f"l{'r' * (len(header) - 1)}", f"{' & '.join(header)} \\\\"
    if len(lines) > MOST_ROWS:
        return _long(caption, columns, names, rows)
    return f"""\\begin{{table}}
  \\centering
  \\caption{{{caption}}}
  \\footnotesize
  \\setlength{{\\tabcolsep}}{{3pt}}
  \\begin{{tabular}}{{{columns}}}
    \\toprule
    {names}
    \\midrule
{rows}
    \\bottomrule
  \\end{{tabular}}
\\end{{table}}
"""


def _long(caption: str, columns: str, names: str, rows: str) -> str:
    """Over as many pages as it takes, the header on each."""
    return f"""\\begingroup
  \\footnotesize
  \\setlength{{\\tabcolsep}}{{3pt}}
  \\begin{{longtable}}{{{columns}}}
    \\caption{{{caption}}} \\\\
    \\toprule
    {names}
    \\midrule
    \\endhead
{rows}
    \\bottomrule
  \\end{{longtable}}
\\endgroup
"""
