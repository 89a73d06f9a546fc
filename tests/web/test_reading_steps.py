"""What a reader does around the images: consent, questionnaire, display check, instructions, debrief; each once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.protocol import wording
from app.services import steps
from app.tables.sessions import Reading
from tests.web.conftest import invite, opened, text

CONSENT = "You agree that your answers are used for research."
QUESTIONS = {
    "question_text": ["Years of experience?", "Speciality?", "Did you recognise anything?"],
    "question_kind": ["number", "choice", "text"],
    "question_choices": ["", "radiology, other", ""],
    "question_required": ["required", "", ""],
    "question_when": ["before", "before", "after"],
}
HIDDEN = {
    "purpose_hidden": "true",
    "answering": "likert",
    "instructions": "Look at each image and rate its quality.",
    "question": "How good is this image?",
    "likert_labels": ["poor", "fair", "medium", "good", "very good"],
    "debrief": "Some of the images were made by a computer.",
}
DISPLAY = {"window_width": "1366", "window_height": "768", "pixel_ratio": "1.5", "seen": "all"}
ANSWER = {"answer": "real", "likert": 4, "shown_ms": 900}


def seated(site, link):
    reader = site.browser()
    assert reader.post(link).status_code == 303
    return reader


def invited(site, owner, known, **changes):
    return seated(site, invite(owner, opened(site, owner, known, **changes)))


def agree(reader, says="yes"):
    return reader.post("/read/consent", data={"version": steps.version(CONSENT), "agrees": says})


def rate_all(reader, **changes):
    state = reader.get("/read/state").json()
    while state["current"]:
        body = {"item": state["current"], "key": f"key-{state['current']}", **ANSWER, **changes}
        answered = reader.post("/read/ratings", json=body)
        assert answered.status_code == 200, answered.text
        state = answered.json()
    return state


def reading(site):
    with site.parts.database.read() as db:
        return db.scalars(select(Reading)).one()


def test_the_steps_come_in_their_order_and_each_once(furnished, owner, known):
    reader = invited(
        furnished, owner, known, consent=CONSENT, display_check="true", debrief="All was real.", **QUESTIONS
    )
    assert CONSENT in text(reader.get("/read"))
    assert reader.get("/read/rate").headers["location"] == "/read"
    assert reader.post("/read/start").status_code == 409
    assert agree(reader).status_code == 303
    page = text(reader.get("/read"))
    assert "Years of experience?" in page
    assert "recognise" not in page
    assert reader.post("/read/questionnaire", data={"q1": "12", "q2": "radiology"}).status_code == 303
    assert "eleven steps" in text(reader.get("/read"))
    assert reader.post("/read/display", data=DISPLAY).status_code == 303
    assert "Look at each image" in text(reader.get("/read"))
    assert reader.post("/read/start").status_code == 303
    assert reader.get("/read/rate").status_code == 200
    assert rate_all(reader)["finished"]
    last = text(reader.get("/read"))
    assert "recognise" in last
    assert "All was real." in last
    assert reader.post("/read/questionnaire", data={"after": "true", "q3": "No"}).status_code == 303
    assert "Withdraw" in text(reader.get("/read"))
    kept = reading(furnished)
    assert (kept.consent["text"], kept.consent["version"]) == (CONSENT, steps.version(CONSENT))
    assert kept.about == [
        {"question": "Years of experience?", "answer": 12.0},
        {"question": "Speciality?", "answer": "radiology"},
    ]
    assert kept.afterwards == [{"question": "Did you recognise anything?", "answer": "No"}]
    assert (kept.display["window_width"], kept.display["pixel_ratio"]) == (1366.0, 1.5)


def test_a_step_that_is_sent_again_changes_nothing(furnished, owner, known):
    reader = invited(furnished, owner, known, consent=CONSENT, **QUESTIONS)
    agree(reader)
    first = reading(furnished).consent
    assert agree(reader).status_code == 303
    assert agree(reader, "no").status_code == 303
    reader.post("/read/questionnaire", data={"q1": "12"})
    assert reader.post("/read/questionnaire", data={"q1": "99"}).status_code == 303
    kept = reading(furnished)
    assert (kept.consent, kept.declined_at) == (first, None)
    assert kept.about[0]["answer"] == 12.0


def test_a_step_cannot_be_done_before_its_turn(furnished, owner, known):
    reader = invited(furnished, owner, known, consent=CONSENT, display_check="true", **QUESTIONS)
    for path, form in (
        ("/read/questionnaire", {"q1": "1"}),
        ("/read/questionnaire", {"after": "true"}),
        ("/read/display", DISPLAY),
        ("/read/start", {}),
    ):
        refused = reader.post(path, data=form)
        assert refused.status_code == 409, path
    kept = reading(furnished)
    assert (kept.about, kept.afterwards, kept.display, kept.started_at) == (None, None, None, None)
    assert reader.get("/read/state").status_code == 409


def test_who_declines_takes_no_part_and_may_agree_later(furnished, owner, known):
    address = opened(furnished, owner, known, consent=CONSENT)
    reader = seated(furnished, invite(owner, address))
    agree(reader, "no")
    assert "You did not agree" in text(reader.get("/read"))
    assert "did not consent" in text(owner.get(address))
    assert reader.post("/read/start").status_code == 409
    agree(reader)
    assert ">consented<" in owner.get(address).text
    assert "Look at each image" in text(reader.get("/read"))
    assert reading(furnished).declined_at is None


def test_consent_to_another_text_is_refused(furnished, owner, known):
    reader = invited(furnished, owner, known, consent=CONSENT)
    refused = reader.post("/read/consent", data={"version": steps.version("another"), "agrees": "yes"})
    assert refused.status_code == 409
    assert reading(furnished).consent is None


def test_an_answer_that_is_missing_keeps_what_was_typed(furnished, owner, known):
    reader = invited(furnished, owner, known, **QUESTIONS)
    refused = reader.post("/read/questionnaire", data={"q1": "many", "q2": "other"})
    assert refused.status_code == 422
    assert "Please give a number" in text(refused)
    assert 'value="many"' in refused.text
    assert "checked" in refused.text
    assert reading(furnished).about is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seen": "some"}, "raise the brightness"),
        ({"window_width": "800"}, "has 800 × 768 pixels, which is too small"),
        ({"window_height": "300"}, "which is too small"),
        ({"window_width": ""}, "which is too small"),
        ({"pixel_ratio": "nan"}, "cannot be used"),
        ({"pixel_ratio": "two"}, "cannot be used"),
    ],
)
def test_a_display_that_will_not_do_gets_a_sentence(furnished, owner, known, changes, sentence):
    reader = invited(
        furnished, owner, known, display_check="true", smallest_width="1000", smallest_height="700"
    )
    refused = reader.post("/read/display", data={**DISPLAY, **changes})
    assert refused.status_code == 422
    assert sentence in text(refused)
    assert "at least 1000 × 700 pixels" in text(refused)
    assert reading(furnished).display is None
    assert reader.post("/read/display", data=DISPLAY).status_code == 303


def test_after_a_day_the_instructions_come_again(furnished, owner, known, monkeypatch):
    link = invite(owner, opened(furnished, owner, known))
    reader = seated(furnished, link)
    reader.post("/read/start")
    state = reader.get("/read/state").json()
    reader.post("/read/ratings", json={"item": state["current"], "key": "k" * 16, **ANSWER})
    assert reader.get("/read/rate").status_code == 200
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    elsewhere = seated(furnished, link)
    assert elsewhere.get("/read/rate").headers["location"] == "/read"
    again = text(elsewhere.get("/read"))
    assert "Look at each image" in again
    assert "You have rated 1 of 8 images" in again
    assert elsewhere.post("/read/start").status_code == 303
    assert elsewhere.get("/read/rate").status_code == 200
    assert elsewhere.get("/read/state").json()["current"] == state["ahead"][0]


def test_a_page_of_one_reader_never_acts_for_another(furnished, owner, known):
    address = opened(furnished, owner, known, consent=CONSENT, **QUESTIONS)
    links = [invite(owner, address, code) for code in ("R01", "R02")]
    shared = seated(furnished, links[0])
    tag = re.search('name="reading" value="([^"]+)"', shared.get("/read").text).group(1)
    assert shared.post(links[1]).status_code == 303
    agreed = {"version": steps.version(CONSENT), "agrees": "yes", "reading": tag}
    for path, form in (
        ("/read/consent", agreed),
        ("/read/questionnaire", {"q1": "1", "reading": tag}),
        ("/read/display", {**DISPLAY, "reading": tag}),
        ("/read/start", {"reading": tag}),
        ("/read/withdraw", {"reading": tag}),
    ):
        refused = shared.post(path, data=form)
        assert refused.status_code == 403, path
        assert "Another personal link was opened" in text(refused)
    with furnished.parts.database.read() as db:
        for kept in db.scalars(select(Reading)):
            assert (kept.consent, kept.about, kept.withdrawn_at) == (None, None, None)


def test_the_scale_alone_and_an_exposure_limit_are_told_as_they_are(furnished, owner, known):
    form = {"answering": "likert", "instructions": wording.INSTRUCTIONS, "exposure_ms": "500"}
    reader = invited(furnished, owner, known, **form)
    page = text(reader.get("/read"))
    assert "real or synthetic, and" not in page
    assert "how real it looks to you" in page
    assert "for a short time only" in page


def test_a_refused_questionnaire_keeps_what_was_chosen(furnished, owner, known):
    asked = {**QUESTIONS, "question_required": ["required", "required", ""]}
    reader = invited(furnished, owner, known, **asked)
    refused = reader.post("/read/questionnaire", data={"q1": "many", "q2": "radiology"})
    assert refused.status_code == 422
    choices = re.findall(r"<input type=.radio.[^>]*>", refused.text)
    assert [re.findall(r"(?<=\s)(checked|required)(?=[\s>])", one) for one in choices] == [
        ["checked", "required"],
        ["required"],
    ]
