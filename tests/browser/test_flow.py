"""A whole study by keyboard: consent, questionnaire, display, practice, breaks, images, debrief; the scale alone, and pairs."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.imaging import stimulus
from app.tables.sessions import Item, Rating, Reading
from tests.browser.keyboard import come_in, field, go_to, sound
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
