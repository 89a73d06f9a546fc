"""A whole study of two models in a real browser: designed from a template, planned, read by seven, two reminded, one withdrawn, reported."""

import csv
import io

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import go_to
from tests.browser.rating import answer, finish_by_keyboard, shows
from tests.browser.study import Study, demonstration

pytestmark = [pytest.mark.browser, pytest.mark.timeout(280)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with demonstration(tmp_path_factory.mktemp("study") / "data") as made:
        yield made


def test_the_forty_images_of_the_demonstration_are_read_by_keyboard_alone(browser, stage):
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(stage.link)
    go_to(page, "Continue")
    go_to(page, "Start")
    for position in range(1, 41):
        shows(page, position, total=40)
        answer(page, "s2" if position % 2 else "r5")
    finish_by_keyboard(page)
    expect(page.get_by_text("rated all 40 images, and everything is saved")).to_be_visible()
    page.close()


def test_from_a_template_to_the_files(browser, stage):
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
