"""The reader's page in a real browser, on good days and bad ones: no answer is lost, none is doubled, none is falsely “saved”."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Rating
from tests.browser.rating import (
    SIZES,
    TOTAL,
    answer,
    at,
    begin,
    finish,
    finish_by_keyboard,
    stored,
    to_the_end,
)
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_whole_reading_by_keyboard(page, link, furnished):
    begin(page, link)
    for position in range(1, TOTAL + 1):
        at(page, position)
        answer(page, "s2" if position % 2 else "r5")
    finish_by_keyboard(page)
    expect(page.get_by_text("everything is saved")).to_be_visible()
    assert stored(furnished) == [("synthetic", 2), ("real", 5)] * (TOTAL // 2)


def test_the_very_last_answer_can_be_changed(page, link, furnished):
    begin(page, link)
    to_the_end(page, TOTAL)
    page.keyboard.press("Enter")  # one too many: it was meant for the image
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("z")
    at(page, TOTAL)
    page.get_by_role("button", name="Leave it as it was").click()
    page.locator("#once-more").click()
    at(page, TOTAL)
    answer(page, "s1")
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()
    page.locator("#once-more").click()
    at(page, TOTAL)
    answer(page, "s2")
    finish(page)
    assert stored(furnished)[-3:] == [("real", 4), ("synthetic", 1), ("synthetic", 2)]


def test_the_time_in_view_counts_all_views(page, link, furnished):
    begin(page, link)
    page.wait_for_timeout(400)
    page.reload()
    at(page, 1)
    page.wait_for_timeout(300)
    answer(page)
    at(page, 2)
    page.keyboard.press("z")
    at(page, 1)
    page.wait_for_timeout(200)
    answer(page, "s2")
    at(page, 2)
    with furnished.parts.database.read() as db:
        first, second = db.scalars(select(Rating).order_by(Rating.id))
    assert (first.viewport["views"], second.viewport["views"]) == (2, 3)
    assert 400 <= first.viewport["first_view_ms"] == second.viewport["first_view_ms"] < first.shown_ms - 300
    assert second.shown_ms >= first.shown_ms + 200


def test_it_says_why_it_cannot_go_on(page, link, furnished):
    begin(page, link)
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("Choose real or synthetic, and a point")
    page.keyboard.press("r")
    expect(page.locator("#say")).to_have_text("")
    answer(page, "r")
    expect(page.locator("#say")).to_contain_text("Choose a point of the scale")
    assert stored(furnished) == []
    answer(page, "3")
    at(page, 2)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert stored(furnished) == [("real", 3)]


def test_a_double_click_is_one_answer(page, link, furnished):
    begin(page, link)
    page.keyboard.press("r")
    page.keyboard.press("4")
    page.get_by_role("button", name="Next").dblclick()
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def test_reload_and_the_back_button_lose_and_double_nothing(page, link, furnished):
    begin(page, link)
    answer(page)
    at(page, 2)
    page.reload()
    at(page, 2)
    page.go_back()
    page.go_forward()
    at(page, 2)
    answer(page, "s1")
    at(page, 3)
    assert stored(furnished) == [("real", 4), ("synthetic", 1)]


def test_two_tabs_agree_in_the_end(page, link, furnished):
    begin(page, link)
    other = page.context.new_page()
    other.goto(page.url)
    at(other, 1)
    answer(page, "r5")
    at(page, 2)
    answer(other, "s1")
    at(other, 2)
    expect(other.locator("#saved")).to_have_text("Not saved")
    expect(other.locator("#say")).to_contain_text("rated already")
    assert stored(furnished) == [("real", 5)]


def test_two_readers_in_one_browser_never_answer_for_each_other(page, server, furnished, owner, known):
    """A shared hospital PC: the second reader's link takes the browser over, the first reader's page stops."""
    session = opened(furnished, owner, known)
    links = [server.url + invite(owner, session, code) for code in ("R01", "R02")]
    begin(page, links[0])
    expect(page.locator(".strip")).to_contain_text("R01")
    other = page.context.new_page()
    begin(other, links[1])
    answer(page)
    expect(page.locator("#say")).to_contain_text("Another personal link was opened in this browser")
    assert stored(furnished) == []
    answer(other, "s1")
    at(other, 2)
    assert stored(furnished) == [("synthetic", 1)]
    page.goto(links[0])
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Go on").click()
    at(page, 2)  # what was kept in the browser has been sent, under its own reader
    assert sorted(stored(furnished)) == [("real", 4), ("synthetic", 1)]


def test_the_last_answer_can_be_changed(page, link, furnished):
    begin(page, link)
    answer(page)
    at(page, 2)
    page.keyboard.press("z")
    expect(page.locator("#say")).to_contain_text("changing your last answer")
    at(page, 1)
    page.get_by_role("button", name="Leave it as it was").click()
    at(page, 2)
    page.get_by_role("button", name="Back").click()
    at(page, 1)
    answer(page, "s2")
    at(page, 2)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert stored(furnished) == [("real", 4), ("synthetic", 2)]


def test_it_works_on_a_plain_http_address(page, link, furnished):
    """Browsers hold back features and headers where there is neither HTTPS nor localhost."""
    begin(page, link.replace("127.0.0.1", "plain.test"))
    assert not page.evaluate("window.isSecureContext")
    answer(page)
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def test_nothing_on_the_page_names_an_origin(page, link):
    begin(page, link)
    first = page.content()
    image = page.locator("#stimulus")
    assert image.get_attribute("alt") == "Image to be rated"
    assert image.get_attribute("src").startswith("blob:")
    for word in ("StyleGAN", "seed", "checkpoint", "origin_", "sha256"):
        assert word not in first


@pytest.mark.parametrize("size", SIZES)
def test_pages_are_accessible_and_nothing_has_to_be_scrolled(browser, link, size):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(link)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Start").click()
    at(page, 1)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    boxes = page.locator(".choice, .go button").evaluate_all(
        "all => all.map(e => { const b = e.getBoundingClientRect(); return [b.width, b.height]; })"
    )
    assert min(min(box) for box in boxes) >= 44
    context.close()
