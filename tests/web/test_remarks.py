"""What a reader says besides the answer, or in its stead: the scale alone, remarks, marks; kept, refused, exported."""

import csv
import io

import pytest
from sqlalchemy import select

from app.tables.sessions import Rating
from tests.web.conftest import invite, opened
from tests.web.test_reading_steps import (
    ANSWER,
    DISPLAY,
    QUESTIONS,
    invited,
    seated,
)


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
    assert reader.post("/read/ratings", json=body).status_code == 200
    for other in ({"remark": "Fine."}, {"marks": marks[:1]}, {"marks": []}):
        refused = reader.post("/read/ratings", json={**body, **other})
        assert (refused.status_code, refused.json()["error"]) == (
            409,
            "This key was used for another answer.",
        )
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
