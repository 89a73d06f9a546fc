"""Accounts and the server's pages in a real browser: axe, small screens, and a second factor from the picture to the sign-in."""

import re
import time

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.web.conftest import ADMIN, COLLEAGUE, OWNER, PASSWORD, create, invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
NEW = "another thing altogether, quite long"


def code_of(secret, steps=0):
    return pyotp.TOTP(secret).at(time.time() + 30 * steps)


def test_a_second_factor_by_keyboard(signed_in):
    page = signed_in()
    page.get_by_role("link", name=OWNER).press("Enter")
    page.locator("#present-on").fill(PASSWORD)
    page.keyboard.press("Enter")
    picture = page.get_by_alt_text("The key as a QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = page.get_by_text(re.compile("^[A-Z2-7]{32}$")).text_content()
    page.get_by_label("Code").fill(code_of(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("listitem").filter(has_text=re.compile("^[0-9a-f]{6}-"))).to_have_count(8)
    page.get_by_role("button", name="Sign out").press("Enter")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code_of(secret, 1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_newcomer_comes_in_by_a_link(signed_in, browser):
    page = signed_in(ADMIN)
    page.get_by_role("link", name="Server").click()
    page.get_by_role("link", name="Users").click()
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_role("button", name="Add, and make a link").click()
    link = page.get_by_label("Link").input_value()
    other = browser.new_context().new_page()
    other.goto(link)
    other.get_by_label("New password").fill(NEW)
    other.get_by_label("The same again").fill(NEW)
    other.keyboard.press("Enter")
    other.get_by_label("E-mail").fill("new@example.org")
    other.get_by_label("Password").fill(NEW)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Overview")).to_be_visible()
    other.context.close()
    page.goto("/admin/users")
    row = page.get_by_role("row").filter(has_text="new@example.org")
    row.get_by_role("button", name="Shut out").click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(row.get_by_text("shut out", exact=True)).to_be_visible()


def test_accounts_and_the_server_are_accessible_on_every_screen(furnished, owner, known, signed_in):
    draft = create(owner, known).headers["location"]
    owner.post(f"{draft}/colleagues", data={"email": COLLEAGUE})
    link = opened(furnished, owner, known)
    invite(owner, link)
    erasing = re.search(r'href="(/sessions/\w+/readers/\w+/erase)"', owner.get(link).text)[1]
    page, found = signed_in(ADMIN, bypass_csp=True), []
    page.goto("/account")
    page.locator("#present-on").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("The key as a QR code")).to_be_visible()
    for address in ("/account", "/account/tokens", "/admin", "/admin/users", draft, erasing):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(address)
        found += violations(page)
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.goto("/admin/users")
    page.get_by_role("row").filter(has_text=OWNER).get_by_role("button", name="Password link").click()
    found += violations(page)
    page.goto(page.get_by_label("Link").input_value())
    found += violations(page)
    assert found == []
