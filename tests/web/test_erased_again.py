"""A backup that is older than an erasure: restoring it erases again, from the list of erasures beside the database."""

import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import select

from app import erasure_ledger
from app.db import Database
from app.tables.sessions import Reading
from tests.web.conftest import ident
from tests.web.erasing import CANARIES, CODE, EMAIL, NAME, erase, left, link_of, read_whole, study
from tests.web.test_invitations import invite_list

__all__ = ["study"]
LEDGER = erasure_ledger.NAME


def command(data_dir, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        env={**os.environ, "BLINDREAD_DATA_DIR": str(data_dir)},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def made(furnished, study, tmp_path):
    """A backup in which the reader still is."""
    done = command(furnished.settings.data_dir, "backup", tmp_path / "made.tar")
    assert done.returncode == 0, done.stderr
    return tmp_path / "made.tar"


def readings(data_dir):
    database = Database(f"sqlite:///{data_dir / 'blindread.db'}")
    with database.read() as db:
        query = select(Reading.id, Reading.erased_at.is_not(None), Reading.erased_ratings)
        found = {row[0]: row[1:] for row in db.execute(query)}
    database.close()
    return found


@pytest.mark.parametrize(("kind", "ratings"), [("identity", None), ("ratings", 8)])
def test_it_works(furnished, owner, study, made, tmp_path, kind, ratings):
    old, new = furnished.settings.data_dir, tmp_path / "new"
    assert erase(owner, study[0], kind).status_code == 200
    done = command(new, "restore", made, "--erasures", old / LEDGER)
    assert done.returncode == 0, done.stderr
    assert "1 erasures since then were done again." in done.stdout
    assert readings(new) == readings(old)
    assert sorted(readings(new).values(), key=str) == sorted([(False, None), (True, ratings)], key=str)
    assert left(new) == []
    assert [word for word in CANARIES if word in made.read_bytes()] != []
    checked = command(new, "verify")
    assert checked.returncode == 0, checked.stderr
    assert f"Session {ident(study[0])}" in checked.stdout


def test_a_list_in_the_folder_itself_is_found(furnished, owner, study, made, tmp_path):
    folder = furnished.settings.data_dir
    erase(owner, study[0], "ratings")
    furnished.parts.database.close()
    for file in folder.glob("blindread.db*"):
        file.unlink()
    done = command(folder, "restore", made)
    assert "1 erasures since then were done again." in done.stdout, done.stderr
    assert left(folder) == []
    assert command(folder, "verify").returncode == 0


def test_without_a_list_it_is_said(furnished, owner, study, made, tmp_path):
    erase(owner, study[0], "ratings")
    done = command(tmp_path / "new", "restore", made)
    assert "erase them again" in done.stdout
    assert left(tmp_path / "new") != []


def test_the_list_holds_ids_alone_and_each_erasure_once(furnished, owner, study):
    address, file = study[0], furnished.settings.data_dir / LEDGER
    assert not file.exists()
    erase(owner, address, "identity")
    (code,) = [row for row in map(str, owner.get(address).text.split()) if row.startswith("<td>erased-")]
    code = code.removeprefix("<td>").removesuffix("</td>")
    for kind in ("identity", "ratings", "ratings"):
        erase(owner, address, kind, code=code)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["kind"] for line in lines] == [
        "reader erased, ratings kept",
        "reader erased with all ratings",
    ]
    assert {line["session"] for line in lines} == {ident(address)}
    assert all(set(line) == {"at", "kind", "session", "reading", "seal"} for line in lines)
    assert file.stat().st_mode & 0o777 == 0o600


def test_earlier_erasures_stand_in_it_again_where_it_was_lost(furnished, owner, study):
    address, file = study[0], furnished.settings.data_dir / LEDGER
    link = link_of(invite_list(owner, address, f"R03,another-{EMAIL},{NAME}"))
    read_whole(furnished, link)
    erase(owner, address, "identity")
    file.unlink()
    erase(owner, address, "ratings", code="R03")
    assert len(file.read_text().splitlines()) == 2


def test_readers_who_came_after_the_backup_are_counted(furnished, owner, study, made, tmp_path):
    address = study[0]
    invite_list(owner, address, f"R03,another-{EMAIL},{NAME}")
    erase(owner, address, "identity", code="R03")
    done = command(tmp_path / "new", "restore", made, "--erasures", furnished.settings.data_dir / LEDGER)
    assert (
        "0 erasures since then were done again. 1 more are of readers or users who came after" in done.stdout
    )
    assert (tmp_path / "new" / LEDGER).read_text() == (furnished.settings.data_dir / LEDGER).read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("all ratings", "no ratings"),
        lambda text: text[: len(text) // 2],
        lambda text: text + "[]\n",
        lambda text: text + "no JSON\n",
    ],
)
def test_a_list_that_was_changed_restores_nothing(furnished, owner, study, made, tmp_path, spoil):
    erase(owner, study[0], "ratings")
    changed, new = tmp_path / "changed.jsonl", tmp_path / "new"
    changed.write_text(spoil((furnished.settings.data_dir / LEDGER).read_text()))
    done = command(new, "restore", made, "--erasures", changed)
    assert (done.returncode, "was changed, or belongs to another installation" in done.stderr) == (2, True)
    assert not (new / "blindread.db").exists()
    absent = command(new, "restore", made, "--erasures", tmp_path / "absent")
    assert (absent.returncode, "There is no file" in absent.stderr) == (2, True)


def test_a_list_that_cannot_be_written_erases_nobody(furnished, owner, study):
    folder, address = furnished.settings.data_dir, study[0]
    (folder / f"{LEDGER}.part").mkdir()
    assert erase(owner, address, "identity").status_code == 503
    assert CODE in owner.get(address).text
    (folder / f"{LEDGER}.part").rmdir()
    assert erase(owner, address, "identity").status_code == 200
    assert left(folder) == []


def test_a_changed_list_is_put_aside_at_the_next_erasure(furnished, owner, study):
    folder = furnished.settings.data_dir
    (folder / LEDGER).write_text("changed\n")
    assert erase(owner, study[0], "identity").status_code == 200
    assert (folder / erasure_ledger.DAMAGED).read_text() == "changed\n"
    assert len((folder / LEDGER).read_text().splitlines()) == 1
