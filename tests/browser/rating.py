"""What a reader does and sees on the page of an image."""

import re

from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Rating

TOTAL = 8
BLANK = "e => !e.getContext('2d').getImageData(0, 0, e.width, e.height).data.some(Boolean)"
SIZES = {"laptop": (1366, 768), "desktop": (1920, 1080), "tablet": (1024, 1366)}


def begin(page, link, total=TOTAL):
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=re.compile("Start|Go on")).click()
    at(page, 1, total)


def shows(page, position, total=TOTAL):
    expect(page.locator("#position")).to_have_text(f"{position} of {total}", timeout=20_000)
    expect(page.locator("#answer input").first).to_be_enabled(timeout=20_000)


def at(page, position, total=TOTAL):
    """The page shows this image, and the server's word on all answers before it has come."""
    shows(page, position, total)
    expect(page.locator("#saved")).not_to_have_text(re.compile("Saving|Not saved yet"), timeout=20_000)


def seen(page):
    """So long was the image on the screen that a key may answer it at once."""
    page.wait_for_timeout(250)


def holding(page, count):
    """Until the page holds so many images."""
    page.wait_for_function(
        """count => performance.getEntriesByType("resource").filter(
            entry => entry.name.includes("/read/stimuli/") && entry.responseEnd
        ).length >= count""",
        arg=count,
    )


def answer(page, keys="r4"):
    for key in keys:
        page.keyboard.press(key)
    page.keyboard.press("Enter")


def finish(page):
    """Leave the last answer as it is."""
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.get_by_text("everything is saved")).to_be_visible(timeout=20_000)


def finish_by_keyboard(page, asked="That was the last image"):
    """By Enter, once the page has asked for longer than an Enter that was meant for the image takes."""
    expect(page.get_by_role("heading", name=asked)).to_be_visible()
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")


def stored(site):
    with site.parts.database.read() as db:
        return [(r.answer, r.likert) for r in db.scalars(select(Rating).order_by(Rating.id))]


def to_the_end(page, count):
    for position in range(1, count + 1):
        shows(page, position, count)
        answer(page)
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()


def views(site):
    """How each answered image was looked at."""
    with site.parts.database.read() as db:
        return [rating.viewport for rating in db.scalars(select(Rating).order_by(Rating.id))]


def centre(page):
    box = page.locator("#stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
