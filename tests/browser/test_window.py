"""A window that is too small for the study, at the display check and later."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Rating
from tests.browser.keyboard import come_in, go_to
from tests.browser.rating import answer, at
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_window_that_is_too_small_is_told_so(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, display_check="true", smallest_width="1500")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Yes, all eleven")
    expect(page.get_by_role("alert")).to_contain_text("which is too small for the study")
    page.set_viewport_size({"width": 1600, "height": 900})
    expect(page.locator("#window-size")).to_have_text("1600 × 900")
    go_to(page, "Yes, all eleven")
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_nothing_is_shown_in_a_window_that_becomes_too_small(page, server, furnished, owner, known, browser):
    session = opened(furnished, owner, known, display_check="true", smallest_width="800", exposure_ms="60000")
    link = server.url + invite(owner, session)
    come_in(page, link)
    go_to(page, "Yes, all eleven")
    go_to(page, "Start")
    at(page, 1)
    page.set_viewport_size({"width": 700, "height": 900})
    notice = page.get_by_role("dialog", name="The window is too small")
    expect(notice).to_contain_text("at least 800 pixels wide; it has 700 × 900 now")
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    answer(page)
    expect(notice).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 900})
    expect(notice).to_be_hidden()
    assert page.locator("#answer input:checked").count() == 0
    answer(page)
    at(page, 2)
    other = browser.new_context(viewport={"width": 600, "height": 900})
    elsewhere = other.new_page()
    elsewhere.goto(link)
    elsewhere.get_by_role("button", name="Continue").click()
    elsewhere.get_by_role("button", name="Go on").click()
    expect(elsewhere.get_by_role("dialog", name="The window is too small")).to_be_visible()
    expect(elsewhere.locator("#stimulus")).to_be_hidden()
    elsewhere.set_viewport_size({"width": 900, "height": 900})
    at(elsewhere, 2)
    other.close()
    with furnished.parts.database.read() as db:
        assert len(db.scalars(select(Rating)).all()) == 1
