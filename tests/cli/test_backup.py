"""`blindread backup` and `restore`: whole, under load, killed, on a full disk, and files that are no backups."""

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time

import pytest
from sqlalchemy import text

from app import schema
from app.db import Database
from app.errors import InvalidError
from app.services import backups
from tests.faults import readers
from tests.faults.conftest import empty_folder, furnished, furnished_folder, generator_files, known, owner
from tests.servers import Server
from tests.web.conftest import ident, invite, opened, read_all

__all__ = ["empty_folder", "furnished", "furnished_folder", "generator_files", "known", "owner"]
AT_ONCE = 8


def command(data_dir, *arguments, under=()):
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data_dir)}
    if under:  # what limits the files of a program limits those of its coverage, too
        environ = {name: value for name, value in environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [*under, sys.executable, "-m", "app.cli", *map(str, arguments)],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )


def rows(data_dir):
    """Everything in a data folder's database."""
    database = Database(f"sqlite:///{data_dir / 'blindread.db'}")
    with database.read() as db:
        names = [row.name for row in db.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        found = {name: sorted(map(repr, db.execute(text(f"SELECT * FROM {name}")))) for name in names}
    database.close()
    return found


def files(data_dir):
    return {
        path.relative_to(data_dir).as_posix(): path.read_bytes()
        for path in (data_dir / "artifacts").rglob("*")
        if path.is_file()
    }


@pytest.fixture
def study(furnished, owner, known):
    """A data folder with an open session that somebody has read."""
    address = opened(furnished, owner, known)
    read_all(furnished, invite(owner, address), lambda *_: ("real", 4))
    return furnished.settings.data_dir


@pytest.fixture
def made(study, tmp_path):
    """A backup of it."""
    done = command(study, "backup", tmp_path / "made.tar")
    assert done.returncode == 0, done.stderr
    return tmp_path / "made.tar"


def test_it_works(study, made, tmp_path):
    assert made.stat().st_mode & 0o777 == 0o600
    new = tmp_path / "new"
    done = command(new, "restore", made)
    assert done.returncode == 0, done.stderr
    assert "erase them again" in done.stdout
    assert rows(new) == rows(study)
    assert files(new) == files(study)
    assert (new / "secret.key").read_text() == (study / "secret.key").read_text()
    checked = command(new, "verify")
    assert checked.returncode == 0, checked.stderr
    assert "stimuli are as frozen" in checked.stdout
    assert (
        [path.name for path in study.glob(".blindread-backup-*")]
        == [path.name for path in new.glob(".blindread-backup-*")]
        == []
    )


@pytest.mark.timeout(240)
def test_nothing_acknowledged_before_it_began_is_lost_while_readers_rate(furnished, owner, known, tmp_path):
    session_id = ident(opened(furnished, owner, known))
    cookies = readers.invited(furnished, session_id, 48)
    server, book = Server(furnished.settings.data_dir), readers.Book()
    server.start()
    threads = [
        threading.Thread(
            target=readers.read_one_after_the_other, args=(server, book, cookies[n::AT_ONCE], n, 0.1)
        )
        for n in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    while len(book.acknowledged) < 60:
        time.sleep(0.01)
    before = dict(book.acknowledged)
    done = command(furnished.settings.data_dir, "backup", tmp_path / "made.tar")
    during = len(book.acknowledged) - len(before)
    for thread in threads:
        thread.join()
    server.stop()
    assert done.returncode == 0, done.stderr
    assert during > 0
    assert readers.check(furnished, book) == 48 * 8
    new = tmp_path / "new"
    assert command(new, "restore", tmp_path / "made.tar").returncode == 0
    restored = Database(f"sqlite:///{new / 'blindread.db'}")
    with restored.read() as db:
        kept = {
            row.token: (row.answer, row.likert)
            for row in db.execute(
                text(
                    "SELECT p.token, r.answer, r.likert FROM ratings r JOIN presentations p "
                    "ON p.reading_id = r.reading_id AND p.item_id = r.item_id"
                )
            )
        }
    restored.close()
    assert before.items() <= kept.items() <= book.attempted.items()
    assert command(new, "verify").returncode == 0


def test_a_backup_that_is_killed_leaves_the_server_s_data_sound(study, tmp_path):
    (study / "artifacts" / "large").mkdir()
    for number in range(40):
        (study / "artifacts" / "large" / f"{number}.bin").write_bytes(os.urandom(2**20))
    before, rng = rows(study), random.Random(3)
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(study)}
    for number in range(3):
        file = tmp_path / f"{number}.tar"
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "backup", str(file)], env=environ, stdout=subprocess.DEVNULL
        )
        while not list(study.glob(".blindread-backup-*")) and process.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert rows(study) == before
    assert command(study, "backup", tmp_path / "whole.tar").returncode == 0
    assert command(study, "verify").returncode == 0


def test_what_a_killed_run_left_goes_after_a_day(study, tmp_path):
    old, young = study / ".blindread-backup-old", study / ".blindread-backup-young"
    old.mkdir()
    young.mkdir()
    theirs = study / "backup-of-last-year"
    theirs.mkdir()
    for folder in (old, theirs):
        os.utime(folder, (1, 1))
    assert command(study, "backup", tmp_path / "made.tar").returncode == 0
    assert (old.exists(), young.exists(), theirs.exists()) == (False, True, True)


def test_a_disk_that_is_full_leaves_nothing_half(study, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    done = command(study, "backup", out / "made.tar", under=("prlimit", "--fsize=60000"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == list(study.glob(".blindread-backup-*")) == []
    made, new = tmp_path / "made.tar", tmp_path / "new"
    assert command(study, "backup", made).returncode == 0
    refused = command(new, "restore", made, under=("prlimit", "--fsize=60000"))
    assert (refused.returncode, "cannot be restored" in refused.stderr) == (2, True)
    assert not (new / "blindread.db").exists()
    assert command(new, "restore", made).returncode == 0


def test_what_is_there_is_never_overwritten(study, made, tmp_path):
    before = made.read_bytes()
    again = command(study, "backup", made)
    assert (again.returncode, "overwrites nothing" in again.stderr) == (2, True)
    assert made.read_bytes() == before
    in_use = command(study, "restore", made)
    assert (in_use.returncode, "restore into an empty data folder" in in_use.stderr) == (2, True)
    (tmp_path / "logged").mkdir()
    (tmp_path / "logged" / "blindread.db-wal").write_bytes(b"old")
    stale = command(tmp_path / "logged", "restore", made)
    assert (stale.returncode, "or its log" in stale.stderr) == (2, True)
    nowhere = command(tmp_path / "new", "restore", tmp_path / "nothing.tar")
    assert (nowhere.returncode, "There is no file" in nowhere.stderr) == (2, True)
    assert not (tmp_path / "new" / "secret.key").exists()
    unwritable = command(study, "backup", "/proc/made.tar")
    assert (unwritable.returncode, "cannot be written" in unwritable.stderr) == (2, True)


def test_another_installation_s_key_is_not_written_over(study, made, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret.key").write_text("the key of another installation")
    refused = command(other, "restore", made)
    assert (refused.returncode, "is another key than the backup's" in refused.stderr) == (2, True)
    assert [path.name for path in other.iterdir()] == ["secret.key"]
    (other / "secret.key").write_text((study / "secret.key").read_text() + "\n")
    assert command(other, "restore", made).returncode == 0


def test_a_key_from_the_environment_is_named_and_not_kept(study, tmp_path, monkeypatch):
    monkeypatch.setenv("BLINDREAD_SECRET_KEY", (study / "secret.key").read_text().strip())
    (study / "secret.key").unlink()
    done = command(study, "backup", tmp_path / "made.tar")
    assert "comes from BLINDREAD_SECRET_KEY" in done.stdout


def rewritten(made, target, change):
    """The same backup with its members changed: `change(name, data)` gives (TarInfo, data) pairs."""
    with tarfile.open(made) as old, tarfile.open(target, "w") as new:
        for entry in old:
            for info, data in change(entry.name, old.extractfile(entry).read()):
                info.size = len(data)
                new.addfile(info, io.BytesIO(data))
    return target


def same(name, data):
    return [(tarfile.TarInfo(name), data)]


def of_kind(kind, name="artifacts/images/x", link="/etc/passwd"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def told(change):
    """Change what the backup says of itself."""

    def changed(name, data):
        if name != backups.CONTENTS:
            return same(name, data)
        whole = json.loads(data)
        change(whole)
        return same(name, json.dumps(whole).encode())

    return changed


def before_end(extra):
    """Put a member before the last one, and into the list of members where it has data."""
    return lambda name, data: (extra if name == backups.CONTENTS else []) + same(name, data)


def listed(name, data, **others):
    """Other bytes for members of these names, which the list of members tells of as if they had been so."""
    if name in others:
        return same(name, others[name])
    digests = {each: hashlib.sha256(bytes_).hexdigest() for each, bytes_ in others.items()}
    return told(lambda whole: whole["members"].update(digests))(name, data)


HOSTILE = {
    "a changed byte": lambda name, data: same(
        name, data[:-1] + bytes([data[-1] ^ 1]) if "images/" in name else data
    ),
    "a member gone": lambda name, data: [] if name == "secret.key" else same(name, data),
    "no list": lambda name, data: [] if name == backups.CONTENTS else same(name, data),
    "a member twice": lambda name, data: same(name, data) * (2 if name == "secret.key" else 1),
    "after the end": lambda name, data: (
        same(name, data) + (same("secret.key", b"x") if name == backups.CONTENTS else [])
    ),
    "out of the folder": before_end(same("../evil", b"x")),
    "out of the artifacts": before_end(same("artifacts/../../evil", b"x")),
    "absolute": before_end(same("/tmp/evil", b"x")),
    "hidden": before_end(same("artifacts/.evil", b"x")),
    "another name": before_end(same("evil.py", b"x")),
    "a link": before_end([(of_kind(tarfile.SYMTYPE), b"")]),
    "a hard link": before_end([(of_kind(tarfile.LNKTYPE), b"")]),
    "a device": before_end([(of_kind(tarfile.CHRTYPE), b"")]),
    "a pipe": before_end([(of_kind(tarfile.FIFOTYPE), b"")]),
    "a folder": before_end([(of_kind(tarfile.DIRTYPE), b"")]),
    "another version": told(lambda whole: whole.update(version=2)),
    "no members": told(lambda whole: whole.update(members=[])),
    "no schema": told(lambda whole: whole.pop("schema")),
    "no database": lambda name, data: listed(name, data, **{backups.DATABASE: b"no database at all"}),
    "no JSON": lambda name, data: same(name, b"{" if name == backups.CONTENTS else data),
}


@pytest.fixture(scope="module")
def module_backup(tmp_path_factory, furnished_folder):
    """A backup of a furnished folder, made once."""
    folder = tmp_path_factory.mktemp("backup")
    done = command(furnished_folder[0], "backup", folder / "made.tar")
    assert done.returncode == 0, done.stderr
    return folder / "made.tar"


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_was_changed_changes_nothing(module_backup, tmp_path, change):
    evil = rewritten(module_backup, tmp_path / "evil.tar", change)
    new = tmp_path / "new"
    with pytest.raises(InvalidError, match="no backup of Blindread, or a damaged one"):
        backups.restore(new, f"sqlite:///{new / 'blindread.db'}", evil)
    assert list(new.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar", "new"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_changes_nothing(module_backup, tmp_path, share):
    data = module_backup.read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[: int(share * len(data))])
    new = tmp_path / "new"
    with pytest.raises(InvalidError, match="no backup of Blindread"):
        backups.restore(new, f"sqlite:///{new / 'blindread.db'}", tmp_path / "cut.tar")
    assert list(new.iterdir()) == []


def test_an_older_schema_is_taken_and_migrated_and_a_newer_one_refused(module_backup, tmp_path):
    new = tmp_path / "new"
    newer = rewritten(
        module_backup, tmp_path / "newer.tar", told(lambda whole: whole.update(schema="20990101_x"))
    )
    with pytest.raises(InvalidError, match="newer version"):
        backups.restore(new, f"sqlite:///{new / 'blindread.db'}", newer)
    assert schema.knows("20261210_phases")


def test_postgresql_has_backups_of_its_own(tmp_path, module_backup):
    with pytest.raises(InvalidError, match="pg_dump"):
        backups.restore(tmp_path, "postgresql+psycopg://somewhere/x", module_backup)


def test_a_file_of_holes_is_refused_before_they_are_written(tmp_path):
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(2**31)
    made = tmp_path / "sparse.tar"
    packed = [
        "tar",
        "--sparse",
        "--format=gnu",
        "-cf",
        made,
        "-C",
        tmp_path,
        "--transform=s,^,artifacts/images/,",
        "holes",
    ]
    subprocess.run(packed, check=True)
    assert made.stat().st_size < 100_000
    done = command(tmp_path / "new", "restore", made, under=("prlimit", "--fsize=1000000"))
    assert (done.returncode, "no backup of Blindread" in done.stderr) == (2, True), done.stderr
