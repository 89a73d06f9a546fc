"""Looking closer at an image: zoom, pan, light, magnifier; and protocols that fix or limit the view."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Exposure, Rating
from tests.browser.test_reader import answer, at, begin, link, page, server
from tests.faults.conftest import empty_folder, furnished, furnished_folder, generator_files, known, owner
from tests.web.conftest import create, invite, opened, text

__all__ = [
    "empty_folder",
    "furnished",
    "furnished_folder",
    "generator_files",
    "known",
    "link",
    "owner",
    "page",
    "server",
]
BLANK = "e => !e.getContext('2d').getImageData(0, 0, e.width, e.height).data.some(Boolean)"
SLOW_MS = 1500  # a frame more, on a machine with much to do
TABLET = {"width": 1024, "height": 1366}
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def views(site):
    with site.parts.database.read() as db:
        return [rating.viewport for rating in db.scalars(select(Rating).order_by(Rating.id))]


def centre(page):
    box = page.locator("#stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawn(page):
    return page.locator("#stimulus").evaluate("e => [e.style.transform, e.style.filter]")


def test_what_was_looked_at_is_kept_with_the_answer_and_the_next_image_starts_anew(page, link, furnished):
    page.set_viewport_size(TABLET)
    begin(page, link)
    x, y = centre(page)
    page.mouse.move(x + 50, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function("document.getElementById('stimulus').style.transform.includes('scale(2.7')")
    page.mouse.down()
    page.mouse.move(x + 80, y + 20)
    page.mouse.up()
    page.mouse.down(button="right")
    page.mouse.move(x + 140, y - 30)
    page.mouse.up(button="right")
    answer(page)
    at(page, 2)
    (seen,) = views(furnished)
    assert seen["zoom"] == pytest.approx(2.718, rel=0.01)
    assert seen["x"] == pytest.approx(50 - 50 * seen["zoom"] + 30, abs=1)
    assert seen["contrast"] > 1.1
    assert seen["brightness"] > 1.1
    assert seen["changes"] >= 3
    assert drawn(page) == ["translate(0px, 0px) scale(1)", ""]
    answer(page)
    at(page, 3)
    assert views(furnished)[1]["changes"] == 0


def test_by_keyboard_alone(page, link):
    page.set_viewport_size(TABLET)
    begin(page, link)
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert drawn(page)[0].startswith("translate(-40px, 0px) scale(2.44")
    page.keyboard.press("b")
    page.keyboard.press("ArrowUp")
    assert "brightness(1.0" in drawn(page)[1]
    page.keyboard.press("0")
    assert drawn(page) == ["translate(0px, 0px) scale(1)", ""]
    page.keyboard.press("m")
    page.mouse.move(*centre(page))
    expect(page.locator("#lens")).to_be_visible()
    page.mouse.move(*[value + 5 for value in centre(page)])
    shown = page.locator("#lens").evaluate("e => e.getContext('2d').getImageData(110, 110, 1, 1).data[3]")
    assert shown == 255
    page.keyboard.press("m")
    expect(page.locator("#lens")).to_be_hidden()


def test_a_double_click_resets(page, link):
    begin(page, link)
    page.get_by_role("button", name="Larger").click()
    assert "scale(1.25)" in drawn(page)[0]
    page.mouse.dblclick(*centre(page))
    assert "scale(1)" in drawn(page)[0]


def test_two_fingers_zoom(browser, link):
    context = browser.new_context(viewport=TABLET, has_touch=True)
    page = context.new_page()
    begin(page, link)
    x, y = centre(page)
    touch = context.new_cdp_session(page)
    for kind, apart in (("touchStart", 50), ("touchMove", 75), ("touchMove", 100)):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    scale = float(drawn(page)[0].partition("scale(")[2].rstrip(")"))
    assert scale == pytest.approx(2, rel=0.1)
    context.close()


def test_a_fixed_presentation_cannot_be_changed(page, server, furnished, owner, known):
    begin(page, server.url + invite(owner, opened(furnished, owner, known, fixed_presentation="true")))
    page.mouse.move(*centre(page))
    page.mouse.wheel(0, -400)
    page.keyboard.press("+")
    page.keyboard.press("m")
    page.wait_for_timeout(100)
    assert drawn(page) == ["", ""] or drawn(page) == ["translate(0px, 0px) scale(1)", ""]
    assert page.locator(".tools, #lens").count() == 0
    answer(page)
    at(page, 2)
    assert views(furnished)[0]["changes"] == 0


def test_an_exposure_limit_takes_the_image_away_and_a_reload_does_not_bring_it_back(
    page, server, furnished, owner, known
):
    begin(page, server.url + invite(owner, opened(furnished, owner, known, exposure_ms="300")))
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    page.reload()
    expect(page.locator("#mask")).to_be_visible()
    expect(page.locator("#stimulus")).to_be_hidden()
    answer(page)
    at(page, 2)
    expect(page.locator("#stimulus")).to_be_visible()
    (seen,) = views(furnished)
    assert 280 <= seen["exposed_ms"] < 5000


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


def test_the_magnifier_shows_the_image_that_is_on_the_screen(page, link):
    begin(page, link)
    page.keyboard.press("m")
    page.mouse.move(*centre(page))
    first = page.locator("#lens").evaluate("e => e.toDataURL()")
    answer(page)
    at(page, 2)
    assert page.locator("#lens").evaluate("e => e.toDataURL()") != first
    assert not page.locator("#lens").evaluate(BLANK)


def test_an_exposure_limit_that_nobody_could_use_is_refused(owner, known):
    for given in ("soon", "5", "70000"):
        refused = create(owner, known, exposure_ms=given)
        assert refused.status_code == 422
        assert "xposure limit" in text(refused)
