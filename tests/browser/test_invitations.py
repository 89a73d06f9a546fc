"""The pages of invitations in a real browser: axe, widths, copying."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.web.conftest import create, opened
from tests.web.test_invitations import CSV, invite_list
from tests.web.test_reminders import days_pass

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def too_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_inviting_by_a_list_is_accessible(furnished, owner, known, signed_in):
    draft = create(owner, known).headers["location"]
    running = opened(furnished, owner, known)
    page = signed_in(bypass_csp=True, viewport={"width": 1024, "height": 1366})
    found = []
    page.goto(f"{draft}/invitations")
    found += violations(page)
    page.goto(running)
    page.get_by_role("link", name="Invite several at once").click()
    expect(page.get_by_text("Nobody is invited yet.")).to_be_visible()
    found += violations(page)
    page.get_by_label("A code a line").fill("R01,nobody")
    page.get_by_role("button", name="Make their links").click()
    expect(page.get_by_role("alert")).to_contain_text("Row 1: That is no e-mail address")
    found += violations(page)
    page.get_by_label("A code a line").fill(CSV)
    page.get_by_role("button", name="Make their links").click()
    expect(page.get_by_role("heading", name="3 personal links")).to_be_visible()
    found += violations(page)
    page.get_by_role("link", name="Invitations").click()
    for summary in page.locator("summary").all():
        summary.click()
    found += violations(page)
    page.get_by_role("button", name="Show 3 invitations to copy").click()
    expect(page.get_by_role("heading", name="3 mails to copy")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Copy the text").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.get_by_role("link", name="Back to the invitations").click()
    expect(page.get_by_role("heading", name="Who is who")).to_be_visible()
    page.wait_for_load_state()
    page.set_viewport_size({"width": 390, "height": 800})
    assert not too_wide(page)
    page.get_by_role("button", name="Delete name and address").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("This can't be undone")
    found += violations(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete name and address").click()
    expect(page.get_by_role("button", name="Delete name and address")).to_have_count(1)
    assert found == []


def test_reminding_is_accessible(furnished, owner, known, signed_in):
    address = opened(furnished, owner, known)
    invite_list(owner, address)
    page = signed_in(bypass_csp=True, viewport={"width": 1024, "height": 1366})
    page.goto(f"{address}/reminders")
    expect(page.get_by_text("Nobody has been idle for 7 days.")).to_be_visible()
    found = violations(page)
    days_pass(furnished, 8)
    page.goto(address)
    page.get_by_role("link", name="Remind those who stalled").click()
    found += violations(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert not too_wide(page)
    page.get_by_role("button", name="Show 3 reminders to copy").click()
    text = page.get_by_label("Text").first.input_value()
    page.goto(re.search(r"/read/no-reminders/\S+", text)[0])
    found += violations(page)
    page.get_by_role("button", name="Keine Erinnerungen mehr").click()
    expect(page.get_by_role("status")).to_contain_text("keine Erinnerungen mehr")
    found += violations(page)
    assert found == []


def test_joining_by_an_open_link_is_accessible(furnished, owner, known, signed_in):
    address = opened(furnished, owner, known)
    page = signed_in(bypass_csp=True, viewport={"width": 1024, "height": 1366})
    page.goto(f"{address}/invitations")
    page.get_by_role("button", name="Make an open link").click()
    page.get_by_role("dialog").get_by_role("button", name="Make an open link").click()
    expect(page.get_by_role("heading", name="Open link", level=1)).to_be_visible()
    found = violations(page)
    page.goto(page.get_by_label("Link").input_value())
    found += violations(page)
    page.get_by_role("link", name="Deutsch").click()
    page.get_by_role("button", name="Teilnehmen").click()
    kept = page.get_by_label("Bewahren Sie diesen persönlichen Link auf")
    assert "/r/" in kept.input_value()
    found += violations(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert not too_wide(page)
    page.get_by_role("button", name="Kopieren").click()
    expect(page.get_by_role("button", name="Kopiert")).to_be_visible()
    page.get_by_role("link", name="Weiter").click()
    expect(page.get_by_role("button", name="Beginnen")).to_be_visible()
    page.goto(f"{address}/invitations")
    page.get_by_role("button", name="Close the open link").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nobody can join by it any more")
    page.get_by_role("dialog").get_by_role("button", name="Close the open link").click()
    expect(page.get_by_text("Off. With it one address")).to_be_visible()
    assert found == []
