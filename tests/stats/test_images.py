"""Image by image: who was fooled by which, sorted, with interval, test and the list for the page."""

import pytest

from app.report import html, words
from app.report.build import build
from app.report.images import groups, shown
from app.report.rows import Rating
from app.stats.intervals import half_p, wilson


def read_by(readers, fooled, model="", truth="synthetic"):
    """Images that so many of the readers are wrong about, named by their place."""
    other = "real" if truth == "synthetic" else "synthetic"
    return [
        Rating(f"R{r:02}", model, f"{truth[0]}{place}", truth, other if r < k else truth)
        for place, k in enumerate(fooled)
        for r in range(readers)
    ]


def made(ratings):
    return build(ratings, title="A study", provenance={})


def test_it_works():
    found = made(read_by(10, [5, 0, 10]) + read_by(10, [1], truth="real")).images
    assert [(e.truth, e.image, e.wrong.k, e.wrong.n) for e in found] == [
        ("synthetic", "s1", 0, 10),
        ("synthetic", "s0", 5, 10),
        ("synthetic", "s2", 10, 10),
        ("real", "r0", 1, 10),
    ]
    assert found[0].wrong.interval == wilson(0, 10)
    # 2 · (1/2)^10, times 3 images over rank 2, since two are as extreme; alone in its group the real one: 22 · (1/2)^10
    assert [e.p for e in found] == pytest.approx([2 / 1024, 1, 2 / 1024, 22 / 1024])
    assert [e.p_adjusted for e in found] == pytest.approx([3 / 1024, 1, 3 / 1024, 22 / 1024])
    assert [e.flag for e in found] == ["below guessing", "", "above guessing", "below guessing"]


def test_five_readers_flag_nothing():
    assert not any(each.flag for each in made(read_by(5, [0, 5])).images)
    assert all(each.flag for each in made(read_by(6, [0, 6])).images)


@pytest.mark.parametrize(("k", "n", "p"), [(0, 1, 1), (3, 6, 1), (1, 6, 14 / 64), (5, 6, 14 / 64)])
def test_the_test_is_two_sided(k, n, p):
    assert half_p(k, n) == pytest.approx(p)


def test_who_did_not_answer_is_not_counted():
    ratings = [r for r in read_by(4, [1, 4]) if (r.reader, r.image) != ("R03", "s0")]
    assert [(e.wrong.k, e.wrong.n) for e in made(ratings).images] == [(1, 3), (4, 4)]


def test_models_are_apart_and_share_their_real_images():
    report = made(read_by(2, [2], "A") + read_by(2, [0, 1], "B") + read_by(2, [0], truth="real"))
    assert [(g.model, g.truth, g.images) for g in groups(report.images)] == [
        ("", "real", 1),
        ("A", "synthetic", 1),
        ("B", "synthetic", 2),
    ]
    assert [g.deceived_all for g in groups(report.images)] == [0, 1, 0]
    assert list(shown(report.images)) == [
        ("", "r0"),
        ("A", "s0"),
        ("B", "s0"),
    ]  # half of B's readers: neither end


def test_the_page_lists_both_ends_the_clearest_first():
    report = made(read_by(7, [0, 7, 1, 6, 0, *[3] * 20]))
    (group,) = groups(report.images)
    assert [each.image for each in group.fewest[:3]] == ["s0", "s4", "s2"]
    assert [each.image for each in group.most] == ["s1", "s3"]
    assert len(group.fewest) == 8
    assert words.group_sentence(group) == (
        "Of 25 images 2 were called real by no reader, 1 by every reader; flagged: none."
    )
    page = " ".join(html.page(report).split())
    assert page.index("s1 <small>100 % (7/7)") > page.index("s0 <small>0 % (0/7)")
    assert "<img" not in page


def test_pictures_stand_in_the_page():
    report = made(read_by(8, [0, 8, 8]))
    page = " ".join(html.page(report, pictures={("", "s1"): "data:image/png;base64,AA=="}).split())
    assert page.count('<img src="data:image/png;base64,AA==" alt="synthetic image s1">') == 1
    (group,) = groups(report.images)
    assert words.group_sentence(group).startswith("Of 3 images 1 was called real by no reader, 2 by every")
    assert words.group_sentence(group).endswith("flagged: 1 below and 2 above guessing.")
