"""A hidden purpose is named nowhere before the debrief."""

from sqlalchemy import select

from app.tables.sessions import Rating
from tests.web.conftest import create, invite, opened, text
from tests.web.test_reading_steps import CONSENT, HIDDEN, agree, rate_all, reading


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
