"""The planner beside the design: it says what the typed numbers can show, and what it cannot make sense of."""

import pytest

from app.stats import planning
from tests.web.api.conftest import program
from tests.web.conftest import text

SET = {"synthetic_set_id": "x", "n_synthetic": "20", "n_real": "20", "readers": "7", "margin": "10"}


def plan(owner, **changes):
    answer = owner.get("/sessions/plan", params={**SET, **changes})
    assert answer.status_code == 200
    return text(answer)


def test_the_published_figures(owner):
    assert "± 17.4 points" in plan(owner)
    assert "± 14.5 points" in plan(owner, n_synthetic="100")
    assert "± 11.4 points" in plan(owner, n_synthetic="100", readers="10")
    page = plan(owner, n_synthetic="100", readers="20")
    assert "± 7.8 points" in page
    assert "in reach" in page


def test_the_smallest_model_and_its_share_of_real_images_count(owner):
    two = plan(
        owner, synthetic_set_id=["x", "y", ""], n_synthetic=["40", "10", "20"], n_real="40", arm_blocks="true"
    )
    assert "7 readers × 10 synthetic images" in two
    assert "of each model by itself" in two
    half = planning.plan(7, 20).half_width
    assert f"± {100 * half:.1f}" in two


def test_one_reader_has_no_interval_and_is_told_so(owner):
    page = plan(owner, readers="1", n_synthetic="100")
    assert "no interval" in page
    assert "for this reader only" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"readers": ""}, "Type a number of readers"),
        ({"readers": "9999"}, "Type a number of readers"),
        ({"n_synthetic": "many"}, "Type numbers of images"),
        ({"n_real": "0"}, "Type numbers of images"),
        ({"margin": "wide"}, "percentage points, not “wide”"),
        ({"margin": "nan"}, "percentage points, not “nan”"),
        ({"margin": "90"}, "between 1 and 49"),
    ],
)
def test_what_is_half_typed_gets_a_sentence(owner, changes, sentence):
    assert sentence in plan(owner, **changes)


def test_pairs_are_planned_as_pairs(owner):
    page = plan(owner, answering="pairs", n_synthetic="100", readers="20")
    assert "20 readers × 100 pairs, mean share found 50 %" in page
    assert "the mean share of pairs found is equivalent to chance" in page
    assert "Share found" in page
    assert "FNR" not in page
    assert "± 7.8 points" in page  # the crossed model asks only how many there are
    alone = plan(owner, answering="pairs", n_synthetic="100", readers="1")
    assert f"power {planning.single_reader_power(100):.2f} to show" in alone


def test_the_design_page_shows_a_plan_without_scripts(owner):
    page = text(owner.get("/sessions/new"))
    assert "What this design can show" in page
    assert "± 17.4 points" in page


def test_the_planner_is_for_researchers(furnished):
    answer = furnished.browser().get("/sessions/plan", params=SET)
    assert answer.status_code in {303, 401}


def test_readers_of_some_parts_widen_the_interval(owner):
    page = plan(owner, n_synthetic="100", parts="4", parts_read="2")
    assert "7 readers × 100 synthetic images, each reader 50 of them" in page
    assert f"± {100 * planning.plan(7, 100, read=0.5).half_width:.1f} points" in page
    assert "at most as many to read" in plan(owner, parts="2", parts_read="3")


def test_plans_of_incomplete_designs():
    whole, half, nested = (planning.plan(6, 60, read=read) for read in (1, 0.5, 1 / 6))
    assert whole.variance < half.variance < nested.variance
    assert nested.df == 5  # each image by one reader: the residual cannot be told from the images
    with pytest.raises(ValueError, match="more than none"):
        planning.plan(6, 60, read=0)


@pytest.mark.parametrize(
    ("asked", "typed"),
    [
        ({"n_synthetic": ["100"]}, {"n_synthetic": "100"}),
        (
            {"n_synthetic": ["40", "10"], "n_real": "40", "arm_blocks": "true"},
            {
                "synthetic_set_id": ["x", "y"],
                "n_synthetic": ["40", "10"],
                "n_real": "40",
                "arm_blocks": "true",
            },
        ),
        ({"parts": "4", "parts_read": "1"}, {"parts": "4", "parts_read": "1"}),
        ({"answering": "pairs", "margin": "12"}, {"answering": "pairs", "margin": "12"}),
    ],
)
def test_programs_are_told_the_same(owner, furnished, asked, typed):
    told = program(furnished).ask("GET", "/plan", params={"readers": "7", **asked}).json()
    page = plan(owner, **typed)
    assert told["problem"] == ""
    assert len(told["sentences"]) > 1
    for sentence in (*told["sentences"], *(panel["fpr"] for panel in told["panels"])):
        assert sentence in page
