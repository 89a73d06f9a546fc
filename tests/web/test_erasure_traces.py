"""What an erasure cannot empty at once: it is told, owed, and cleared by the worker, also after a kill."""

import re
import sqlite3

from sqlalchemy import text

from app import owed, worker
from app.services import analysis, privacy
from tests.web.api.conftest import program
from tests.web.erasing import erase, left, reading_id, study

__all__ = ["study"]


def test_a_log_that_somebody_reads_from_is_told_and_emptied_the_next_time(
    furnished, owner, study, monkeypatch
):
    address, _, _ = study
    monkeypatch.setattr(furnished.app.app.state.context.database, "_patience", 0.1)
    with furnished.parts.database.read() as db:
        db.execute(text("SELECT count(*) FROM ratings")).all()
        code_page = erase(owner, address, "identity")
        assert "could not be emptied" in code_page.text
    code = re.search(r"erased-[0-9a-f]{8}", code_page.text)[0]
    assert "could not be emptied" not in erase(owner, address, "identity", code=code).text
    assert left(furnished.settings.data_dir) == []


def test_what_a_long_reading_kept_in_the_log_is_emptied_by_the_worker(furnished, owner, study):
    address, _, _ = study
    other = sqlite3.connect(furnished.settings.data_dir / "blindread.db")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM readers").fetchone()
    page = erase(owner, address, "identity")
    assert page.status_code == 200
    assert left(furnished.settings.data_dir)
    assert furnished.parts.database.owes_scrub
    other.close()
    worker.retain(furnished.parts)
    assert left(furnished.settings.data_dir) == []
    assert not furnished.parts.database.owes_scrub


def test_what_a_killed_process_left_of_an_erasure_is_cleared_by_the_worker(
    furnished, owner, study, monkeypatch
):
    address, _, _ = study
    session_id = address.rpartition("/")[2]
    stale = furnished.settings.data_dir / "artifacts" / "reports" / session_id / "0" / "per_reader.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("Anna Muster")

    monkeypatch.setattr(privacy, "clear_traces", lambda *_given: True)  # as if it had not come to that
    erase(owner, address, "identity")
    assert furnished.parts.database.owes_scrub
    worker.retain(furnished.parts)
    assert left(furnished.settings.data_dir) == []
    assert not stale.exists()
    assert not furnished.parts.database.owes_scrub


def test_a_program_is_told_what_an_erasure_left_in_the_log(furnished, owner, study):
    address, _, _ = study
    path = f"/sessions/{address.rpartition('/')[2]}/readers/{reading_id(owner, address)}/erase"
    me, key = program(furnished), "key-of-sixteen-or-more"
    other = sqlite3.connect(furnished.settings.data_dir / "blindread.db")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM readers").fetchone()
    ask = {"kind": "identity", "reason": "Asked for."}
    erased = me.post(path, ask, key=key)
    assert erased["traces_left"]
    assert me.get(path)["traces_left"]
    other.close()
    worker.retain(furnished.parts)
    assert me.post(path, ask, key=key) == erased | {"traces_left": False}
    assert not me.get(path)["traces_left"]


def test_a_report_that_is_made_while_a_reader_is_erased_tells_no_old_code(
    furnished, owner, study, monkeypatch
):
    address, _, _ = study
    owner.post(f"{address}/close")
    owner.post(f"{address}/unblinding")
    usual, erased = analysis.keep, []

    def keep(artifacts, made):  # the erasure comes between reading the answers and writing the report
        if not erased:
            erased.append(erase(owner, address, "identity"))
        usual(artifacts, made)

    monkeypatch.setattr(analysis, "keep", keep)
    furnished.work()
    assert len(erased) == 1
    assert left(furnished.settings.data_dir) == []
    assert "erased-" in owner.get(f"{address}/report").text


def test_only_reports_of_sessions_with_an_erasure_that_is_owed_go(furnished, owner, study, monkeypatch):
    address, _, _ = study
    mine, other = address.rpartition("/")[2], "0" * 32
    folder = furnished.settings.data_dir / "artifacts" / "reports"
    erase(owner, address, "identity")
    for session_id in (mine, other):
        (folder / session_id).mkdir(parents=True, exist_ok=True)
        (folder / session_id / "per_reader.csv").write_text("made after the erasure")
    mark = furnished.settings.data_dir / "scrub.owed"
    owed.add(mark)  # as retention does
    worker.retain(furnished.parts)
    assert not mark.exists()
    assert (folder / mine / "per_reader.csv").exists()
    owed.add(mark, [other])
    worker.retain(furnished.parts)
    assert (folder / mine / "per_reader.csv").exists()
    assert not (folder / other).exists()


def test_what_is_owed_meanwhile_stays_owed(tmp_path):
    mark = tmp_path / "scrub.owed"
    owed.add(mark, ["a"])
    before = owed.read(mark)
    owed.add(mark, ["b", "a"])
    owed.settle(mark, before)
    assert owed.names(owed.read(mark)) == ["a", "b"]
    owed.settle(mark, owed.read(mark))
    assert owed.read(mark) == ""
    owed.settle(mark, "")
