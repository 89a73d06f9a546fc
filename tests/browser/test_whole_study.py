"""A whole study of two models in a real browser: designed from a template, planned, read by seven, two reminded, one withdrawn, reported."""

import csv
import io

import pytest

from tests.browser.study import Study, demonstration

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]


def test_from_a_template_to_the_files(browser, tmp_path):
    with demonstration(tmp_path / "data") as stage:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        study = Study(stage, page, take=lambda _name: None)
        study.walk()
        assert sorted(study.first_blocks().values()) == [3, 3]
        rows = list(csv.DictReader(io.StringIO(study.exported("per_reader.csv"))))
        assert {row["reader"] for row in rows} == {
            "R01",
            "R02",
            "R03",
            "R04",
            "R06",
        }  # R05 withdrew, R07 never came
        finished = [row for row in rows if row["reader"] != "R06"]
        assert {(row["n_real"], row["n_synthetic"]) for row in finished} == {("4", "6")}
        assert {(row["fpr"], row["fnr"]) for row in finished} == {("1.0", "0.0")}
        figure = page.context.request.get(f"{study.session}/report/figures/flow.svg").text()
        for said in (
            "7 invited",
            "1 did not open the link",
            "6 began to read",
            "1 withdrew their answers",
            "5 analysed",
        ):
            assert said in figure
        page.close()
