"""report.html in a real browser: one file, readable in light and dark, on a phone and on paper."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.report import html
from app.report.build import build
from app.report.rows import Rating

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    answers = ("real", "synthetic", "real")
    ratings = [
        Rating(f"R{r}", model, f"{truth}{n}", truth, answers[(r * n) % 3], 1 + (r + n) % 5, 2.5)
        for r in range(4)
        for truth, model in (
            ("real", ""),
            ("synthetic", "ADA"),
            ("synthetic", "A longer name of a generator"),
        )
        for n in range(6)
    ]
    ratings.append(Rating("R9", "ADA", "only", "synthetic", "synthetic"))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html.page(build(ratings, title="A study", provenance={"manifest_sha256": "ab" * 32})))
    return path


@pytest.fixture
def opened(browser, file):
    contexts = []

    def open_file(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.asked_for = []
        page.on("request", lambda request: page.asked_for.append(request.url))
        page.goto(file.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()


def colour(page, selector, name="color"):
    return page.eval_on_selector(selector, f"element => getComputedStyle(element).{name}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_is_accessible_and_asks_for_nothing_else(opened, file, scheme, width):
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800})
    assert page.asked_for == [file.as_uri()]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_are_drawn_in_the_pages_ink(opened):
    inks = set()
    for scheme in ("light", "dark"):
        page = opened(color_scheme=scheme)
        ink = colour(page, "body")
        assert colour(page, "figure svg g[id*='text_'] text", "fill") == ink
        inks.add(ink)
    assert len(inks) == 2


def test_paper_is_white_whatever_the_screen(opened):
    page = opened(color_scheme="dark")
    page.emulate_media(media="print")
    assert colour(page, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert colour(page, "body") == "rgb(0, 0, 0)"


def test_the_blue_of_figures_is_lighter_on_dark_ground_and_not_on_paper(opened):
    page, seen = opened(color_scheme="dark"), []
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        seen.append(colour(page, "figure svg [style*='--figure-blue']", "stroke"))
    assert seen == ["rgb(74, 168, 224)", "rgb(0, 114, 178)"]


def test_of_many_models_paper_gets_what_is_opened(opened, file, tmp_path):
    ratings = [
        Rating(
            f"R{r}", model, f"{truth}{n}", truth, ("real", "synthetic")[(r * n + k) % 2], 1 + (r + n) % 5, 2.5
        )
        for r in range(4)
        for k, (truth, model) in enumerate([("real", ""), *(("synthetic", f"Model {m}") for m in range(9))])
        for n in range(6)
    ]
    path = tmp_path / "many.html"
    path.write_text(html.page(build(ratings, title="Many", provenance={"manifest_sha256": "ab" * 32})))
    page, pages = opened(), []
    page.goto(path.as_uri())
    for _ in range(2):
        page.pdf(path=tmp_path / "many.pdf", prefer_css_page_size=True)
        pages.append(len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "many.pdf").read_bytes())))
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    folded, whole = pages
    assert folded <= 16
    assert whole > 2 * folded
