"""The reader's pages in every language: sound for axe in light and dark, within the window at three sizes, and usable by keyboard."""

import itertools
import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from app.protocol import wording
from app.tables.sessions import Item, Rating, Reading
from app.words.catalogues import translate
from app.words.languages import LANGUAGES
from app.words.sentence import N_
from tests.browser.keyboard import field, go_to
from tests.browser.rating import answer, finish_by_keyboard
from tests.web.conftest import BUILT_IN, invite, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SIZES = ((390, 844), (1024, 1366), (1366, 768))
ENLARGED = ((1093, 614), (911, 512), (683, 384), (320, 640), (320, 256))
"""A laptop's window at 125, 150 and 200 %, a narrow one, and one of 1280 × 1024 pixels at 400 %: WCAG 1.4.4 and 1.4.10."""
STUDY = {
    **BUILT_IN,
    "consent": "You agree that your answers are used for research.",
    "question_text": ["Years of experience?"],
    "question_kind": ["number"],
    "question_choices": [""],
    "question_required": ["required"],
    "question_when": ["before"],
    "debrief": "The synthetic images were made by a network.",
    "display_check": "true",
    "practice_real": "1",
    "practice_synthetic": "1",
    "block_size": "4",
    "remarks": "true",
    "cues": "texture, anatomy, border",
    "allow_undo": "true",
}
WIDE = """[...document.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    const cut = e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 && e.matches("button, .face");
    return (box.right > innerWidth + 0.5 || box.left < -0.5 || cut) && e.checkVisibility() && !e.closest(".stage, .visually-hidden");
}).map(e => e.outerHTML)"""
SMALL = """[...document.querySelectorAll("button, summary, a, .option, .choice")].filter(e => {
    const box = e.getBoundingClientRect();
    return e.checkVisibility() && (box.height < 43.9 || box.width < 43.9);
}).map(e => e.outerHTML)"""
COVERED = """[...document.querySelectorAll(".strip button, .strip summary, .panel button, .interlude button")].filter(e => {
    e.scrollIntoView({ block: "nearest" });
    const box = e.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const reached = top && (e.contains(top) || top.contains(e) || (top.closest(".interlude") && !e.closest(".interlude")));
    return e.checkVisibility({ visibilityProperty: true }) && !reached;
}).map(e => e.outerHTML)"""

CRUSHED = """[...document.querySelectorAll(".stage")].filter(e => e.clientHeight < Math.min(120, innerHeight / 2))
    .map(e => `${e.clientHeight} pixels for the image`)"""


@pytest.fixture
def study(furnished, owner, known):
    return opened(furnished, owner, known, **STUDY)


def sound(page, language, schemes):
    """In its language, nothing for axe to find in light or dark, nothing cut off, covered or too small, in whatever window."""
    assert page.evaluate("document.documentElement.lang") == language
    for size in SIZES + ENLARGED:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        for found in (WIDE, SMALL, COVERED, CRUSHED):
            assert page.evaluate(found) == [], size
    page.set_viewport_size({"width": SIZES[-1][0], "height": SIZES[-1][1]})
    for scheme in next(schemes):
        page.emulate_media(color_scheme=scheme)
        assert Axe().run(page).response["violations"] == []


def at(page, position):
    """The image of this position, counted within practice or within the study, is on the screen to be answered."""
    expect(page.locator("#position")).to_have_text(re.compile(rf"^{position}\b"))
    expect(page.locator("#answer input").first).to_be_enabled()


def rate(page, first, last):
    for position in range(first, last + 1):
        at(page, position)
        answer(page)


def test_every_page_is_sound_in_every_language(browser, server, owner, study):
    """Light and dark take turns from page to page and from language to language; the full run has both of all."""
    full = [("light", "dark")] * 2
    for first, language in enumerate(LANGUAGES):
        turns = full if os.environ.get("SOAK_TESTS") else [("light",), ("dark",)][:: 1 if first % 2 else -1]
        walk(browser, server.url + invite(owner, study), language, itertools.cycle(turns))


def walk(browser, link, language, schemes):
    """A reader's whole way, looked at page by page."""
    context = browser.new_context(locale=language, reduced_motion="reduce")
    page = context.new_page()

    def say(sentence):
        return translate(language, sentence)

    def press(sentence):
        page.get_by_role("button", name=say(sentence), exact=True).click()

    page.goto(link)
    sound(page, language, schemes)
    press(N_("Continue"))
    expect(page.get_by_role("heading", level=2)).to_have_text(say(N_("Your consent")))
    page.locator(".menu summary").click()
    sound(page, language, schemes)
    press(N_("I agree"))
    page.locator("#q1").fill("many")
    press(N_("Continue"))
    expect(page.get_by_role("alert")).to_contain_text("Years of experience?")
    sound(page, language, schemes)
    page.locator("#q1").fill("12,5")
    press(N_("Continue"))
    expect(page.get_by_role("heading", level=1)).to_have_text(say(N_("Your display")))
    sound(page, language, schemes)
    press(N_("Yes, all eleven"))
    expect(page.get_by_text(say(wording.INSTRUCTIONS))).to_be_visible()
    sound(page, language, schemes)
    press(N_("Start"))
    for place in (1, 2):
        rate(page, place, place)
        expect(page.locator("#feedback h2")).to_be_visible()
        if place == 2:
            sound(page, language, schemes)
        page.keyboard.press("Enter")
    at(page, 1)
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_have_text(say(N_("Choose real or synthetic, and a point of the scale.")))
    sound(page, language, schemes)
    rate(page, 1, 4)
    expect(page.get_by_role("heading", level=2)).to_have_text(say(N_("Time for a break")))
    sound(page, language, schemes)
    page.keyboard.press("Enter")
    rate(page, 5, 8)
    expect(page.get_by_role("heading", level=2)).to_have_text(say(N_("That was the last image")))
    sound(page, language, schemes)
    press(N_("Finish"))
    page.locator("summary", has_text=say(N_("Withdraw my answers"))).click()
    sound(page, language, schemes)
    press(N_("Withdraw all my answers"))
    expect(page.get_by_text(say(N_("You can close this page.")))).to_be_visible()
    page.goto(page.url.replace("/read", "/r/nobody"))
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page, language, schemes)
    context.close()


def test_a_short_reading_in_german_by_keyboard(browser, server, furnished, owner, study):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    page.goto(server.url + invite(owner, study))
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.lang") == "de":
            break
    page.keyboard.press("Enter")
    go_to(page, "Weiter")
    go_to(page, "Ich stimme zu")
    field(page, re.compile("Years"))
    page.keyboard.type("12,5")
    go_to(page, "Weiter")
    go_to(page, "Ja, alle elf")
    go_to(page, "Beginnen")
    for place in (1, 2):
        expect(page.locator("#position")).to_have_text(f"{place} von 2")
        at(page, place)
        answer(page)
        expect(page.get_by_role("heading", name=re.compile("Richtig|Nicht richtig"))).to_be_visible()
        page.keyboard.press("Enter")
    for position in range(1, 9):
        if position == 5:
            expect(page.get_by_role("heading", name="Zeit für eine Pause")).to_be_visible()
            page.keyboard.press("Enter")
        expect(page.locator("#position")).to_have_text(f"{position} von 8")
        at(page, position)
        if position == 2:
            expect(page.locator("#saved")).to_have_text("Gespeichert")
            mark_by_keyboard(page)
        if position == 3:
            page.keyboard.press("z")
            expect(page.locator("#say")).to_have_text("Sie ändern Ihre letzte Antwort.")
            page.keyboard.press("Escape")
            at(page, 3)
        answer(page, "s2" if position % 2 else "r5")
    finish_by_keyboard(page, "Das war das letzte Bild")
    expect(page.get_by_text("Sie haben alle 8 Bilder beurteilt")).to_be_visible()
    with furnished.parts.database.read() as db:
        kept = db.scalars(select(Reading)).one()
        main = db.scalars(select(Rating).join(Item).where(Item.kind == "main").order_by(Rating.id)).all()
    assert kept.told["language"] == "de"
    assert kept.about[0]["answer"] == 12.5
    assert [(one.answer, one.likert) for one in main] == [("synthetic", 2), ("real", 5)] * 4
    assert main[1].marks[0]["cue"] == "texture"
    context.close()


def mark_by_keyboard(page):
    go_to(page, "Textur")
    expect(page.locator("#marks span")).to_have_text("Textur")


def test_another_language_in_the_middle_is_told_before_it_goes_on(browser, server, furnished, owner, study):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en")
    page = context.new_page()
    page.goto(server.url + invite(owner, study))
    for name in ("Continue", "I agree"):
        go_to(page, name)
    page.locator("#q1").fill("3")
    for name in ("Continue", "Yes, all eleven", "Start"):
        go_to(page, name)
    at(page, 1)
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    single_keys_can_be_switched_off(page)
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_text("L’échelle de réalisme")).to_be_visible()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("group", name="Cette image est-elle réelle ou synthétique")).to_be_visible()
    at(page, 1)
    french_digits(page)
    with furnished.parts.database.read() as db:
        told = db.scalars(select(Reading)).one().told
    assert (told["language"], [later["language"] for later in told["later"]]) == ("en", ["fr"])
    context.close()


def single_keys_can_be_switched_off(page):
    """Whoever presses or says letters by accident answers nothing; buttons, Tab and Enter go on working."""
    assert Axe().run(page).response["violations"] == []
    switch = page.get_by_label("Single keys answer")
    page.locator("#stage").click()
    expect(switch).to_be_hidden()
    page.locator(".menu summary").click()
    switch.focus()
    page.keyboard.press("Escape")
    expect(switch).to_be_hidden()
    page.keyboard.press("Enter")  # the menu has the focus again
    expect(switch).to_be_visible()
    switch.uncheck()
    for key in "s2z":
        page.keyboard.press(key)
    assert page.locator("#answer input:checked").count() == 0
    page.reload()
    at(page, 1)
    page.keyboard.press("r")
    assert page.locator("#answer input:checked").count() == 0
    page.locator(".menu summary").click()
    expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("r")
    expect(page.locator('input[value="real"]')).to_be_checked()


def french_digits(page):
    """A French keyboard answers without Shift, though its digits' keys give & é " ' ( then."""
    for sign, code, point in (("&", "Digit1", "1"), ("(", "Digit5", "5"), ("'", "Digit4", "4")):
        page.evaluate(
            "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }))",
            [sign, code],
        )
        expect(page.locator(f'input[name="likert"][value="{point}"]')).to_be_checked()
