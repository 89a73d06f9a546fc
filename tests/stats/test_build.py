"""From ratings to results: what is analysed, for whom, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidError
from app.report.build import METRICS, build, rate
from app.report.rows import Rating
from app.stats.crossed import crossed_mean
from app.stats.detection import Counts
from app.stats.estimates import NotEstimable, Proportion

LETTERS = {"r": "real", "s": "synthetic"}


def answered(reader, real="", synthetic="", model="", likert=None):
    """A reader's answers (r or s) to real and to synthetic images, numbered from 1; real images are shared."""
    pairs = [("real", "", answer) for answer in real] + [("synthetic", model, answer) for answer in synthetic]
    return [
        Rating(reader, of, f"{truth}{number}", truth, LETTERS[answer], likert)
        for number, (truth, of, answer) in enumerate(pairs, 1)
    ]


def made(ratings, **kwargs):
    return build(ratings, title="A study", provenance={"manifest_sha256": "ab12"}, **kwargs)


def refusal(*ratings):
    with pytest.raises(InvalidError) as caught:
        made(ratings)
    return caught.value.sentence


def test_it_works():
    report = made(answered("R2", "rrrs", "rsss") + answered("R1", "rsss", "rrrs"))
    assert (report.title, report.n_ratings, report.n_readers, report.points) == ("A study", 16, 2, 5)
    assert report.provenance == {"manifest_sha256": "ab12"}
    (model,) = report.models
    assert model.model == ""
    assert [(r.reader, r.counts) for r in model.readers] == [
        ("R1", Counts(tp=1, fn=3, fp=3, tn=1)),
        ("R2", Counts(tp=3, fn=1, fp=1, tn=3)),
    ]
    assert model.averages["fpr"].mean == 0.5
    assert model.averages["fpr"].sd == pytest.approx(0.125**0.5)
    assert model.fpr == crossed_mean(np.array([[1, 1, 1, 0], [1, 0, 0, 0]], float))
    assert model.fnr == crossed_mean(np.array([[0, 1, 1, 1], [0, 0, 0, 1]], float))


def test_likert_by_truth_over_ratings_and_over_readers():
    ratings = [
        Rating("R1", "", "1", "real", "real", 5),
        Rating("R1", "", "2", "real", "real", 4),
        Rating("R2", "", "1", "real", "real", 1),
        Rating("R2", "", "3", "synthetic", "real", 3),
        Rating("R1", "", "3", "synthetic", "real", None),
    ]
    real, synthetic = made(ratings).models[0].likert
    assert real.over_ratings.mean == pytest.approx(10 / 3)
    assert real.over_ratings.sd == pytest.approx((((5 / 3) ** 2 + (2 / 3) ** 2 + (7 / 3) ** 2) / 2) ** 0.5)
    assert (real.over_readers.n, real.over_readers.mean) == (2, 2.75)
    assert real.distribution == {1: 1, 2: 0, 3: 0, 4: 1, 5: 1}
    assert (synthetic.over_ratings.n, synthetic.over_readers.n) == (1, 1)
    assert made(ratings).models[0].pooled.likert_diff == pytest.approx(1 / 3)


def test_a_scale_of_more_points_shows_all_of_them():
    report = made(answered("R1", "r", "s", likert=2), points=7)
    assert report.points == 7
    assert list(report.models[0].likert[0].distribution) == [1, 2, 3, 4, 5, 6, 7]


def test_only_main_ratings_are_analysed():
    extra = [
        Rating("R1", "", "9", "real", "synthetic", kind="practice"),
        Rating("R1", "", "8", "synthetic", "real", kind="catch"),
        Rating("R1", "", "real1", "real", "synthetic", kind="repeat"),
        Rating("R1", "", "7", "synthetic", "real", kind="catch"),
    ]
    report = made(answered("R1", "rr", "ss") + extra)
    assert report.models[0].readers[0].counts == Counts(tp=2, fn=0, fp=0, tn=2)
    assert report.left_out == {"practice": 1, "catch": 2, "repeat": 1}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_first_presentation_is_the_one_analysed(order):
    shown = [
        Rating("R1", "", "1", "real", "synthetic", repeat=1),
        Rating("R1", "", "1", "real", "real", repeat=2),
        Rating("R1", "", "1", "real", "real", repeat=3),
    ]
    report = made([shown[i] for i in order])
    assert report.models[0].readers[0].counts == Counts(tp=0, fn=1, fp=0, tn=0)
    assert report.left_out == {"later presentation": 2}


def test_a_duplicate_is_refused_by_row():
    one = Rating("R1", "", "1", "real", "synthetic", row=2)
    assert refusal(one, Rating("R1", "", "1", "real", "real", row=3)) == (
        "Row 3: reader “R1” answered the image “1” twice; "
        "number the presentations in a column “repeat” if that is meant."
    )
    assert refusal(one, Rating("R1", "", "1", "real", "real")).startswith("reader “R1” answered")


def test_an_image_has_one_truth():
    assert refusal(
        Rating("R1", "", "1", "real", "real", row=2), Rating("R2", "", "1", "synthetic", "real", row=3)
    ) == ("Row 3: the image “1” is synthetic here and real in an earlier row.")


def test_shared_real_images_count_for_every_model():
    ratings = answered("R1", "rrs", "rs", model="A")
    ratings += [Rating("R1", "B", f"b{n}", "synthetic", "real") for n in range(3)]
    a, b = made(ratings).models
    assert (a.model, a.readers[0].counts) == ("A", Counts(tp=2, fn=1, fp=1, tn=1))
    assert (b.model, b.readers[0].counts) == ("B", Counts(tp=2, fn=1, fp=3, tn=0))
    assert a.fnr == b.fnr


def test_models_may_number_their_images_alike():
    ratings = []
    for model, answers in (("A", "rs"), ("B", "sr")):
        for number, letter in enumerate(answers):
            ratings += [
                Rating("R1", model, f"{number}", "real", LETTERS[letter]),
                Rating("R1", model, f"s{number}", "synthetic", LETTERS[letter]),
            ]
    ratings.append(Rating("R1", "", "0", "real", "real"))
    a, b = made(ratings).models
    assert a.readers[0].counts == b.readers[0].counts == Counts(tp=2, fn=1, fp=1, tn=1)
    assert (a.fnr.images, a.fnr.answers) == (3, 3)


def test_a_reader_of_another_model_alone_is_not_in_this_ones_table():
    ratings = answered("R1", "rr", "rs", model="A") + answered("R2", "ss", "ss", model="B")
    ratings += answered("R3", "rs")
    a, b = made(ratings).models
    assert [r.reader for r in a.readers] == ["R1", "R3"]
    assert [r.reader for r in b.readers] == ["R2", "R3"]


def test_a_model_that_cannot_be_told_is_refused():
    unnamed = Rating("R1", "", "2", "synthetic", "real", row=3)
    assert refusal(Rating("R1", "A", "1", "synthetic", "real", row=2), unnamed) == (
        "Row 3: this synthetic image has no model, and others have one."
    )
    assert refusal(
        Rating("R1", "A", "1", "synthetic", "real", row=2), Rating("R1", "none", "2", "real", "real", row=3)
    ) == (
        "Row 3: there is no synthetic image of the model “none”; a real image that all models share has an empty model."
    )


@pytest.mark.parametrize("model", ["", "A"])
def test_only_real_images_leave_fpr_unknown(model):
    ratings = [Rating("R1", model, str(n), "real", "real") for n in range(3)]
    (result,) = made(ratings).models
    assert result.model == model
    found = result.readers[0]
    assert rate(found, "recall") == rate(found, "precision")
    assert rate(found, "recall").value == 1.0
    assert rate(found, "fpr") == NotEstimable("no synthetic image was answered")
    for missing in (found.ttest_p, found.guessing_p, found.likert_diff, found.ks_p, result.fpr.estimate):
        assert isinstance(missing, NotEstimable)
    assert isinstance(result.averages["fpr"].mean, NotEstimable)


def test_no_rating_at_all_is_an_empty_report():
    report = made([Rating("R1", "", "1", "real", "real", kind="practice")])
    assert (report.n_ratings, report.n_readers, report.left_out) == (0, 0, {"practice": 1})
    assert report.models[0].readers == ()


def test_readers_without_a_metric_are_not_in_its_average():
    report = made(answered("R1", "ss", "ss") + answered("R2", "rs", "rs"))
    averages = report.models[0].averages
    assert (averages["precision"].n, averages["precision"].mean) == (1, 0.5)
    assert (averages["recall"].n, averages["recall"].mean) == (2, 0.25)


@st.composite
def studies(draw):
    cells = st.tuples(st.sampled_from("rs."), st.integers(1, 5))
    readers, images = draw(st.integers(1, 4)), draw(st.lists(st.sampled_from("rs"), min_size=1, max_size=8))
    return [
        Rating(f"R{reader}", "", f"{number}", LETTERS[truth], LETTERS[answer], likert)
        for reader in range(readers)
        for number, truth in enumerate(images)
        for answer, likert in [draw(cells)]
        if answer != "."
    ]


@settings(max_examples=100, deadline=None)
@given(studies(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(ratings, random):
    report, shuffled = made(ratings), made(random.sample(ratings, len(ratings)))
    for one, other in zip(report.models[0].readers, shuffled.models[0].readers, strict=True):
        assert (one.reader, one.counts, one.metrics) == (other.reader, other.counts, other.metrics)
    assert report.models[0].fpr == shuffled.models[0].fpr
    assert report.models[0].fnr == shuffled.models[0].fnr
    assert [each.distribution for each in report.models[0].likert] == [
        each.distribution for each in shuffled.models[0].likert
    ]


@settings(max_examples=100, deadline=None)
@given(studies())
def test_every_rating_is_counted_once_and_every_rate_is_a_fraction(ratings):
    report = made(ratings)
    assert sum(reader.counts.n for reader in report.models[0].readers) == len(ratings) == report.n_ratings
    assert sum(sum(each.distribution.values()) for each in report.models[0].likert) == len(ratings)
    for reader in report.models[0].readers:
        for metric in METRICS:
            found = rate(reader, metric)
            assert isinstance(found, NotEstimable) or (
                isinstance(found, Proportion) and 0 <= found.value <= 1
            )
