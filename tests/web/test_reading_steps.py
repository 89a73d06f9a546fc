"""What a reader does around the images: consent, questionnaire, display check, instructions, debrief, withdrawal; each once."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.protocol import wording
from app.services import steps, unblinding
from app.tables.sessions import Rating, Reading
from tests.web.conftest import create, ident, invite, opened, text

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
        ({"window_width": "800"}, "has 800 × 768 pixels; the study needs 1000 × 700"),
        ({"window_height": "300"}, "needs 1000 × 700"),
        ({"window_width": ""}, "needs 1000 × 700"),
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


def test_a_withdrawn_reading_is_kept_and_not_analysed(furnished, owner, known):
    address = opened(furnished, owner, known)
    staying, leaving = (seated(furnished, invite(owner, address)) for _ in range(2))
    for reader in (staying, leaving):
        reader.post("/read/start")
        rate_all(reader)
    for _ in range(2):
        assert leaving.post("/read/withdraw").status_code == 303
    assert "have been withdrawn" in text(leaving.get("/read"))
    assert "withdrew" in text(owner.get(address))
    with furnished.parts.database.read() as db:
        assert len(list(db.scalars(select(Rating)))) == 16
        counted = unblinding.ratings(db, ident(address))
        assert {rating.reader for rating in counted} == {"R01"}
        assert unblinding.withdrawn(db, ident(address)) == 1


def test_who_has_withdrawn_can_rate_no_more(furnished, owner, known):
    reader = invited(furnished, owner, known, allow_undo="true")
    reader.post("/read/start")
    state = reader.get("/read/state").json()
    reader.post("/read/withdraw")
    refused = reader.post("/read/ratings", json={"item": state["current"], "key": "k" * 16, **ANSWER})
    assert refused.status_code == 423
    assert "withdrawn" in refused.json()["error"]
    assert reader.get(f"/read/stimuli/{state['current']}").status_code == 404


def test_after_the_study_nothing_is_withdrawn_unasked(furnished, owner, known):
    address = opened(furnished, owner, known)
    reader = seated(furnished, invite(owner, address))
    owner.post(f"{address}/close")
    refused = reader.post("/read/withdraw")
    assert refused.status_code == 409
    assert "ask the person who invited you" in text(refused)
    assert reading(furnished).withdrawn_at is None


def test_a_hidden_purpose_is_named_nowhere_before_the_debrief(furnished, owner, known):
    link = invite(
        owner, opened(furnished, owner, known, consent=CONSENT, cues="blur, noise", remarks="true", **HIDDEN)
    )
    reader = furnished.browser()
    pages = [reader.get(link).text]
    reader.post(link)
    pages.append(reader.get("/read").text)
    agree(reader)
    pages.append(reader.get("/read").text)
    reader.post("/read/start")
    pages += [reader.get("/read/rate").text, reader.get("/read/state").text]
    for page in pages:
        found = [
            word for word in ("synthetic", ">real", "realness", "is real", "gave") if word in page.lower()
        ]
        assert not found, page
    assert "scale.js" in pages[3]
    rate_all(reader, answer="", likert=2)
    assert "made by a computer" in text(reader.get("/read"))
    with furnished.parts.database.read() as db:
        assert {rating.answer for rating in db.scalars(select(Rating))} == {"synthetic"}
        assert "any proportion" not in str(reading(furnished).told)


def test_a_title_that_names_a_hidden_purpose_is_refused(owner, known):
    refused = create(owner, known, public_title="Real or not", **HIDDEN)
    assert refused.status_code == 422
    assert "“Real” in the title for readers" in text(refused)


def test_the_scale_alone_takes_no_other_answer(furnished, owner, known):
    reader = invited(furnished, owner, known, answering="likert", real_from="4")
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    body = {"item": item, "key": "k" * 16, "likert": 4, "shown_ms": 1}
    refused = reader.post("/read/ratings", json={**body, "answer": "synthetic"})
    assert refused.status_code == 422
    assert reader.post("/read/ratings", json=body).status_code == 200
    with furnished.parts.database.read() as db:
        assert db.scalars(select(Rating.answer)).one() == "real"


def test_remarks_and_marks_are_kept(furnished, owner, known):
    reader = invited(furnished, owner, known, remarks="true", cues="texture, border")
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    marks = [
        {"cue": "texture", "x": 0.25, "y": 0.5, "width": 0.5, "height": 0.1},
        {"cue": "border", "x": 1, "y": 0},
    ]
    body = {"item": item, "key": "k" * 16, **ANSWER, "remark": "Odd sulci.", "marks": marks}
    assert reader.post("/read/ratings", json=body).status_code == 200
    with furnished.parts.database.read() as db:
        kept = db.scalars(select(Rating)).one()
    assert kept.remark == "Odd sulci."
    assert kept.marks[0] == marks[0]
    assert kept.marks[1] == {"cue": "border", "x": 1.0, "y": 0.0, "width": 0.0, "height": 0.0}


@pytest.mark.parametrize(
    "extras",
    [
        {"marks": [{"cue": "colour", "x": 0.5, "y": 0.5}]},
        {"marks": [{"cue": "texture", "x": 1.5, "y": 0.5}]},
        {"marks": [{"cue": "texture", "x": 0.5, "y": 0.5, "width": 0.6}]},
        {"marks": [{"cue": "texture", "x": 0.5, "y": 0.5, "width": -0.1}]},
        {"marks": [{"cue": "texture", "x": 0.5, "y": 0.5}] * 21},
        {"remark": "x" * 1001},
        {"viewport": {"zoom": 1.0, "cookies": 2.0}},
        {"first_action_ms": -1},
    ],
)
def test_what_cannot_be_kept_is_refused(furnished, owner, known, extras):
    reader = invited(furnished, owner, known, remarks="true", cues="texture")
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    refused = reader.post("/read/ratings", json={"item": item, "key": "k" * 16, **ANSWER, **extras})
    assert refused.status_code == 422
    with furnished.parts.database.read() as db:
        assert list(db.scalars(select(Rating))) == []


def test_what_a_study_does_not_ask_for_is_refused(furnished, owner, known):
    reader = invited(furnished, owner, known)
    reader.post("/read/start")
    item = reader.get("/read/state").json()["current"]
    for extras in ({"remark": "Odd."}, {"marks": [{"cue": "texture", "x": 0, "y": 0}]}):
        refused = reader.post("/read/ratings", json={"item": item, "key": "k" * 16, **ANSWER, **extras})
        assert refused.status_code == 422


def test_what_readers_said_besides_is_exported(furnished, owner, known):
    address = opened(
        furnished, owner, known, remarks="true", cues="texture", display_check="true", **QUESTIONS
    )
    staying, leaving = (seated(furnished, invite(owner, address)) for _ in range(2))
    for reader in (staying, leaving):
        reader.post("/read/questionnaire", data={"q1": "3"})
        reader.post("/read/display", data=DISPLAY)
        reader.post("/read/start")
        first = reader.get("/read/state").json()["current"]
        body = {"item": first, "key": "first-key", **ANSWER, "remark": "=1+1, odd", "first_action_ms": 250.5}
        body["viewport"] = {"zoom": 2.0, "changes": 3}
        marks = [{"cue": "texture", "x": 0.5, "y": 0.25}]
        assert reader.post("/read/ratings", json={**body, "marks": marks}).status_code == 200
    leaving.post("/read/withdraw")
    owner.post(f"{address}/close")
    owner.post(f"{address}/report")
    furnished.work()

    def exported(name):
        return list(csv.DictReader(io.StringIO(owner.get(f"{address}/export/{name}").text)))

    (rating,) = exported("ratings.csv")
    place = {name: rating[name] for name in ("reader", "image", "kind", "position")}
    assert exported("remarks.csv") == [{**place, "remark": "'=1+1, odd"}]
    assert exported("marks.csv") == [
        {**place, "cue": "texture", "x": "0.5", "y": "0.25", "width": "0.0", "height": "0.0"}
    ]
    (view,) = exported("views.csv")
    assert (view["image"], view["first_action_ms"]) == (rating["image"], "250.5")
    assert (view["zoom"], view["changes"], view["exposed_ms"]) == ("2.0", "3.0", "")
    told = {(row["page"], row["question"]): row["answer"] for row in exported("questionnaire.csv")}
    assert {row["reader"] for row in exported("questionnaire.csv")} == {"R01"}
    assert told["before", "Years of experience?"] == "3.0"
    assert told["before", "Speciality?"] == ""
    assert told["display", "window_width"] == "1366.0"
    assert {"remark", "cue", "x", "question"} <= {row["column"] for row in exported("codebook.csv")}


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


def test_readers_can_withdraw_from_their_start_on(furnished, owner, known):
    address = opened(furnished, owner, known)
    reader = seated(furnished, invite(owner, address))
    assert "/read/withdraw" not in reader.get("/read").text
    reader.post("/read/start")
    page = reader.get("/read").text
    assert "/read/withdraw" in page
    assert 'name="reading"' in page
    owner.post(f"{address}/close")
    assert "/read/withdraw" not in reader.get("/read").text


def test_the_scale_alone_and_an_exposure_limit_are_told_as_they_are(furnished, owner, known):
    form = {"answering": "likert", "instructions": wording.INSTRUCTIONS, "exposure_ms": "500"}
    reader = invited(furnished, owner, known, **form)
    page = text(reader.get("/read"))
    assert "real or synthetic, and" not in page
    assert "how real it looks to you" in page
    assert "for a short time only" in page
