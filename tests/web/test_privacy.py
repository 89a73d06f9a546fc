"""Erasing a reader on request, in its two kinds: what goes, what stays, and that no byte of it is left in any file."""

import os
import re
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from app import audit_head
from app.errors import InvalidError
from app.services import verification
from app.services.looks import given
from app.tables.audit import AuditEvent
from app.tables.sessions import Item, Rating, Reading, VttSession
from tests.web.api.conftest import program
from tests.web.conftest import ADMIN, COLLEAGUE, ident, invite, opened, read_all
from tests.web.conftest import text as words
from tests.web.erasing import (
    CODE,
    EMAIL,
    NAME,
    REASON,
    SAID,
    TOLD,
    close_and_report,
    erase,
    left,
    link_of,
    rate_all,
    read_whole,
    reading_id,
    rows,
    study,
    trail_is_whole,
)
from tests.web.test_invitations import invite_list
from tests.web.test_reading_steps import QUESTIONS

__all__ = ["study"]


def test_it_works(furnished, owner, study):
    address, reader, _ = study
    folder = furnished.settings.data_dir
    close_and_report(furnished, owner, address)
    assert CODE in owner.get(f"{address}/report").text
    assert len(left(folder)) > 3  # in the database, its log, a report's files
    page = erase(owner, address, "identity")
    assert page.status_code == 200
    code = re.search(r"erased-[0-9a-f]{8}", page.text)[0]
    assert left(folder) == []
    assert reader.get("/read").status_code == 401
    assert trail_is_whole(furnished)
    kept = [row for row in rows(owner, address) if row["reader"] == code]
    assert len(kept) == 8
    assert {row["likert"] for row in kept} == {"4"}
    assert not any(SAID in str(row) for row in kept)
    about = {
        (row["reader"], row["question"]): row["answer"] for row in rows(owner, address, "questionnaire.csv")
    }
    assert about[code, "Speciality?"] == "radiology"
    assert about[code, "Did you recognise anything?"] == ""
    assert about["R02", "Did you recognise anything?"] == "Other text"


def test_ratings_go_too_and_their_count_stays(furnished, owner, study):
    address, _, _ = study
    close_and_report(furnished, owner, address)
    page = erase(owner, address, "ratings")
    assert "8 ratings are erased" in words(page)
    assert left(furnished.settings.data_dir) == []
    assert {row["reader"] for row in rows(owner, address)} == {"R02"}
    with furnished.parts.database.read() as db:
        gone = db.scalar(select(Reading).where(Reading.erased_at.is_not(None)))
        assert (gone.erased_ratings, gone.answered, gone.about, gone.afterwards) == (8, 8, None, None)
        assert db.scalar(select(func.count()).where(Rating.reading_id == gone.id)) == 0
        assert given(db, db.get_one(VttSession, ident(address)))[0] == 8
    assert trail_is_whole(furnished)
    owner.post(f"{address}/unblinding")
    furnished.work()
    report = words(owner.get(f"{address}/report"))
    assert "1 withdrew" in report


def test_identity_first_and_ratings_later(furnished, owner, study):
    address, _, _ = study
    page = erase(owner, address, "identity")
    code = re.search(r"erased-[0-9a-f]{8}", page.text)[0]
    form = f"{address}/readers/{reading_id(owner, address, code)}/erase"
    assert "8 ratings are kept under the code" in words(owner.get(form))
    assert "8 ratings are erased" in words(owner.post(form, data={"kind": "ratings", "reason": REASON}))
    again = owner.post(form, data={"kind": "ratings", "reason": REASON})
    assert code in again.text
    assert "There is nothing more to erase" in owner.get(form).text
    with furnished.parts.database.read() as db:
        events = db.scalars(select(AuditEvent).where(AuditEvent.action.contains("erased"))).all()
        assert [event.details["ratings"] for event in events] == [None, 8, 8]
        assert {event.details["reason"] for event in events} == {REASON}


@pytest.mark.parametrize(("kind", "reason"), [("", REASON), ("all", REASON), ("identity", "short")])
def test_a_form_that_is_not_complete_erases_nothing(furnished, owner, study, kind, reason):
    address, reader, _ = study
    answer = erase(owner, address, kind, reason)
    assert answer.status_code == 422
    assert reason in words(answer)
    assert CODE in owner.get(address).text
    assert reader.get("/read").status_code != 401


def test_others_read_on_while_somebody_is_erased(furnished, owner, known):
    address = opened(furnished, owner, known, remarks="true", **QUESTIONS)
    link = link_of(invite_list(owner, address, f"{CODE},{EMAIL},{NAME}"))
    read_whole(furnished, link)
    other = furnished.browser()
    other.post(invite(owner, address, "R02"))
    other.post("/read/questionnaire", data={"q1": "1", "q2": "other"})
    other.post("/read/start")
    erase(owner, address, "ratings")
    assert rate_all(other, "Other words") == 8
    assert left(furnished.settings.data_dir) == []


def test_an_erased_reader_who_was_reading_is_out(furnished, owner, known):
    address = opened(furnished, owner, known, remarks="true")
    link = link_of(invite_list(owner, address, f"{CODE},{EMAIL},{NAME}"))
    reader = furnished.browser()
    reader.post(link)
    reader.post("/read/start")
    current = reader.get("/read/state").json()["current"]
    erase(owner, address, "ratings")
    body = {"item": current, "answer": "real", "likert": 3, "key": "k" * 16, "shown_ms": 1.0}
    assert reader.post("/read/ratings", json=body).status_code == 401
    assert reader.post(link).status_code == 404


def test_who_may_erase(furnished, owner, study):
    address, _, _ = study
    owner.post(f"{address}/colleagues", data={"email": COLLEAGUE})
    colleague = furnished.browser(COLLEAGUE)
    assert "Erase…" not in colleague.get(address).text
    form = f"{address}/readers/{reading_id(owner, address)}/erase"
    assert colleague.get(form).status_code == 403
    assert colleague.post(form, data={"kind": "ratings", "reason": REASON}).status_code == 403
    assert furnished.browser(ADMIN).get(form).status_code == 200


def test_the_command_does_the_same(furnished, owner, study):
    address, _, _ = study
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(furnished.settings.data_dir)}

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "erase", ident(address), *arguments, "--reason", REASON],
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )

    done = command(CODE, "--ratings")
    assert done.returncode == 0, done.stderr
    assert f"{CODE} and 8 ratings erased; the reading stands as erased-" in done.stdout
    assert left(furnished.settings.data_dir) == []
    again = command(CODE, "--identity")
    assert (again.returncode, again.stderr.strip()) == (2, f"There is no reader “{CODE}” in this session.")


def test_the_same_code_in_another_study_stays(furnished, owner, known, study):
    address, _, _ = study
    elsewhere = opened(furnished, owner, known, title="Elsewhere")
    read_all(furnished, invite(owner, elsewhere, CODE), lambda *_: ("real", 2))
    erase(owner, address, "ratings")
    assert f"<td>{CODE}</td>" in owner.get(elsewhere).text
    owner.post(f"{elsewhere}/close")
    owner.post(f"{elsewhere}/unblinding")
    assert {row["reader"] for row in rows(owner, elsewhere)} == {CODE}


def test_a_program_does_the_same_once(furnished, owner, study):
    address, _, _ = study
    me, path = program(furnished), f"{address}/readers/{reading_id(owner, address)}/erase"
    assert me.get(path)["ratings"] == 8
    for _ in range(2):
        told = me.post(path, {"kind": "ratings", "reason": REASON}, key="a key of my own 1".replace(" ", "-"))
        assert told["ratings"] == 8
    assert me.get(path)["withdrawn"]
    assert left(furnished.settings.data_dir) == []
    assert me.post(path, {"kind": "ratings", "reason": REASON})["ratings"] == 0


def test_a_reader_is_told_all_that_is_kept_and_no_truth(furnished, owner, study):
    address, _, _ = study
    form = f"{address}/readers/{reading_id(owner, address)}/erase"
    answer = owner.post(f"{form}/person.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="person.json"'
    told = answer.json()
    assert (told["code"], told["contact"]["email"], told["contact"]["name"]) == (CODE, EMAIL, NAME)
    assert told["questionnaire"]["after"] == [{"question": "Did you recognise anything?", "answer": TOLD}]
    assert [one["position"] for one in told["ratings"]] == list(range(1, 9))
    assert {one["remark"] for one in told["ratings"]} == {f"{SAID} {n}" for n in range(8)}
    assert told["moments"]["finished_at"]
    with furnished.parts.database.read() as db:
        last = db.scalars(select(AuditEvent).order_by(AuditEvent.number.desc())).first()
        assert last.action == "reader's data given out"
        session = db.get_one(VttSession, ident(address))
        secrets = [session.order_secret, *db.scalars(select(Item.id)), *db.scalars(select(Item.image_id))]
    assert not [secret for secret in secrets if secret in answer.text]
    erase(owner, address, "ratings")
    gone = program(furnished).post(f"{form}/person")
    assert (gone["contact"], gone["ratings"], gone["ratings_erased"]) == (None, [], 8)


def test_a_code_that_looks_like_an_erased_one_goes_too(furnished, owner, known):
    address = opened(furnished, owner, known)
    invite(owner, address, "erased-Kolibri7")
    page = erase(owner, address, "identity", code="erased-Kolibri7")
    assert re.search(r"erased-[0-9a-f]{8} now", words(page))
    assert left(furnished.settings.data_dir) == []


def test_an_erased_reader_gets_no_new_link(furnished, owner, study):
    address, _, _ = study
    reading = reading_id(owner, address)
    erase(owner, address, "identity")
    answer = owner.post(f"{address}/readers/{reading}/renew")
    assert answer.status_code == 409
    assert "This reader is erased" in words(answer)
    assert f"/readers/{reading}/renew" not in owner.get(address).text


def test_what_a_program_was_told_before_is_not_told_again(furnished, owner, study):
    address, _, _ = study
    path = f"/sessions/{address.rpartition('/')[2]}/readers/{reading_id(owner, address)}/erase/person"
    me, key = program(furnished), "key-of-sixteen-or-more"
    assert EMAIL in me.ask("POST", path, key=key).text
    erase(owner, address, "identity")
    again = me.ask("POST", path, key=key)
    assert again.status_code == 409
    assert EMAIL not in again.text
    assert EMAIL not in me.ask("POST", path, key="another-key-as-long").text


def test_a_trail_that_was_taken_away_whole_is_missed(furnished, owner, study):
    folder, key = furnished.settings.data_dir, furnished.settings.secret_key
    assert trail_is_whole(furnished)
    with sqlite3.connect(folder / "blindread.db") as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'audit_events_append%'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM audit_events")
    db.close()
    (folder / "audit.head").unlink()
    for _ in range(2):  # also once another act has begun a new trail
        with (
            pytest.raises(InvalidError, match="audit trail was taken away"),
            furnished.parts.database.read() as db,
        ):
            verification.audit_trail(db, key, audit_head.read(folder, key))
        invite_list(owner, study[0], "R77")
        owner.post(f"{study[0]}/close")


def test_a_simulated_reader_stays_one(furnished, owner, known):
    address = opened(furnished, owner, known)
    read_all(furnished, invite(owner, address, "simulated-7"), lambda *_: ("real", 4))
    erase(owner, address, "identity", code="simulated-7")
    assert re.search(r"simulated-erased-[0-9a-f]{8}", owner.get(address).text)
