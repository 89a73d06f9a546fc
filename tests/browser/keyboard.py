"""A reader without a mouse, and what every page must be for all."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


def come_in(page, link):
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    go_to(page, "Continue")


def go_to(page, name):
    """Press a button as who has no mouse: Tab until it is reached, then Enter."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    for _ in range(30):
        if button.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def field(page, label):
    reached = page.get_by_label(label)
    for _ in range(30):
        if reached.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(reached).to_be_focused()


def sound(page):
    """Nothing for axe to find, and nothing wider than the window or cut off at its edge."""
    assert Axe().run(page).response["violations"] == []
    wide = """[...document.querySelectorAll("main, main *")].filter(
        e => e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest(".stage")
    ).map(e => e.outerHTML)"""
    assert page.evaluate(wide) == []
