"""Marks on the image and remarks: where they lie, how they are set without a mouse, and that they are there to be changed."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.tables.sessions import Rating
from tests.browser.keyboard import come_in, go_to
from tests.browser.rating import answer, at
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_marks_lie_where_the_image_was_clicked_whatever_the_zoom(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, cues="texture, border", remarks="true")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1)
    box = page.locator("#stimulus").bounding_box()
    page.get_by_role("button", name="texture").click()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    page.get_by_role("button", name="border").click()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6)
    page.mouse.up()
    expect(page.locator("#marks span")).to_have_text(["texture", "border"])
    for _ in range(3):
        page.keyboard.press("+")
    box = page.locator("#stimulus").bounding_box()
    page.get_by_role("button", name="texture").click()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.get_by_role("button", name="border").click()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45)
    page.get_by_role("button", name="Remove last mark").click()
    page.keyboard.press("t")
    page.keyboard.type("sulci 4 s z")
    page.keyboard.press("Escape")
    answer(page)
    at(page, 2)
    expect(page.locator("#marks span")).to_have_count(0)
    expect(page.locator("#remark")).to_have_value("")
    with furnished.parts.database.read() as db:
        kept = db.scalars(select(Rating)).one()
    assert (kept.answer, kept.likert, kept.remark) == ("real", 4, "sulci 4 s z")
    point, area, middle = kept.marks
    assert (point["cue"], point["width"]) == ("texture", 0)
    assert (point["x"], point["y"]) == (pytest.approx(0.25, abs=0.01), pytest.approx(0.5, abs=0.01))
    assert [area[name] for name in ("x", "y", "width", "height")] == pytest.approx(
        [0.5, 0.6, 0.25, 0.15], abs=0.01
    )
    assert (middle["x"], middle["y"]) == (pytest.approx(0.5, abs=0.01), pytest.approx(0.5, abs=0.01))


def test_by_keyboard_a_word_marks_the_whole_image(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, cues="texture")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1)
    go_to(page, "texture")
    expect(page.locator("#marks span")).to_have_count(1)
    answer(page)
    at(page, 2)
    with furnished.parts.database.read() as db:
        (mark,) = db.scalars(select(Rating)).one().marks
    assert mark == {"cue": "texture", "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}


def test_by_keyboard_a_mark_is_moved_to_its_place_and_the_image_stays(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, cues="texture, border")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1)
    before = page.locator("#stimulus").bounding_box()
    go_to(page, "texture")
    expect(page.locator("#say")).to_contain_text("Arrow keys mark a part and move it")
    for key in ("ArrowLeft", *["ArrowLeft"] * 20, "ArrowDown", *["Shift+ArrowRight"] * 4, "Shift+ArrowUp"):
        page.keyboard.press(key)
    go_to(page, "border")
    for key in ("ArrowUp", *["ArrowRight"] * 40, *["Shift+ArrowDown"] * 40):
        page.keyboard.press(key)
    assert page.locator("#stimulus").bounding_box() == before
    image, mark = before, page.locator("#marks span").first.bounding_box()
    assert mark["x"] == pytest.approx(image["x"], abs=1)
    assert mark["width"] == pytest.approx(image["width"] * 0.375, abs=1)
    answer(page)
    at(page, 2)
    page.keyboard.press("ArrowRight")  # the word is still in focus, but its mark went with the answer
    expect(page.locator("#marks span")).to_have_count(0)
    with furnished.parts.database.read() as db:
        texture, border = db.scalars(select(Rating)).one().marks
    assert texture == {"cue": "texture", "x": 0.0, "y": 0.40625, "width": 0.375, "height": 0.21875}
    assert border == {"cue": "border", "x": 0.75, "y": 0.375, "width": 0.25, "height": 0.625}


@pytest.mark.parametrize("by", ["this page", "an earlier page"])
def test_what_was_said_of_an_image_is_there_to_be_changed(page, server, furnished, owner, known, by):
    session = opened(furnished, owner, known, cues="texture", remarks="true", allow_undo="true")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1)
    go_to(page, "texture")
    page.keyboard.press("t")
    page.keyboard.type("odd")
    page.keyboard.press("Escape")
    answer(page)
    at(page, 2)
    if by == "an earlier page":
        page.reload()
        at(page, 2)
    expect(page.get_by_role("button", name="Remove last mark")).to_be_disabled()
    page.keyboard.press("z")
    at(page, 1)
    expect(page.locator("#remark")).to_have_value("odd")
    expect(page.locator("#answer input:checked").first).to_have_value("real")
    expect(page.locator("#marks span")).to_have_text(["texture"])
    answer(page, "2")
    at(page, 2)
    with furnished.parts.database.read() as db:
        first, second = db.scalars(select(Rating).order_by(Rating.id))
    assert (second.answer, second.likert, second.remark) == ("real", 2, "odd")
    assert second.marks == first.marks
