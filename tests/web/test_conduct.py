"""A session in work: paused, closed, opened again, looked at early; the trail has the reasons, and the report says what it has to."""

import pytest

from app.services import audit
from app.tables.audit import AuditEvent
from tests.web.conftest import ADMIN, OTHER, create, ident, invite, opened, text
from tests.web.test_reminders import days_pass
from tests.web.test_special_items import Pupil

WHY = {"reason": "The ethics board asked for an interim look."}


@pytest.fixture
def session(furnished, owner, known):
    return opened(furnished, owner, known)


def details(site, action):
    with site.parts.database.read() as db:
        return [event.details for event in db.query(AuditEvent).filter_by(action=action)]


def test_a_paused_session_takes_no_ratings_and_loses_none(furnished, owner, session):
    reader = Pupil(furnished, invite(owner, session))
    reader.rate()
    assert owner.post(f"{session}/pause", data=WHY).status_code == 303
    assert owner.post(f"{session}/pause", data=WHY).status_code == 303
    page = text(owner.get(session))
    assert ">paused<" in page
    assert f"“{WHY['reason']}”" in page
    body = {"item": reader.state["current"], "answer": "real", "likert": 3, "shown_ms": 5, "key": "k" * 16}
    refused = reader.client.post("/read/ratings", json=body)
    assert refused.status_code == 423
    assert "paused for now" in refused.json()["error"]
    assert owner.post(f"{session}/resume").status_code == 303
    assert reader.client.post("/read/ratings", json=body).status_code == 200
    assert [found["reason"] for found in details(furnished, "session paused")] == [WHY["reason"]]


def test_who_is_paused_may_withdraw_and_more_may_be_invited(furnished, owner, session):
    reader = Pupil(furnished, invite(owner, session))
    owner.post(f"{session}/pause", data=WHY)
    invite(owner, session, "R77")
    assert "Withdraw all my answers" in text(reader.client.get("/read"))
    assert reader.client.post("/read/withdraw").status_code == 303
    assert "withdrew" in owner.get(session).text


@pytest.mark.parametrize("act", ["pause", "reopen", "unblinding/early"])
def test_acts_that_need_a_reason_do_not_go_without(owner, session, act):
    if act == "reopen":
        owner.post(f"{session}/close")
    answer = owner.post(f"{session}/{act}", data={"reason": " short  "})
    assert answer.status_code == 422
    assert "Give the reason" in text(answer)


def test_acts_in_the_wrong_state_are_refused(owner, session):
    owner.post(f"{session}/close")
    for act in ("pause", "resume", "unblinding/early"):
        assert owner.post(f"{session}/{act}", data=WHY).status_code == 409


def test_acts_that_were_done_already_are_done_once(furnished, owner, session):
    for act, action in (
        ("resume", "session resumed"),  # it is open
        ("reopen", audit.REOPENED),
        ("close", "session closed"),
        ("close", "session closed"),
        ("reopen", audit.REOPENED),
        ("reopen", audit.REOPENED),
    ):
        assert owner.post(f"{session}/{act}", data=WHY).status_code == 303, act
        assert len(details(furnished, action)) <= 1


def test_what_is_not_open_is_neither_closed_nor_opened_again(owner, known):
    draft = create(owner, known).headers["location"]
    for act in ("close", "reopen"):
        assert owner.post(f"{draft}/{act}", data=WHY).status_code == 409


def test_a_session_that_is_opened_again_says_so_in_its_report(furnished, owner, session):
    Pupil(furnished, invite(owner, session)).finish()
    owner.post(f"{session}/close")
    assert owner.post(f"{session}/reopen", data={"reason": "A reader was on leave."}).status_code == 303
    Pupil(furnished, invite(owner, session, "R02")).finish()
    assert owner.get(f"{session}/report").status_code == 200
    assert owner.post(f"{session}/unblinding").status_code == 409  # open again: nobody looks
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    page = text(owner.get(f"{session}/report"))
    assert "closed and opened again on" in page
    assert "A reader was on leave." in page
    assert "after the truth had been looked at" not in page


def test_opening_again_after_a_look_is_told_as_that(furnished, owner, session):
    Pupil(furnished, invite(owner, session)).finish()
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    owner.post(f"{session}/reopen", data=WHY)
    assert "Nobody can see a report" in text(owner.get(f"{session}/report"))
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    assert "after the truth had been looked at" in text(owner.get(f"{session}/report"))


def test_an_early_look_is_logged_and_marks_the_report_for_good(furnished, owner, session):
    reader = Pupil(furnished, invite(owner, session))
    reader.rate()
    assert owner.get(f"{session}/export/ratings.csv").status_code == 409
    assert owner.post(f"{session}/unblinding/early", data=WHY).status_code == 303
    furnished.work()
    page = text(owner.get(f"{session}/report"))
    assert "This is an interim report" in page
    assert "while readers could still rate, after 1 answers" in page
    assert owner.get(f"{session}/export/ratings.csv").status_code == 200
    reader.finish()
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    page = text(owner.get(f"{session}/report"))
    assert "interim" not in page.replace(WHY["reason"], "")
    assert WHY["reason"] in page
    (kept,) = details(furnished, audit.EARLY)
    assert kept == {**WHY, "answers": 1, "last": kept["last"]}


def test_an_early_look_shows_one_moment_and_another_needs_a_reason(furnished, owner, session):
    reader = Pupil(furnished, invite(owner, session))
    reader.rate()
    owner.post(f"{session}/unblinding/early", data=WHY)
    furnished.work()
    seen = owner.get(f"{session}/export/ratings.csv").text
    assert "None was stored since" in text(owner.get(f"{session}/report"))
    reader.rate()
    reader.rate()
    page = text(owner.get(f"{session}/report"))
    assert "This is an interim report" in page
    assert "the 1 answer stored on" in page
    assert "Since then 2 more were stored" in page
    assert owner.get(f"{session}/report/figures/flow.svg").status_code == 200
    assert owner.get(f"{session}/export/per_reader.csv").status_code == 200
    assert owner.get(f"{session}/export/ratings.csv").text == seen
    owner.post(f"{session}/unblinding/early", data={"reason": "The second look of the board."})
    furnished.work()
    page = text(owner.get(f"{session}/report"))
    assert "the 3 answers stored on" in page
    assert "The second look of the board." in page
    assert len(owner.get(f"{session}/export/ratings.csv").text.splitlines()) == 1 + 3


def test_who_withdraws_is_not_in_an_early_look_any_more(furnished, owner, session):
    staying, gone = Pupil(furnished, invite(owner, session)), Pupil(furnished, invite(owner, session, "R66"))
    staying.rate()
    gone.rate()
    owner.post(f"{session}/unblinding/early", data=WHY)
    furnished.work()
    assert "R66" in owner.get(f"{session}/report").text
    gone.client.post("/read/withdraw")
    page = owner.get(f"{session}/report").text
    assert "R66" not in page
    assert "Make it (this is logged)" in page
    owner.post(f"{session}/unblinding")
    furnished.work()
    page = owner.get(f"{session}/report").text
    assert "This is an interim report" in page
    assert "R66" not in page


def test_an_early_look_of_one_opens_nothing_to_another(furnished, owner, session):
    owner.post(f"{session}/unblinding/early", data=WHY)
    admin = furnished.browser(ADMIN)
    assert admin.get(f"{session}/export/ratings.csv").status_code == 409
    assert furnished.browser(OTHER).post(f"{session}/unblinding/early", data=WHY).status_code == 404


def test_the_readers_part_follows_them(furnished, owner, known):
    session = opened(furnished, owner, known, n_real="4", n_synthetic="4", catch="2")
    page = owner.get(session).text
    mark = page.split('data-mark="')[1].split('"')[0]
    assert owner.get(f"{session}/readers", params={"mark": mark}).status_code == 204
    link = invite(owner, session)
    changed = owner.get(f"{session}/readers", params={"mark": mark})
    assert changed.status_code == 200
    mark = changed.headers["x-mark"]
    reader = Pupil(furnished, link)
    begun = owner.get(f"{session}/readers", params={"mark": mark})
    assert "0 of 10" in begun.text
    reader.finish()  # all called real, the degraded ones, too
    done = text(owner.get(f"{session}/readers", params={"mark": begun.headers["x-mark"]}))
    assert "finished, 10 of 10" in done
    assert "2 of 2" in done
    assert "0.0 s" in done
    assert ident(session) in done


def test_the_readers_part_tells_of_a_pause_by_somebody_else(furnished, owner, session):
    invite(owner, session)
    page = owner.get(session).text
    mark, state = (page.split(f'data-{name}="')[1].split('"')[0] for name in ("mark", "state"))
    asked = {"mark": mark, "state": state}
    assert owner.get(f"{session}/readers", params=asked).status_code == 204
    furnished.browser(ADMIN).post(f"{session}/pause", data=WHY)
    changed = owner.get(f"{session}/readers", params=asked)
    assert changed.status_code == 200
    assert "Meanwhile the session became paused." in text(changed)
    assert "Meanwhile" not in text(owner.get(session))


def test_days_without_a_sign_of_life_count_from_when_readers_could_rate(furnished, owner, session):
    invite(owner, session)
    mark = owner.get(session).text.split('data-mark="')[1].split('"')[0]
    days_pass(furnished, 4)
    changed = owner.get(f"{session}/readers", params={"mark": mark})
    assert "nothing for 4 days" in text(changed)
    owner.post(f"{session}/pause", data=WHY)
    assert "nothing for" not in text(owner.get(session))  # nothing can come now
    owner.post(f"{session}/resume")
    assert "nothing for" not in text(owner.get(session))
    owner.post(f"{session}/close")
    days_pass(furnished, 5)
    assert "nothing for" not in text(owner.get(session))
    owner.post(f"{session}/reopen", data=WHY)
    assert "nothing for" not in text(owner.get(session))


def test_the_flow_of_readers_is_a_figure_of_the_report(furnished, owner, session):
    invite(owner, session, "R09")
    Pupil(furnished, invite(owner, session)).finish()
    gone = Pupil(furnished, invite(owner, session, "R02"))
    gone.rate()
    gone.client.post("/read/withdraw")
    owner.post(f"{session}/close")
    owner.post(f"{session}/unblinding")
    furnished.work()
    figure = owner.get(f"{session}/report/figures/flow.svg").text
    for said in (
        "3 invited",
        "1 did not open the link",
        "2 began to read",
        "1 withdrew their answers",
        "1 analysed",
    ):
        assert said in figure
