"""A whole study by keyboard: consent, questionnaire, display, practice, breaks, images, debrief; marks, remarks, the scale alone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app.imaging import stimulus
from app.tables.sessions import Item, Rating, Reading
from tests.browser.rating import SIZES, answer, at, finish, seen
from tests.web.conftest import invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
FLOW = {
    "consent": "You agree that your answers are used for research.",
    "question_text": ["Years of experience?", "Speciality?", "Any remarks on the study?"],
    "question_kind": ["number", "choice", "text"],
    "question_choices": ["", "radiology, other", ""],
    "question_required": ["required", "required", ""],
    "question_when": ["before", "before", "after"],
    "debrief": "The synthetic images were made by a network.",
    "display_check": "true",
    "practice_real": "1",
    "practice_synthetic": "1",
    "block_size": "4",
    "remarks": "true",
    "cues": "texture, border",
}


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


def practise(page, images=2):
    for place in range(1, images + 1):
        expect(page.locator("#practising")).to_be_visible()
        at(page, place, images)
        answer(page)
        expect(page.locator("#feedback h2")).to_be_visible()
        sound(page)
        page.keyboard.press("Enter")


@pytest.mark.parametrize(("size", "scheme"), [("laptop", "light"), ("tablet", "dark"), ("desktop", "dark")])
def test_a_whole_study_by_keyboard(browser, server, furnished, owner, known, size, scheme):
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    come_in(page, server.url + invite(owner, opened(furnished, owner, known, **FLOW)))
    expect(page.get_by_text("You agree that")).to_be_visible()
    sound(page)
    go_to(page, "I agree")
    expect(page.get_by_text("Years of experience?")).to_be_visible()
    sound(page)
    field(page, re.compile("Years"))
    page.keyboard.type("12,5")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    go_to(page, "Continue")
    expect(page.get_by_role("heading", name="Your display")).to_be_visible()
    sound(page)
    go_to(page, "Yes, all eleven")
    go_to(page, "Start")
    practise(page)
    at(page, 1)
    expect(page.locator("#practising")).to_be_hidden()
    sound(page)
    for position in range(1, 9):
        if position == 5:
            expect(page.get_by_role("heading", name="Time for a break")).to_be_visible()
            sound(page)
            page.keyboard.press("Enter")
        at(page, position)
        answer(page, "s2" if position % 2 else "r5")
    expect(page.get_by_text("The synthetic images were made")).to_be_visible()
    sound(page)
    go_to(page, "Continue")
    expect(page.get_by_text("You can close this page")).to_be_visible()
    sound(page)
    with furnished.parts.database.read() as db:
        kept = db.scalars(select(Reading)).one()
        assert [one["answer"] for one in kept.about] == [12.5, "radiology"]
        assert (kept.display["window_width"], kept.display["window_height"]) == (width, height)
        main = db.scalars(select(Rating).join(Item).where(Item.kind == "main").order_by(Rating.id)).all()
        assert [(one.answer, one.likert) for one in main] == [("synthetic", 2), ("real", 5)] * 4
    context.close()


def test_feedback_is_right_and_a_break_survives_a_reload(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, practice_real="1", practice_synthetic="1", block_size="4")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    heads = []
    for place in (1, 2):
        at(page, place, 2)
        answer(page)
        expect(page.locator("#feedback h2")).to_be_visible()
        expect(page.locator("#stimulus")).to_be_visible()
        heads.append(re.sub(r"\s+", " ", page.locator("#feedback").inner_text()))
        page.keyboard.press("Enter")
    assert sum("Not correct" in head for head in heads) == 1
    assert all(("Not correct" in head) == ("is synthetic" in head) for head in heads)
    assert "1 of 2 were right" in heads[1]
    for position in range(1, 5):
        at(page, position)
        answer(page)
    expect(page.get_by_role("heading", name="Time for a break")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Time for a break")).to_be_visible()
    answer(page)  # the keys of an answer do nothing while a break is on; Enter goes on
    at(page, 5)
    assert page.locator("#answer input:checked").count() == 0


@pytest.mark.parametrize("changes", [{}, {"answering": "pairs"}], ids=["single", "pairs"])
def test_feedback_covers_nothing_of_the_image_and_all_of_it_is_on_the_screen(
    page, server, furnished, owner, known, changes
):
    session = opened(furnished, owner, known, practice_real="1", practice_synthetic="1", **changes)
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    feedback = page.locator("#feedback")
    for place in range(1, 3 - len(changes)):
        at(page, place, 2 - len(changes))
        answer(page, "l4" if changes else "r4")
        expect(feedback).to_be_visible()
        for width, height in [*SIZES.values(), (1366, 1024), (1024, 768), (390, 844)]:
            page.set_viewport_size({"width": width, "height": height})
            expect(page.locator("#stimulus")).to_be_visible()
            page.evaluate(
                "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            image, told = page.locator("#stimulus").bounding_box(), feedback.bounding_box()
            beside = told["x"] >= image["x"] + image["width"]
            below = told["y"] >= image["y"] + image["height"]
            assert beside or below, (width, height, image, told)
            assert told["x"] + told["width"] <= width
            assert told["y"] + told["height"] <= height
        page.keyboard.press("Enter")


def test_the_scale_alone_is_answered_by_one_key(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, answering="likert", allow_undo="true")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1)
    assert page.get_by_role("radio").count() == 5
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_have_text("Choose a point of the scale, 1 to 5.")
    seen(page)
    page.keyboard.press("2")
    page.keyboard.press("2")  # once more before anybody can have seen the next one
    at(page, 2)
    page.keyboard.press("z")
    at(page, 1)
    seen(page)
    page.keyboard.press("5")
    at(page, 2)
    for position in range(2, 9):
        at(page, position)
        seen(page)
        page.keyboard.press(str(1 + position % 5))
    finish(page)
    with furnished.parts.database.read() as db:
        given = [rating.likert for rating in db.scalars(select(Rating).order_by(Rating.id))]
    assert given == [2, 5, *(1 + position % 5 for position in range(2, 9))]


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


def test_off_line_practice_waits_for_its_feedback(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, practice_real="1", practice_synthetic="1")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1, 2)
    page.context.set_offline(True)
    answer(page)
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    expect(page.locator("#feedback")).to_be_hidden()
    expect(page.locator("#say")).to_contain_text("no further image is held here")  # and not: you can go on
    page.context.set_offline(False)
    expect(page.locator("#feedback h2")).to_be_visible(timeout=20_000)
    page.keyboard.press("Enter")
    at(page, 2, 2)


def test_a_window_that_is_too_small_is_told_so(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, display_check="true", smallest_width="1500")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Yes, all eleven")
    expect(page.get_by_role("alert")).to_contain_text("which is too small for the study")
    page.set_viewport_size({"width": 1600, "height": 900})
    expect(page.locator("#window-size")).to_have_text("1600 × 900")
    go_to(page, "Yes, all eleven")
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_nothing_is_shown_in_a_window_that_becomes_too_small(page, server, furnished, owner, known, browser):
    session = opened(furnished, owner, known, display_check="true", smallest_width="800", exposure_ms="60000")
    link = server.url + invite(owner, session)
    come_in(page, link)
    go_to(page, "Yes, all eleven")
    go_to(page, "Start")
    at(page, 1)
    page.set_viewport_size({"width": 700, "height": 900})
    notice = page.get_by_role("dialog", name="The window is too small")
    expect(notice).to_contain_text("at least 800 pixels wide; it has 700 × 900 now")
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    answer(page)
    expect(notice).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 900})
    expect(notice).to_be_hidden()
    assert page.locator("#answer input:checked").count() == 0
    answer(page)
    at(page, 2)
    other = browser.new_context(viewport={"width": 600, "height": 900})
    elsewhere = other.new_page()
    elsewhere.goto(link)
    elsewhere.get_by_role("button", name="Continue").click()
    elsewhere.get_by_role("button", name="Go on").click()
    expect(elsewhere.get_by_role("dialog", name="The window is too small")).to_be_visible()
    expect(elsewhere.locator("#stimulus")).to_be_hidden()
    elsewhere.set_viewport_size({"width": 900, "height": 900})
    at(elsewhere, 2)
    other.close()
    with furnished.parts.database.read() as db:
        assert len(db.scalars(select(Rating)).all()) == 1


def test_pairs_stand_side_by_side_and_are_compared_by_keyboard(page, server, furnished, owner, known):
    session = opened(furnished, owner, known, answering="pairs", allow_undo="true")
    come_in(page, server.url + invite(owner, session))
    go_to(page, "Start")
    at(page, 1, 4)
    sound(page)
    sides = page.locator("#stimulus").evaluate("""image => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const drawn = canvas.getContext("2d");
        drawn.drawImage(image, 0, 0);
        const pixels = (x) => [...drawn.getImageData(x, 0, 16, 16).data].filter((_, place) => place % 4 === 0);
        return [image.naturalWidth, pixels(0), pixels(image.naturalWidth - 16)];
    }""")
    state = page.evaluate("fetch('/read/state', {headers: {Accept: 'application/json'}}).then(r => r.json())")
    shown = [
        list(stimulus.decode(page.request.get(f"{server.url}/read/stimuli/{name}").body()).ravel())
        for name in (state["current"], state["beside"][state["current"]])
    ]
    assert sides == [33, *shown]
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_contain_text("Choose left or right")
    answer(page, "l4")
    at(page, 2, 4)
    page.keyboard.press("z")
    at(page, 1, 4)
    answer(page, "r5")
    for position in range(2, 5):
        at(page, position, 4)
        answer(page, "l3")
    expect(page.get_by_role("heading", name="That was the last pair")).to_be_visible()
    finish(page)
    expect(page.get_by_text("all 4 pairs")).to_be_visible()
    with furnished.parts.database.read() as db:
        given = [(one.answer, one.likert) for one in db.scalars(select(Rating).order_by(Rating.id))]
    assert given == [("real", 4), ("synthetic", 5), *[("real", 3)] * 3]


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
