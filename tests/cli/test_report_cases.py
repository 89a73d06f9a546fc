"""`blindread report` on the studies that labs have: every number against numpy and scipy, and no number where there is none."""

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy import stats

COLUMNS = ("reader", "model", "image", "truth", "answer", "likert", "seconds", "kind", "position")


def study(readers, arms, real, synthetic, *, gaps=0.0, repeats=0.0, said=None, seed=1):
    """Rows of a study; `said` is what a reader answers of a truth, else it is drawn with readers and images at random."""
    random = np.random.default_rng(seed)
    images = [("", f"r{n}", "real") for n in range(real)]
    images += [(arm, f"{arm}-{n}", "synthetic") for arm in arms for n in range(synthetic)]
    looks = random.normal(0, 0.5, len(images)) + [0.4 if each[2] == "real" else -0.2 for each in images]
    rows = []
    for reader in range(readers):
        lean = random.normal(0, 0.4)
        for position, at in enumerate(random.permutation(len(images)), 1):
            model, image, truth = images[at]
            seen = looks[at] + lean + random.normal()
            answer, likert = ("real" if seen > 0 else "synthetic"), int(np.clip(np.rint(3 + seen), 1, 5))
            if said:
                answer, likert = said(truth)
            if random.random() >= gaps:
                seconds = round(float(random.lognormal(1.8, 0.5)), 1)
                row = (f"R{reader}", model, image, truth, answer, likert, seconds)
                rows.append((*row, "main", position))
                if random.random() < repeats:
                    rows.append((*row, "repeat", len(images) + position))
    return rows


CASES = {
    "demo": study(7, ["StyleGAN2"], 20, 20),
    "gaps and repeats": study(6, ["A", "B"], 16, 12, gaps=0.15, repeats=0.2),
    "one reader": study(1, [""], 15, 15),
    "one arm": study(4, ["A"], 12, 18),
    "sixteen arms": study(5, [f"M{n:02}" for n in range(16)], 10, 8),
    "all real": study(5, ["GAN"], 12, 12, said=lambda _: ("real", 4)),
    "perfect": study(
        5, ["GAN"], 12, 12, said=lambda truth: ("real", 5) if truth == "real" else ("synthetic", 1)
    ),
    "three images": study(4, [""], 2, 1, seed=3),
}


MADE = {}


@pytest.fixture
def reported(blindread, tmp_path_factory):
    """The report of a named study, made once: its folder and what the command said."""

    def report(name):
        if name not in MADE:
            folder = tmp_path_factory.mktemp("case")
            text = io.StringIO()
            csv.writer(text).writerows([COLUMNS, *CASES[name]])
            (folder / "ratings.csv").write_text(text.getvalue())
            told = blindread("report", folder / "ratings.csv", "--out", folder / "out")
            assert (told.code, told.err) == (0, "")
            MADE[name] = folder / "out", told.out
        return MADE[name]

    return report


@pytest.fixture(params=CASES)
def case(request, reported):
    """A study's name, its main rows as dicts, the folder of its report and what the command said."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in CASES[request.param]]
    return request.param, [row for row in rows if row["kind"] == "main"], *reported(request.param)


def of(rows, model):
    return [row for row in rows if row["model"] == model or row["truth"] == "real"]


def arrays(rows):
    """Truth, answer and rating of rows."""
    real = np.array([row["truth"] == "real" for row in rows])
    said = np.array([row["answer"] == "real" for row in rows])
    return real, said, np.array([row["likert"] for row in rows], float)


def same(cell, expected):
    """A cell is this number, or empty where there is none."""
    if expected is None or not np.isfinite(expected):
        assert cell == ""
    else:
        assert float(cell) == pytest.approx(expected, abs=1e-9)


def share(k, n):
    return k / n if n else None


def models(rows):
    return sorted({row["model"] for row in rows if row["truth"] == "synthetic"})


def test_each_readers_numbers(case):
    _, rows, out, _ = case
    with (out / "per_reader.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == sum(len({r["reader"] for r in of(rows, m)}) for m in models(rows))
    for line in lines:
        real, said, likert = arrays([r for r in of(rows, line["model"]) if r["reader"] == line["reader"]])
        tp, fn, fp, tn = (
            int(np.sum(a & b)) for a, b in ((real, said), (real, ~said), (~real, said), (~real, ~said))
        )
        assert [int(line[k]) for k in ("tp", "fn", "fp", "tn")] == [tp, fn, fp, tn]
        same(line["precision"], share(tp, tp + fp))
        same(line["recall"], share(tp, tp + fn))
        same(line["accuracy"], share(tp + tn, len(real)))
        same(line["fpr"], share(fp, fp + tn))
        same(line["fnr"], share(fn, fn + tp))
        same(line["likert_diff"], likert[real].mean() - likert[~real].mean())
        same(line["ks_p"], stats.kstest(likert[real], likert[~real]).pvalue)
        constant = np.ptp(said[real] * 1) == np.ptp(said[~real] * 1) == 0
        if constant:
            same(line["ttest_p"], 0 if said[real][0] != said[~real][0] else None)
        else:
            same(line["ttest_p"], stats.ttest_ind(said[real] * 1.0, said[~real] * 1.0).pvalue)


def test_intervals_and_aucs_of_readers(case):
    _, rows, out, _ = case
    for model in json.loads((out / "report.json").read_text())["models"]:
        for reader in model["readers"]:
            mine = [r for r in of(rows, model["model"]) if r["reader"] == reader["reader"]]
            real, said, likert = arrays(mine)
            fooled = stats.binomtest(int(np.sum(said & ~real)), int(np.sum(~real)))
            low, high = fooled.proportion_ci(method="wilson")
            found = reader["metrics"]["fpr"]["interval"]
            assert (found["low"], found["high"]) == (
                pytest.approx(low, abs=1e-9),
                pytest.approx(high, abs=1e-9),
            )
            u = stats.mannwhitneyu(likert[real], likert[~real]).statistic
            assert reader["likert_auc"]["estimate"] == pytest.approx(u / (real.sum() * (~real).sum()))


def test_means_over_readers_and_images(case):
    """Complete studies: the two-way analysis of variance written out, and the mean of the readers' AUCs."""
    name, rows, out, _ = case
    for model in json.loads((out / "report.json").read_text())["models"]:
        readers = sorted({row["reader"] for row in rows})
        mine = [row for row in rows if row["truth"] == "synthetic" and row["model"] == model["model"]]
        found = model["fpr"]
        assert found["estimate"] == pytest.approx(np.mean([row["answer"] == "real" for row in mine]))
        if name == "gaps and repeats" or not isinstance(found["variance"], float) or found["variance"] == 0:
            continue
        images = sorted({row["image"] for row in mine})
        table = np.zeros((len(readers), len(images)))
        for row in mine:
            table[readers.index(row["reader"]), images.index(row["image"])] = row["answer"] == "real"
        R, M = table.shape
        rest = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
        msr, msc = M * table.mean(1).var(ddof=1), R * table.mean(0).var(ddof=1)
        mse = (rest**2).sum() / ((R - 1) * (M - 1))
        if msr + msc <= mse:
            continue
        df = (msr + msc - mse) ** 2 / (msr**2 / (R - 1) + msc**2 / (M - 1) + mse**2 / ((R - 1) * (M - 1)))
        p, variance = table.mean(), (msr + msc - mse) / (R * M)
        half = stats.t.ppf(0.975, max(df, min(R, M) - 1)) * np.sqrt(variance) / (p * (1 - p))
        ends = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + np.array([-half, half]))))
        interval = found["interval"]
        assert [interval["low"], interval["high"]] == pytest.approx(ends.tolist())


def test_no_number_stands_where_there_is_none(case):
    _, _, out, said = case
    page = (out / "report.html").read_text()
    without_svg = re.sub(r"<(svg|style).*?</\1>", "", page, flags=re.DOTALL)
    for text in (without_svg, said, *(path.read_text() for path in (*out.glob("*.csv"), out / "tables.tex"))):
        assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", text)
    json.loads((out / "report.json").read_text(), parse_constant=pytest.fail)
    assert without_svg.count("<h2>Figures</h2>") == 1
    for path in out.glob("figures/*.svg"):
        ET.parse(path)
        assert not re.search(r"\b(nan|inf)\b", path.read_text())


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("demo", ["there are no catch items"]),
        ("one reader", ["it takes two readers and two images", "one value has no standard deviation"]),
        ("all real", ["all answers are the same", "all ratings are the same"]),
        ("perfect", ["all ratings are the same"]),
        ("three images", ["it takes two readers and two images", "it takes two images"]),
    ],
)
def test_what_is_missing_has_its_reason(name, reasons, reported):
    out, _ = reported(name)
    page = (out / "report.html").read_text()
    for reason in reasons:
        assert (
            f'<abbr title="{reason}' in page or f"n/a: {reason}" in page or f"no interval: {reason}" in page
        )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("all real", "Readers called 100 % of synthetic images of GAN real (95 % CI "),
        ("perfect", "Readers called 0 % of synthetic images of GAN real (95 % CI "),
        ("one reader", "The reader called "),
        ("three images", "4 readers × 1 image"),
        ("sixteen arms", "FPR differs in "),
    ],
)
def test_the_headline(name, sentence, reported):
    assert sentence in reported(name)[1]
