"""The report's figures: which are drawn of what study, and that each says its n and method."""

import re
from xml.etree import ElementTree as ET

import pytest

from app.report.build import build
from app.report.figures import draw
from app.report.measured import Extractor, Measured
from app.report.rows import Rating

SAID = {"r": "real", "s": "synthetic"}


def study(readers=3, models=("",), real="rrsrrs", synthetic="rssrsr", likert=True, timed=True):
    """Readers who begin at different places of the answers given; real images are shared."""
    ratings = []
    for r in range(readers):
        images = [("real", "", n, real[(n + r) % len(real)]) for n in range(len(real))]
        images += [
            ("synthetic", m, n, synthetic[(n + r) % len(synthetic)])
            for m in models
            for n in range(len(synthetic))
        ]
        ratings += [
            Rating(
                f"R{r:03}",
                model,
                f"{truth[0]}{n}",
                truth,
                SAID[answer],
                (4 if answer == "r" else 2) + (n + r) % 2 if likert else None,
                1.0 + place if timed else None,
                position=place,
            )
            for place, (truth, model, n, answer) in enumerate(images)
        ]
    return ratings


def drawn(ratings, **kwargs):
    figures = draw(build(ratings, title="A study", provenance={}, **kwargs))
    for figure in figures:
        ET.fromstring(figure.svg.replace("xlink:href", "href"))
        assert figure.name.endswith(".svg")
        assert "reader" in figure.caption
        question, _, rest = figure.caption.partition("? ")
        for form in (figure.file, figure.inline):
            root = ET.fromstring(form)
            assert (root.get("role"), root[0].text, root[1].text) == ("img", f"{question}?", rest)
            assert root[0].get("id") == root.get("aria-labelledby")
            assert root[1].get("id") == root.get("aria-describedby")
        assert not {"nan", "NaN"} & set(figure.svg.split())
    return {figure.name.removesuffix(".svg"): figure for figure in figures}


def test_it_works():
    figures = drawn(study())
    assert list(figures) == ["rates", "likert", "roc", "criterion", "fooling", "agreement", "course", "time"]
    captions = {name: figure.caption for name, figure in figures.items()}
    assert "3 readers, 6 synthetic and 6 real images" in captions["rates"]
    assert "18 ratings of real images, 18 ratings of synthetic images" in captions["likert"]
    assert "3 readers; AUC over readers and images" in captions["roc"]
    assert "one-shot MRMC" in captions["roc"]
    assert "6 synthetic and 6 real images, each answered by 3 readers" in captions["fooling"]
    assert "bootstrap intervals over images" in captions["agreement"]
    assert "3 readers, 36 answers" in captions["course"]
    assert "18 synthetic, 18 real; 3 readers" in captions["time"]
    assert "R002" in figures["rates"].svg
    assert "R002" in figures["criterion"].svg


def given(**of):
    """Distances as a file gives them: networks by name alone."""
    return {
        Extractor(name): {model: Measured(distance) for model, distance in by_model.items()}
        for name, by_model in of.items()
    }


def test_models_are_compared_and_their_files_told_apart():
    names = ("Ada ψ", "ada-ψ", "Other")
    distances = given(FID={"Ada ψ": 3.0, "ada-ψ": 4.0, "Other": 9.0, "unread": 1.0}, KID={"unread": 2.0})
    figures = drawn(study(models=names), distances=distances)
    assert list(figures)[:2] == ["arms", "distances_fid"]
    assert [name for name in figures if name.startswith("rates")] == [
        "rates_ada_1",
        "rates_other",
        "rates_ada_3",
    ]
    assert figures["rates_ada_1"].caption.endswith("Model: Ada ψ.")
    assert "3 models, 3 readers" in figures["arms"].caption
    assert "Mean FPR over readers against FID" in figures["distances_fid"].caption
    assert "Fewer than six models: caution." in figures["distances_fid"].caption


def test_a_correlation_that_does_not_exist_says_why():
    figures = drawn(study(models=("A", "B")), distances=given(FID={"A": 3.0, "B": 4.0}))
    assert "r: n/a (" in figures["distances"].caption


def test_a_mean_without_an_interval_is_a_point_alone():
    ratings = study(readers=1, models=("A", "B", "C"), synthetic="ssss")
    assert "distances" in drawn(ratings, distances=given(FID={"A": 3.0, "B": 4.0, "C": 5.0}))


def test_one_readers_curve_has_no_mean():
    assert "The mean is of" not in drawn(study(readers=1))["roc"].caption
    assert "The mean is of" in drawn(study(readers=2))["roc"].caption


def test_many_models_stand_in_figures_of_all():
    figures = drawn(study(models=tuple("ABCDE")))
    assert list(figures) == ["arms", "fooling", "course", "time"]
    assert "30 images of 5 models, 3 readers" in figures["fooling"].caption
    of_own = [Rating("R", model, "x", "real", "real") for model in "ABCDE"]
    assert list(drawn(of_own)) == ["arms"]


def test_many_readers_are_sorted_without_names():
    figures = drawn(study(readers=45, synthetic="s" * 5 + "r" * 40))
    assert "Readers are sorted by FPR. 45 readers" in figures["rates"].caption
    assert "R044" not in figures["rates"].svg
    assert "R044" not in figures["criterion"].svg


def test_many_images_are_a_line():
    figures = drawn(study(readers=2, synthetic="rs" * 70))
    assert "140 synthetic and 6 real images" in figures["fooling"].caption


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"likert": False, "timed": False}, ["rates", "criterion", "fooling", "agreement", "course"]),
        ({"readers": 1}, ["rates", "likert", "roc", "criterion", "fooling", "course", "time"]),
        ({"synthetic": ""}, ["rates", "likert", "fooling", "agreement", "course", "time"]),
        (
            {"real": "r" * 6, "synthetic": "s" * 6},
            [*["rates", "likert", "roc", "criterion", "fooling", "agreement", "course", "time"]],
        ),
        (
            {"real": "r", "synthetic": "s"},
            ["rates", "likert", "roc", "criterion", "fooling", "agreement", "time"],
        ),
    ],
)
def test_what_a_study_lacks_is_not_drawn(given, expected):
    assert list(drawn(study(**given))) == expected


def test_a_model_that_nobody_answered_real_images_of_has_a_place():
    """Model B has images of its own and a reader who saw nothing else, so it has no balanced accuracy."""
    ratings = [*study(models=("A",)), Rating("Z", "B", "x", "synthetic", "real", 4)]
    figures = drawn(ratings)
    assert "2 models, 4 readers" in figures["arms"].caption
    assert "roc_b" not in figures


def test_what_does_not_exist_is_said_and_not_drawn():
    """A reader of synthetic images alone has no FNR; readers who all say the same have no κ."""
    ratings = study(readers=2) + [
        Rating("Z", "", f"s{n}", "synthetic", "real", 3, 1.0, position=n) for n in range(6)
    ]
    assert "n/a" in drawn(ratings)["rates"].svg
    assert "n/a" not in drawn(study())["rates"].svg
    assert "n/a" in drawn(study(real="r" * 6, synthetic="s" * 6))["agreement"].svg
    early = [Rating("R", "", f"{n}", "real" if n < 5 else "synthetic", "real", position=n) for n in range(10)]
    assert drawn(early)["course"].svg.count("n/a") == 4
    arms = drawn([*study(models=("A",)), Rating("Z", "B", "x", "synthetic", "real", 4)])["arms"]
    assert "n/a" in arms.svg


def test_an_interval_that_misses_its_value_is_drawn():
    """The bootstrap's percentiles need not hold the value itself."""
    assert "agreement" in drawn(study(readers=45, synthetic="s" * 5 + "r" * 40))


def test_names_in_one_page_are_each_figures_own():
    ids = re.findall(r'\bid="([^"]+)"', "".join(each.inline for each in drawn(study()).values()))
    assert len(ids) == len(set(ids))


def test_an_image_of_a_page_follows_light_and_dark_and_a_file_stays_on_white():
    for each in drawn(study()).values():
        assert each.file.count('fill="#ffffff"') == 1
        assert "prefers-color-scheme" not in each.file
        assert "@media (prefers-color-scheme: dark)" in each.image
        assert "#2b3640" not in each.image
        assert ET.fromstring(each.image).tag.endswith("svg")


def test_the_same_report_gives_the_same_bytes():
    report = build(study(), title="A study", provenance={})
    assert [each.file for each in draw(report)] == [each.file for each in draw(report)]
