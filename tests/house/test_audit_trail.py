"""The audit trail against whoever can write to the database and to the data folder, but has no key: every change of it is found."""

import json
import random
import shutil

import pytest
from sqlalchemy import text

from app import audit_head, clock, schema
from app.audit_head import Head
from app.db import Database
from app.errors import AppError, InvalidError
from app.services import audit, verification

KEY = b"a key of the test"
COLUMNS = ("at", "actor", "action", "subject", "details", "mac")
ENTRIES = 9
CHANGES = 10_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A data folder with a trail of nine entries."""
    folder = tmp_path_factory.mktemp("trail") / "data"
    database = Database(f"sqlite:///{folder / 'blindread.db'}", folder=folder)
    schema.upgrade(database)
    for number in range(ENTRIES):
        write(database, f"act {number % 4}")
    with database.write() as db:
        for event in ("insert", "update", "delete"):
            db.execute(text(f"DROP TRIGGER audit_events_append_{event}"))
    database.close()
    return folder


@pytest.fixture
def folder(tmp_path, whole):
    return shutil.copytree(whole, tmp_path / "data")


@pytest.fixture
def database(folder):
    made = Database(f"sqlite:///{folder / 'blindread.db'}", folder=folder)
    yield made
    made.close()


def write(database, action):
    with database.write() as db:
        who, what = f"user:{action[-1]}", {"old": {"days": 3}, "new": {"days": 7}, "reason": "asked for · ja"}
        audit.record(db, KEY, now=clock.now(), actor=who, action=action, subject="session:1", **what)


def write_two(database):
    """The second is none, so that neither is kept."""
    with database.write() as db:
        for old in ("", b"no JSON"):
            audit.record(db, KEY, now=clock.now(), actor="user:1", action="x", subject="y", old=old)


def verify(database, folder):
    kept = audit_head.read(folder, KEY)
    with database.read() as db:
        return verification.audit_trail(db, KEY, kept)


def edit(draw, rows):
    """Another text, other JSON of the same or no meaning, another kind of value, or that of another row."""
    row, column = draw.choice(rows), draw.choice(COLUMNS)
    old = row[column]
    at = draw.randrange(len(old))
    other = draw.choice(rows)[column]
    letter = chr(draw.randrange(32, 0x2FF))
    new = draw.choice(
        [
            old[:at] + letter + old[at + 1 :],
            old[:at] + old[at + 1 :],
            old + letter,
            other,
            old.encode(),
            "",
            7,
            "[" * draw.randrange(1, 3000),
        ]
    )
    if column == "details" and draw.random() < 0.2:
        new = draw.choice(['{"a": NaN}', "null", old.replace(": ", ":", 1), '{"new": 1, ' + old[1:]])
    if new == old:
        return edit(draw, rows)
    row[column] = new
    return f"{column} of {row['number']} is {new!r}"


def delete(draw, rows):
    rows.remove(gone := draw.choice(rows))
    return f"{gone['number']} is gone"


def delete_and_close_up(draw, rows):
    """The rows after the deleted one move up in number, too."""
    told = delete(draw, rows)
    for number, row in enumerate(rows, start=1):
        row["number"] = number
    return told + ", closed up"


def swap(draw, rows):
    one, other = draw.sample(rows, 2)
    one["number"], other["number"] = other["number"], one["number"]
    return f"{one['number']} and {other['number']} have changed places"


def swap_contents(draw, rows):
    """What two rows say, each with the MAC that stood there."""
    one, other = draw.sample([row for row in rows if row["action"] in {"act 0", "act 1"}], 2)
    if {c: one[c] for c in COLUMNS[:-1]} == {c: other[c] for c in COLUMNS[:-1]}:
        return swap(draw, rows)
    for column in COLUMNS[:-1]:
        one[column], other[column] = other[column], one[column]
    return "contents have changed places"


def shuffle(draw, rows):
    numbers = [row["number"] for row in rows]
    while [row["number"] for row in rows] == sorted(numbers):
        draw.shuffle(numbers)
        for row, number in zip(rows, numbers, strict=True):
            row["number"] = number
    return f"the order is {numbers}"


def insert(draw, rows):
    """A made-up entry, somewhere or at the end."""
    place = draw.randrange(len(rows) + 1)
    rows.insert(place, {**draw.choice(rows), "mac": f"{draw.getrandbits(256):064x}"})
    for number, row in enumerate(rows, start=1):
        row["number"] = number
    return f"{place + 1} is made up"


def cut(draw, rows):
    kept = draw.randrange(len(rows))
    del rows[kept:]
    return f"cut after {kept}"


KINDS = (edit, edit, edit, delete, delete_and_close_up, swap, swap_contents, shuffle, insert, cut)


def test_ten_thousand_changes_are_all_found(database, folder):
    draw, found, unseen = random.Random(11), dict.fromkeys(KINDS, 0), []
    kept = audit_head.read(folder, KEY)
    with database.write() as db:
        assert verification.audit_trail(db, KEY, kept) == ENTRIES
        rows = [dict(row) for row in db.execute(text("SELECT * FROM audit_events")).mappings()]
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        for _ in range(CHANGES):
            kind, changed = draw.choice(KINDS), [dict(row) for row in rows]
            told = kind(draw, changed)
            db.execute(text("DELETE FROM audit_events"))
            if changed:
                db.execute(text(f"INSERT INTO audit_events ({columns}) VALUES ({values})"), changed)
            try:
                verification.audit_trail(db, KEY, kept)
            except InvalidError:
                found[kind] += 1
            else:
                unseen.append(told)
        db.rollback()
    assert not unseen, unseen[:10]
    assert sum(found.values()) == CHANGES
    assert min(found.values()) > CHANGES / 20


def test_entries_move_the_head_on_after_their_commit(database, folder):
    assert audit_head.read(folder, KEY).number == ENTRIES
    with pytest.raises(TypeError):
        write_two(database)
    assert audit_head.read(folder, KEY).number == ENTRIES
    with database.write() as db:
        for action in ("one", "two"):
            audit.record(db, KEY, now=clock.now(), actor="user:1", action=action, subject="y")
        assert audit_head.read(folder, KEY).number == ENTRIES
    assert audit_head.read(folder, KEY).number == ENTRIES + 2
    assert verify(database, folder) == ENTRIES + 2


def test_a_head_never_goes_backwards(database, folder):
    kept = audit_head.read(folder, KEY)
    audit_head.advance(folder, KEY, Head(ENTRIES - 1, "0" * 64), first=False)
    assert audit_head.read(folder, KEY) == kept


def test_a_trail_that_goes_on_after_a_cut_does_not_hide_it(database, folder):
    with database.write() as db:
        db.execute(text("DELETE FROM audit_events WHERE number > 6"))
    for number in range(6):
        write(database, f"later {number}")
    with pytest.raises(InvalidError, match=f"entry {ENTRIES} is not the one"):
        verify(database, folder)


def test_a_head_that_is_gone_is_told_and_not_made_anew(database, folder):
    (folder / audit_head.NAME).unlink()
    write(database, "later")
    with pytest.raises(InvalidError, match=r"audit\.head is missing"):
        verify(database, folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: {**kept, "number": 3},
        lambda kept: {**kept, "mac": "0" * 64},
        lambda kept: {**kept, "seal": "0" * 64},
        lambda kept: {"number": 3},
        lambda _: [],
    ],
)
def test_a_changed_head_is_told_and_stays(database, folder, change):
    file = folder / audit_head.NAME
    file.write_text(changed := json.dumps(change(json.loads(file.read_text()))))
    write(database, "later")
    with pytest.raises(InvalidError, match="seal does not fit"):
        verify(database, folder)
    audit_head.advance(folder, KEY, Head(99, "0" * 64), first=False)
    assert file.read_text() == changed


def test_a_head_that_cannot_be_written_lags_and_the_entry_is_kept(database, folder):
    """The next one that can catches up."""
    (folder / f"{audit_head.NAME}.part").mkdir()
    write(database, "later")
    assert audit_head.read(folder, KEY).number == ENTRIES
    assert verify(database, folder) == ENTRIES + 1
    (folder / f"{audit_head.NAME}.part").rmdir()
    write(database, "later still")
    assert audit_head.read(folder, KEY).number == ENTRIES + 2


def test_a_renewed_head_says_so_in_the_trail(database, folder):
    for spoil in (lambda f: f.unlink(), lambda f: f.write_text("{}")):
        spoil(folder / audit_head.NAME)
        with database.write() as db:
            audit.renew_head(db, KEY, now=clock.now(), actor="command line", reason="restored from a dump")
    assert verify(database, folder) == ENTRIES + 2
    with database.read() as db:
        first, second = audit.events(db, "audit head renewed", "audit trail")
    assert first.details["old"] is None
    assert second.details["old"] == audit_head.CHANGED
    assert second.details["new"]["number"] == ENTRIES + 1


def test_text_that_is_none_ends_in_a_sentence(database, folder):
    with database.write() as db:
        db.execute(text("UPDATE audit_events SET actor = CAST(x'ff' AS TEXT) WHERE number = 2"))
    with pytest.raises(AppError):
        verify(database, folder)
