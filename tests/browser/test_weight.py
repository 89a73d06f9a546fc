"""How heavy the reader's page is before the first image, and that nothing on it moves by itself."""

import pytest

from tests.browser.rating import SIZES, answer, at, begin
from tests.servers import Server
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
MOST_BYTES = 60_000
EVERYTHING = {
    "allow_undo": "true",
    "remarks": "true",
    "cues": "texture\nanatomy\nborder",
}
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map((source) => source.node?.id || source.node?.className || source.node?.nodeName);
      window.shifts.push([entry.value, ...moved]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def link(furnished, owner, known):
    made = Server(furnished.settings.data_dir)
    made.start()
    yield made.url + invite(owner, opened(furnished, owner, known, **EVERYTHING))
    made.kill()


def test_the_page_is_light_before_the_first_image(browser, link):
    """Bytes as they come over the line, headers included, in a browser that has nothing of it yet."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    begin(page, link)
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    addresses, weights = {}, {}
    line.on(
        "Network.requestWillBeSent",
        lambda told: addresses.update({told["requestId"]: told["request"]["url"]}),
    )
    line.on(
        "Network.loadingFinished",
        lambda told: weights.update({told["requestId"]: told["encodedDataLength"]}),
    )
    page.reload()
    at(page, 1)
    page.wait_for_load_state("networkidle")
    before = {url: weights[name] for name, url in addresses.items() if "/read/stimuli/" not in url}
    assert len([url for url in before if url.endswith((".js", ".css"))]) > 10
    assert any(url.endswith("/read/state") for url in before)
    assert sum(before.values()) <= MOST_BYTES, before
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_from_the_first_image_to_the_last(browser, link, size):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(SHIFTS)
    page = context.new_page()
    begin(page, link)
    for position in range(1, 5):
        at(page, position)
        page.wait_for_timeout(100)
        if position > 1:
            page.keyboard.press("z")
            at(page, position - 1)
            page.keyboard.press("Escape")
            at(page, position)
        answer(page)
    at(page, 5)
    assert page.evaluate("window.shifts") == []
    context.close()
