"""Looking closer at an image: zoom, pan, light, magnifier; and protocols that fix the view."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating import BLANK, answer, at, begin, centre, views
from tests.web.conftest import invite, opened

TABLET = {"width": 1024, "height": 1366}
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


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


def test_the_magnifier_shows_the_image_that_is_on_the_screen(page, link):
    begin(page, link)
    page.keyboard.press("m")
    page.mouse.move(*centre(page))
    first = page.locator("#lens").evaluate("e => e.toDataURL()")
    answer(page)
    at(page, 2)
    assert page.locator("#lens").evaluate("e => e.toDataURL()") != first
    assert not page.locator("#lens").evaluate(BLANK)
