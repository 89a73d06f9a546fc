"""The reader's page in a real browser, on good days and bad ones: no answer is lost, none is doubled, none is falsely “saved”."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Rating
from tests.faults.conftest import empty_folder, furnished, furnished_folder, generator_files, known, owner
from tests.servers import Server
from tests.web.conftest import invite, opened

__all__ = ["empty_folder", "furnished", "furnished_folder", "generator_files", "known", "owner"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
TOTAL = 8
SIZES = {"laptop": (1366, 768), "desktop": (1920, 1080), "tablet": (1024, 1366)}


@pytest.fixture
def server(furnished):
    made = Server(furnished.settings.data_dir, BLINDREAD_ALLOWED_HOSTS="plain.test")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def link(server, furnished, owner, known):
    return server.url + invite(owner, opened(furnished, owner, known, allow_undo="true"))


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    made = context.new_page()
    yield made
    context.close()


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


def test_a_whole_reading_by_keyboard(page, link, furnished):
    begin(page, link)
    for position in range(1, TOTAL + 1):
        at(page, position)
        answer(page, "s2" if position % 2 else "r5")
    finish_by_keyboard(page)
    expect(page.get_by_text("everything is saved")).to_be_visible()
    assert stored(furnished) == [("synthetic", 2), ("real", 5)] * (TOTAL // 2)


def to_the_end(page, count):
    for position in range(1, count + 1):
        shows(page, position, count)
        answer(page)
    expect(page.get_by_role("heading", name="That was the last image")).to_be_visible()


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


def test_off_line_the_end_waits_until_everything_is_saved(page, link, furnished):
    begin(page, link)
    holding(page, TOTAL)
    page.context.set_offline(True)
    to_the_end(page, TOTAL)
    page.locator("#once-more").click()
    shows(page, TOTAL)
    answer(page, "s2")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.locator("#say")).to_contain_text("ends as soon as they are saved")
    expect(page.locator("#saved")).to_have_text(f"Not saved yet: {TOTAL + 1}")
    assert stored(furnished) == []
    page.context.set_offline(False)
    expect(page.get_by_text("everything is saved")).to_be_visible(timeout=20_000)
    assert stored(furnished) == [("real", 4)] * TOTAL + [("synthetic", 2)]


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


def test_an_answer_whose_acknowledgement_is_lost_is_not_doubled(page, link, furnished):
    """The server has committed, but the response never arrives."""
    begin(page, link)
    dropped = []

    def drop_the_first(route):
        if dropped:
            route.continue_()
            return
        dropped.append(route.fetch().status)
        route.abort()

    page.route("**/read/ratings", drop_the_first)
    answer(page)
    at(page, 2)
    assert dropped == [200]
    assert stored(furnished) == [("real", 4)]


def test_off_line_the_answer_waits_and_nothing_is_called_saved(page, link, furnished):
    begin(page, link)
    page.context.set_offline(True)
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    assert stored(furnished) == []
    page.context.set_offline(False)
    at(page, 2)
    expect(page.locator("#saved")).to_have_text("Saved")
    assert stored(furnished) == [("real", 4)]


def test_off_line_ten_more_images_can_be_rated_and_then_it_says_so(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, n_real="8", n_synthetic="8")
    begin(page, server.url + invite(owner, session), total=16)
    holding(page, 11)
    page.context.set_offline(True)
    given = [("rs"[n % 2], str(n % 5 + 1)) for n in range(11)]
    for position, keys in enumerate(given, start=1):
        shows(page, position, total=16)
        answer(page, keys)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 11")
    expect(page.locator("#say")).to_contain_text("no further image is held here")
    assert stored(furnished) == []
    page.context.set_offline(False)
    at(page, 12, total=16)
    expect(page.locator("#saved")).to_have_text("Saved")
    words = {"r": "real", "s": "synthetic"}
    assert stored(furnished) == [(words[letter], int(likert)) for letter, likert in given]


def test_answers_that_wait_are_sent_in_their_order_after_a_reload(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    for position, keys in enumerate(["r1", "s2", "r3"], start=1):
        shows(page, position)
        answer(page, keys)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 3")
    page.unroute("**/read/ratings")
    page.reload()
    at(page, 4)
    assert stored(furnished) == [("real", 1), ("synthetic", 2), ("real", 3)]


def test_an_answer_that_waits_can_be_changed(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    answer(page, "r1")
    shows(page, 2)
    page.keyboard.press("z")
    shows(page, 1)
    answer(page, "s2")
    shows(page, 2)
    page.unroute("**/read/ratings")
    at(page, 2)
    assert stored(furnished) == [("real", 1), ("synthetic", 2)]


def test_an_answer_kept_through_a_reload_off_line_is_sent(page, link, furnished):
    begin(page, link)
    page.route("**/read/ratings", lambda route: route.abort())
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    page.unroute("**/read/ratings")
    page.reload()
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


def test_a_server_killed_in_mid_send_gets_the_answer_after_its_restart(page, link, server, furnished):
    begin(page, link)
    server.kill()
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    server.start()
    at(page, 2)
    assert stored(furnished) == [("real", 4)]


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


def test_answers_that_wait_when_the_session_is_closed_are_not_called_saved(
    page, server, furnished, owner, known
):
    session = opened(furnished, owner, known)
    begin(page, server.url + invite(owner, session))
    page.route("**/read/ratings", lambda route: route.abort())
    for position in (1, 2):
        shows(page, position)
        answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 2")
    owner.post(f"{session}/close")
    page.unroute("**/read/ratings")
    expect(page.locator("#say")).to_contain_text("closed", timeout=20_000)
    expect(page.locator("#saved")).to_have_text("Not saved yet: 2")
    assert stored(furnished) == []
