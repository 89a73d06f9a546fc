"""A computer that several people use: what is left in the browser after signing out, and passwords that are pasted."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import PASSWORD, png

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
NAMES = "JSON.stringify(Object.entries(sessionStorage))"
IN_CACHE = """async (address) => {
  try {
    return (await fetch(address, { cache: "only-if-cached", mode: "same-origin" })).ok;
  } catch {
    return false;
  }
}"""


def test_after_signing_out_the_browser_has_nothing(signed_in, known):
    page = signed_in()
    page.goto("/image-sets/new")
    page.get_by_label("Name").fill("Mine")
    page.locator("input[type=file]").first.set_input_files(
        [{"name": "Doe_Jane.png", "mimeType": "image/png", "buffer": png(1)}]
    )
    page.locator("form[data-upload] button").first.click()
    page.wait_for_url("**/image-sets/drafts/**")
    assert "Doe_Jane.png" in page.evaluate(NAMES)
    page.goto(known.real_set)
    thumbnail = page.locator("img[src*='/images/']").first.get_attribute("src")
    beside = page.context.new_page()  # what is not in the cache is an error on its page
    beside.goto("/sign-in")
    assert beside.evaluate(IN_CACHE, thumbnail)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(NAMES) == "[]"
    assert not beside.evaluate(IN_CACHE, thumbnail)
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Real slices")).to_have_count(0)


def test_names_go_too_where_the_login_ended_elsewhere(signed_in):
    page = signed_in()
    page.evaluate("sessionStorage.setItem('names x', '[\"Doe_Jane.png\"]')")
    page.context.clear_cookies()
    page.goto("/image-sets")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(NAMES) == "[]"


def test_passwords_can_be_pasted(signed_in):
    page = signed_in()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(PASSWORD)
    page.get_by_label("E-mail").press("Control+a")
    page.keyboard.press("Control+c")
    names = set()
    for path in ("/sign-in", "/account"):
        page.goto(path)
        fields = page.locator("input[type=password]")
        for at in range(fields.count()):
            fields.nth(at).press("Control+v")
            expect(fields.nth(at)).to_have_value(PASSWORD)
            names.add(fields.nth(at).get_attribute("name"))
    assert names == {"password", "present", "new", "again"}
