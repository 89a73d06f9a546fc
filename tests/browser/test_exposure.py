"""Protocols that limit how long an image is on the screen: frame by frame, on all devices together, and as long as is measured."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Exposure, Rating
from tests.browser.rating import BLANK, answer, at, begin, centre, views
from tests.web.conftest import create, invite, opened, text

SLOW_MS = 1500  # a frame more, on a machine with much to do
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_an_exposure_limit_takes_the_image_away_and_a_reload_does_not_bring_it_back(
    page, server, furnished, owner, known
):
    begin(page, server.url + invite(owner, opened(furnished, owner, known, exposure_ms="1000")))
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    expect(page.locator("#say")).to_contain_text("shown for as long as this study allows")
    page.reload()
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    expect(page.locator("#say")).to_contain_text("shown for as long as this study allows")
    answer(page)
    at(page, 2)
    expect(page.locator("#stimulus")).to_be_visible()
    (seen,) = views(furnished)
    assert 980 <= seen["exposed_ms"] < 5000
    assert seen["scale"] == page.locator("#mask").evaluate("e => parseFloat(e.style.width) / e.width") > 1


def test_the_noise_is_ready_before_the_image_comes(page, server, furnished, owner, known):
    """Made when the time is over, it would hold the image on the screen for longer than is measured."""
    begin(page, server.url + invite(owner, opened(furnished, owner, known, exposure_ms="60000")))
    expect(page.locator("#stimulus")).to_be_visible()
    expect(page.locator("#mask")).to_be_hidden()
    assert not page.locator("#mask").evaluate(BLANK)


def test_the_noise_stands_where_the_image_stood_in_whatever_window(page, server, furnished, owner, known):
    begin(page, server.url + invite(owner, opened(furnished, owner, known, exposure_ms="300")))
    expect(page.locator("#mask")).to_be_visible()
    for size in ((1366, 768), (800, 500)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        noise = page.locator("#mask").bounding_box()
        stage = page.locator("#stage").bounding_box()
        assert noise["height"] <= stage["height"] < 2 * noise["height"]
        assert noise["y"] >= stage["y"]


def test_what_was_seen_is_marked_on_the_noise(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, exposure_ms="300", cues="texture, border")
    begin(page, server.url + invite(owner, session))
    expect(page.locator("#mask")).to_be_visible()
    expect(page.get_by_role("button", name="Remove last mark")).to_be_disabled()
    page.get_by_role("button", name="texture").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="border").click()
    page.mouse.click(*centre(page))
    expect(page.locator("#marks span")).to_have_text(["texture", "border"])
    noise, mark = page.locator("#mask").bounding_box(), page.locator("#marks span").first.bounding_box()
    assert mark["x"] == pytest.approx(noise["x"] + 0.375 * noise["width"], abs=1)
    answer(page)
    at(page, 2)
    with furnished.parts.database.read() as db:
        texture, border = db.scalars(select(Rating)).one().marks
    assert (texture["x"], texture["width"]) == (0.375, 0.25)
    assert (border["x"], border["y"]) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.5, abs=0.02))


HIDDEN = """is => {
    Object.defineProperty(document, "hidden", { value: is, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("way", ["a notice", "another tab"])
def test_the_time_stands_still_while_the_image_cannot_be_seen(page, server, furnished, owner, known, way):
    window = {"display_check": "true", "smallest_width": "800"} if way == "a notice" else {}
    link = server.url + invite(owner, opened(furnished, owner, known, exposure_ms="6000", **window))

    def cover(is_covered):
        if way == "another tab":
            page.evaluate(HIDDEN, is_covered)
        else:
            page.set_viewport_size({"width": 700 if is_covered else 1366, "height": 768})

    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    if window:
        page.get_by_role("button", name="Yes, all eleven").click()
    page.get_by_role("button", name="Start").click()
    at(page, 1)
    cover(True)
    page.wait_for_timeout(6500)
    cover(False)
    expect(page.locator("#stimulus")).to_be_visible()
    expect(page.locator("#mask")).to_be_hidden()
    answer(page)
    at(page, 2)
    (seen,) = views(furnished)
    assert 0 < seen["exposed_ms"] < 6000


def test_neither_going_back_nor_a_reload_in_time_nor_the_magnifier_gives_a_second_look(
    page, server, furnished, owner, known
):
    session = opened(furnished, owner, known, exposure_ms="3000", allow_undo="true")
    begin(page, server.url + invite(owner, session))
    page.keyboard.press("m")
    page.mouse.move(*centre(page))
    answer(page)
    at(page, 2)
    page.keyboard.press("z")
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    assert page.locator("#lens").evaluate(BLANK)
    page.get_by_role("button", name="Leave it as it was").click()
    expect(page.locator("#stimulus")).to_be_visible()  # the second one was left before its time was over
    expect(page.locator("#mask")).to_be_visible()
    page.reload()
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    (seen,) = views(furnished)
    assert 0 < seen["exposed_ms"] < 3000


def seen_by(site):
    with site.parts.database.read() as db:
        return [(one.seen_ms, one.since) for one in db.scalars(select(Exposure))]


def test_another_device_shows_what_is_left_of_the_time(page, browser, server, furnished, owner, known):
    link = server.url + invite(owner, opened(furnished, owner, known, exposure_ms="5000"))
    begin(page, link)
    page.wait_for_timeout(500)
    page.goto("about:blank")
    page.wait_for_timeout(500)
    ((used, since),) = seen_by(furnished)
    assert 500 <= used < 5000
    assert since is None
    other = browser.new_context().new_page()
    begin(other, link)
    expect(other.locator("#mask")).to_be_visible(timeout=10_000)
    answer(other)
    at(other, 2)
    (seen,) = views(furnished)
    assert 4900 <= seen["exposed_ms"] < 5000 + SLOW_MS
    other.context.close()


def test_another_device_shows_noise_at_once_after_the_time(page, browser, server, furnished, owner, known):
    link = server.url + invite(owner, opened(furnished, owner, known, exposure_ms="300"))
    begin(page, link)
    expect(page.locator("#mask")).to_be_visible()
    other = browser.new_context().new_page()
    begin(other, link)
    expect(other.locator("#mask")).to_be_visible()
    expect(other.locator("#stimulus")).to_be_hidden()
    answer(other)
    at(other, 2)
    (seen,) = views(furnished)
    assert seen["exposed_ms"] == 300
    other.context.close()


def test_without_a_line_to_tell_it_the_image_is_shown_all_the_same(page, server, furnished, owner, known):
    link = server.url + invite(owner, opened(furnished, owner, known, exposure_ms="1000"))
    page.route("**/read/exposures", lambda route: route.abort())
    begin(page, link)
    expect(page.locator("#stimulus")).to_be_visible()
    expect(page.locator("#mask")).to_be_visible()
    assert seen_by(furnished) == []
    page.unroute("**/read/exposures")
    expect(page.locator("#mask")).to_be_visible()
    page.wait_for_timeout(2500)
    ((used, since),) = seen_by(furnished)
    assert used >= 990  # half a frame before the limit is nearest to it
    assert since is None


def test_an_exposure_limit_that_nobody_could_use_is_refused(owner, known):
    for given in ("soon", "5", "70000"):
        refused = create(owner, known, exposure_ms=given)
        assert refused.status_code == 422
        assert "xposure limit" in text(refused)
