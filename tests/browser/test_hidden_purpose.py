"""A study with a hidden purpose, in a real browser: nothing that it gets before the debrief says what the study is about."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.protocol import wording
from tests.browser.rating import finish, seen, shows
from tests.web.conftest import invite, opened
from tests.web.test_reading_steps import CONSENT, HIDDEN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
QUALITY = {
    **HIDDEN,
    "consent": CONSENT,
    "cues": "blur, noise",
    "remarks": "true",
    "allow_undo": "true",
    "block_size": "4",
    "exposure_ms": "60000",
    "display_check": "true",
    "smallest_width": "600",
}
TELLING = re.compile(
    r"truth|turing|gave (it|them)|fool(ed|ing)|checkpoint|\bseed|catch item|unblind", re.IGNORECASE
)


class Everything:
    """All that comes over the line, under its address: headers, cookies, and whatever is text."""

    def __init__(self, context):
        self.got = []
        context.on("response", self._note)

    def _note(self, response):
        kind = response.headers.get("content-type", "")
        is_text = response.status == 200 and not kind.startswith("image/png")
        self.got.append((response.url, json.dumps(response.headers), response.text() if is_text else ""))

    def telling(self):
        """What says that some images are not real, with where it stands."""
        found = []
        for address, *texts in self.got:
            for text in (address, *texts):
                hint = TELLING.search(text)
                word = wording.names_purpose(text) or wording.names_method(text) or (hint and hint.group())
                found += [(address, word)] if word else []
        return found


def test_nothing_that_the_browser_gets_before_the_debrief_names_the_purpose(
    browser, server, furnished, owner, known
):
    link = server.url + invite(owner, opened(furnished, owner, known, **QUALITY))
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    everything, page = Everything(context), context.new_page()
    page.goto(link)
    for name in ("Continue", "I agree", "Yes, all eleven", "Start"):
        page.get_by_role("button", name=name, exact=True).click()
    for place in range(1, 9):
        if place == 5:
            page.get_by_role("button", name="Go on").click()
        shows(page, place)
        seen(page)
        page.keyboard.press(str(place % 5 + 1))
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()
    page.wait_for_load_state("networkidle")
    kept = page.evaluate(
        "indexedDB.databases().then(all => JSON.stringify([all, Object.keys(localStorage)]))"
    )
    everything.got.append(("kept in the browser", kept, json.dumps(context.cookies())))
    scripts = {address.rpartition("/")[2] for address, *_ in everything.got if address.endswith(".js")}
    assert {"scale.js", "main.js", "interlude.js"} <= scripts
    assert not scripts & {"both.js", "pairs.js", "practice.js"}
    assert everything.telling() == []
    finish(page)
    page.wait_for_load_state("networkidle")
    assert {word for _, word in everything.telling()} == {"made by a computer"}
    context.close()
