"""Gallas's one-shot analysis: against its definitions by loops, a published data set, exact resampling, its properties."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.stats.estimates import NotEstimable
from app.stats.moments import moments
from app.stats.mrmc import U_STATISTICS, V_STATISTICS, one_shot
from tests.stats.scored import VANDYKE, by_loops, designs, studied, successes, van_dyke


@settings(deadline=None, max_examples=60)
@given(designs)
def test_the_variance_is_that_of_the_definition_by_loops(design):
    x, y = design
    found = one_shot(x, y)
    s = [successes(x[v], y[v]) for v in (0, 1)]
    for v in (0, 1):
        if s[v]:
            assert found.modalities[v].estimate == pytest.approx(sum(s[v].values()) / len(s[v]))
        else:
            assert isinstance(found.modalities[v].estimate, NotEstimable)
    cases = [(found.modalities[v], by_loops(s[v], s[v])) for v in (0, 1)]
    if None not in (both := (by_loops(s[0], s[1]), cases[0][1], cases[1][1])):
        cases.append((found.pairs[0, 1], both[1] + both[2] - 2 * both[0]))
    for one, expected in cases:
        if one.method == U_STATISTICS and not isinstance(one.variance, NotEstimable):
            assert one.variance == pytest.approx(expected)
            assert one.variance > 0
        elif one.method == V_STATISTICS:
            assert expected <= 1e-9
        else:
            assert expected is None or min(x.shape[1:]) < 2 or isinstance(one.variance, NotEstimable)


def test_moments_that_a_design_does_not_have_are_zero():
    x, y = studied(1, 4, 4, seed=2)
    found = moments(x[:1], y[:1], centred=False)
    assert (found.unbiased[0, 0, 4:] == 0).all()
    assert (found.unbiased[0, 0, :4] > 0).all()


def test_a_complete_study_has_the_degrees_of_freedom_of_its_mean_squares():
    x, y = studied(4, 6, 5, seed=5)
    s = np.array(
        [
            [[[(b > a) + (b == a) / 2 for b in q] for a in p] for p, q in zip(*xy, strict=True)]
            for xy in zip(x, y, strict=True)
        ]
    )
    found = one_shot(x, y)
    for one, scored in (
        (found.modalities[0], s[0]),
        (found.modalities[1], s[1]),
        (found.pairs[0, 1], s[0] - s[1]),
    ):
        over = {5: scored.mean(axis=(0, 2)), 4: scored.mean(axis=(0, 1)), 3: scored.mean(axis=(1, 2))}
        below = sum(np.var(means) ** 2 / df**3 for df, means in over.items())
        assert one.df == pytest.approx(max(one.variance**2 / below, 3))
        half = stats.t.ppf(0.975, int(one.df)) * one.variance**0.5
        assert (one.interval.low, one.interval.high) == pytest.approx(
            (one.estimate - half, one.estimate + half)
        )
    assert found.modalities[0].p == pytest.approx(
        2
        * stats.t.sf(
            abs(found.modalities[0].estimate - 0.5) / found.modalities[0].variance ** 0.5,
            int(found.modalities[0].df),
        )
    )


def test_two_readers_leave_one_degree_of_freedom():
    # AUCs 1 and 1/2 whatever the images: Var = (1/8)/2, and the reader's mean square alone has df, 2 − 1
    found = one_shot(np.zeros((1, 2, 4)), np.repeat([[[1.0], [0.0]]], 4, axis=2)).modalities[0]
    assert (found.estimate, found.variance, found.df) == (0.75, pytest.approx(1 / 16), 1)


@pytest.mark.parametrize("seed", range(1, 9))
def test_own_images_of_each_modality_count_apart_in_the_degrees_of_freedom(seed):
    """Two arms with their own synthetic images, the same real ones: no synthetic image is shared."""
    x, y = studied(4, 6, 5, seed=seed)
    x[0, :, 3:], x[1, :, :3] = np.nan, np.nan
    y[1] = y[0]
    found = one_shot(x, y)
    s = [
        np.array(
            [
                [[(b > a) + (b == a) / 2 for b in q] for a in p]
                for p, q in zip(x[v][:, part], y[v], strict=True)
            ]
        )
        for v, part in ((0, slice(0, 3)), (1, slice(3, 6)))
    ]
    shared = [
        s[0].mean(axis=(0, 1)) - s[1].mean(axis=(0, 1)),
        s[0].mean(axis=(1, 2)) - s[1].mean(axis=(1, 2)),
    ]
    below = np.var(shared[0]) ** 2 / 4**3 + np.var(shared[1]) ** 2 / 3**3
    below += sum(np.var(each.mean(axis=(0, 2))) ** 2 / 2**3 for each in s)
    pair = found.pairs[0, 1]
    assert pair.method == U_STATISTICS
    assert pair.df == pytest.approx(max(pair.variance**2 / below, 2))


def test_where_the_variance_is_not_positive_the_v_statistics_stand_in():
    """Theirs is the variance over all resamples of readers, synthetic and real images, here taken one by one."""
    x, y = np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.array([[[1.0, 0.0], [0.0, 1.0]]])
    s = np.array([[[(b > a) + (b == a) / 2 for b in q] for a in p] for p, q in zip(x[0], y[0], strict=True)])
    assert by_loops(successes(x[0], y[0]), successes(x[0], y[0])) <= 0
    both = list(product((0, 1), repeat=2))
    resampled = [s[np.ix_(r, i, j)].mean() for r, i, j in product(both, both, both)]
    (found,) = one_shot(x, y).modalities
    assert found.method == V_STATISTICS
    assert found.variance == pytest.approx(np.var(resampled))
    assert found.interval.method == V_STATISTICS
    assert found.df >= 1


@settings(deadline=None, max_examples=40)
@given(designs, st.randoms(use_true_random=False))
def test_names_and_places_do_not_matter(design, random):
    x, y = design
    found = one_shot(x, y)
    readers, n, m = (random.sample(range(k), k) for k in (x.shape[1], x.shape[2], y.shape[2]))
    moved = one_shot(x[:, readers][..., n], y[:, readers][..., m])
    stretched = one_shot(np.exp(x), np.exp(y))
    for one, other in zip(
        [*found.modalities, *found.pairs.values()], [*moved.modalities, *moved.pairs.values()], strict=True
    ):
        assert one.method == other.method
        for name in ("estimate", "variance", "df", "p"):
            a, b = getattr(one, name), getattr(other, name)
            assert a == b if isinstance(a, NotEstimable) else b == pytest.approx(a, abs=1e-9)
    assert stretched == found


@settings(deadline=None, max_examples=40)
@given(designs)
def test_swapping_labels_mirrors_the_auc_and_keeps_the_variance(design):
    x, y = design
    for one, back in zip(one_shot(x, y).modalities, one_shot(y, x).modalities, strict=True):
        if isinstance(one.estimate, NotEstimable):
            assert back.estimate == one.estimate
            continue
        assert back.estimate == pytest.approx(1 - one.estimate)
        if not isinstance(one.variance, NotEstimable):
            complete = np.isfinite(x).all() and np.isfinite(y).all()
            assert back.variance == pytest.approx(one.variance, abs=1e-12) or not complete


@given(designs)
def test_the_order_of_a_pair_is_the_sign_of_its_difference(design):
    x, y = design
    one, back = one_shot(x, y).pairs[0, 1], one_shot(x[::-1], y[::-1]).pairs[0, 1]
    if not isinstance(one.estimate, NotEstimable):
        assert back.estimate == -one.estimate
    if not isinstance(one.variance, NotEstimable):
        assert back.variance == pytest.approx(one.variance, abs=1e-12)


def test_answers_have_balanced_accuracy_for_their_auc():
    x, y = studied(3, 6, 7, seed=2)
    said_x, said_y = (x > 0).astype(float), (y > 0).astype(float)
    found = one_shot(said_x, said_y)
    for v in (0, 1):
        assert found.modalities[v].estimate == pytest.approx(((1 - said_x[v]).mean() + said_y[v].mean()) / 2)


def test_a_split_plot_design_is_analysed():
    """Two readers with their own images each: no image is shared, and the readers' AUCs are weighed by their pairs."""
    x, y = studied(4, 6, 6, seed=13)
    x[:, :2, 3:], x[:, 2:, :3] = np.nan, np.nan
    y[:, :2, 3:], y[:, 2:, :3] = np.nan, np.nan
    found, s = one_shot(x, y), successes(x[0], y[0])
    assert found.modalities[0].variance == pytest.approx(by_loops(s, s))


def test_many_images_are_taken_some_at_a_time():
    """More pairs than are in hand at once, against the same sums in one piece, and more levels than 16 bits hold."""
    random = np.random.default_rng(1)
    x, y = random.normal(size=(2, 2, 9000)), random.normal(size=(2, 2, 70))
    s = (y[:, :, None] > x[..., None]) + (y[:, :, None] == x[..., None]) / 2
    (found, _), R, N, M = one_shot(x, y).modalities, 2, 9000, 70
    t, a, b, g = s[0].sum((1, 2)), s[0].sum(2), s[0].sum(1), s[0].sum(0)
    n = [
        (s[0] ** 2).sum(),
        (b**2).sum(),
        (a**2).sum(),
        (t**2).sum(),
        (g**2).sum(),
        (b.sum(0) ** 2).sum(),
        (a.sum(0) ** 2).sum(),
        t.sum() ** 2,
    ]
    distinct = -n[0] + n[1] + n[2] - n[3] + n[4] - n[5] - n[6] + n[7]
    assert found.variance == pytest.approx(
        n[7] / (R * N * M) ** 2 - distinct / (R * (R - 1) * N * (N - 1) * M * (M - 1))
    )
    assert len(np.unique(x)) > 2**15


def written(*rows):
    """One modality's scores (1, R, n): a digit a score, a point where there is none."""
    return np.array([[[np.nan if c == "." else float(c) for c in row] for row in rows]])


@pytest.mark.parametrize(
    ("x", "y", "estimate", "reason"),
    [
        (["12", "34"], ["..", ".."], None, "no reader scored both kinds of image"),
        (["12"], ["23"], 0.875, "it takes two readers"),
        (["12", "12"], ["23", ".."], 0.875, "it takes two readers"),
        (["1", "2"], ["23", "23"], 0.875, "it takes two images of each kind"),
        (["12", "12"], ["2", "3"], 0.875, "it takes two images of each kind"),
        (["1"], ["2"], 1.0, "it takes two readers"),
    ],
)
def test_what_cannot_be_estimated_says_why(x, y, estimate, reason):
    (found,) = one_shot(written(*x), written(*y)).modalities
    if estimate is None:
        assert found.estimate == NotEstimable(reason)
    else:
        assert found.estimate == estimate
    assert found.variance == found.df == found.p == found.interval == NotEstimable(reason)


def test_a_difference_is_tested_against_zero_and_has_the_level_that_is_asked_for():
    x, y = studied(6, 20, 20, seed=5)
    pair = one_shot(x, y, 0.9).pairs[0, 1]
    se, df = pair.variance**0.5, np.floor(pair.df)
    assert pair.p == pytest.approx(2 * stats.t.sf(abs(pair.estimate) / se, df))
    assert pair.interval.high == pytest.approx(pair.estimate + stats.t.ppf(0.95, df) * se)
    assert pair.interval.level == 0.9


def test_a_difference_takes_two_readers_in_both_modalities():
    x, y = studied(4, 6, 6, seed=5)
    x[1, 1:] = np.nan
    for at in ((0, 1), (1, 0)):
        found = one_shot(x[list(at)], y[list(at)])
        assert found.pairs[0, 1].variance == NotEstimable("it takes two readers")
        assert found.pairs[0, 1].estimate == found.modalities[0].estimate - found.modalities[1].estimate
    x[1, 1] = 1
    y[1, 1] = np.nan  # a reader with one kind of image is none
    assert one_shot(x, y).modalities[1].variance == NotEstimable("it takes two readers")


def test_nothing_is_analysed_as_nothing():
    for shape in ((1, 0, 0), (1, 0, 3), (1, 2, 0)):
        (found,) = one_shot(np.zeros(shape), np.zeros((*shape[:2], 0))).modalities
        assert found.estimate == found.variance == NotEstimable("no reader scored both kinds of image")


def test_a_covariance_takes_readers_who_scored_different_images():
    """Whoever read in the first modality shares a reader or an image with whoever read in the second."""
    x = np.concatenate([written("1.", ".2"), written(".1", "2.")])
    y = np.concatenate([written("2...", ".1.."), written("..2.", "...3")])
    found = one_shot(x, y)
    assert found.modalities[0].estimate == 0.5
    assert all(isinstance(one.variance, float) for one in found.modalities)
    assert found.pairs[0, 1].estimate == -0.5
    assert found.pairs[0, 1].variance == NotEstimable("no two readers scored different images")


def test_perfect_readers_have_no_variance_and_no_interval():
    x, y = np.zeros((2, 3, 4)), np.ones((2, 3, 4))
    found = one_shot(x, y)
    for one, estimate in ((found.modalities[0], 1.0), (found.pairs[0, 1], 0.0)):
        assert (one.estimate, one.variance, one.method) == (estimate, 0.0, V_STATISTICS)
        assert one.df == one.p == one.interval == NotEstimable("the variance is zero")


@pytest.mark.skipif(not VANDYKE.is_file(), reason="the published data set is not beside this checkout")
def test_van_dyke():
    """Spin-echo against cine MRI for aortic dissection, 5 readers × 114 cases (Van Dyke et al. 1993), as iMRMC prints it."""
    found = one_shot(*van_dyke())
    assert [f"{one.estimate:.6f}" for one in found.modalities] == ["0.897037", "0.940837"]
    pair = found.pairs[0, 1]
    assert f"{pair.variance:.5e}" == "4.27313e-04"
    assert (f"{pair.df:.3f}", f"{pair.p:.5f}") == ("12.813", "0.05565")
