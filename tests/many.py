"""A database of very many ratings, filled past the services: one closed session that so many readers have finished."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import numpy as np
from sqlalchemy import insert

from app.db import Database, Table
from app.protocol.design import Protocol
from app.tables.audit import AuditEvent
from app.tables.images import Image, ImageSet
from app.tables.jobs import Job
from app.tables.origins import Origin
from app.tables.people import Reader, User
from app.tables.sessions import Arm, Item, Presentation, Rating, Reading, VttSession

SESSION = "5" * 32
_TABLES = (AuditEvent, Job)  # named so that all tables that others refer to are known
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_VIEWPORT = json.dumps(
    {"width": 1366, "height": 768, "zoom": 1, "changes": 0, "scale": 2.0, "pixel_ratio": 1}
)
_RATED = _NOW.replace(tzinfo=None).isoformat(" ") + ".000000"


def fill(database: Database, readers: int, images: int) -> None:
    """So many readers times so many images, half of them real; each reader's order is their own."""
    Table.metadata.create_all(database.engine)
    with database.write() as db:
        for table, rows in chain(_owned(), _session(images), _shown(images), _invited(readers, images)):
            db.execute(insert(table), rows)
    raw = database.engine.raw_connection()
    raw.execute("PRAGMA synchronous=OFF")
    for first in range(0, readers, 100):
        raw.execute("BEGIN")
        for reader in range(first, min(first + 100, readers)):
            _read(raw, reader, images)
        raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("PRAGMA synchronous=FULL")
    raw.close()


def _id(kind: str, number: int) -> str:
    return kind + f"{number:031x}"


_USER, _KINDS = "a" * 32, ("real", "synthetic")
_SETS = [kind.ljust(32, "0") for kind in _KINDS]
Rows = Iterator[tuple[type[Table], list[dict[str, object]]]]


def _owned() -> Rows:
    """A researcher with two sets."""
    user = {"id": _USER, "email": "a@example.org", "password_hash": "-", "role": "researcher"}
    yield User, [user | {"created_at": _NOW}]
    usual = {"owner_id": _USER, "pipeline": {}, "created_at": _NOW}
    sets = zip(_SETS, _KINDS, strict=True)
    yield ImageSet, [usual | {"id": name, "name": kind, "kind": kind} for name, kind in sets]


def _session(images: int) -> Rows:
    of_session = {
        "id": SESSION,
        "owner_id": _USER,
        "title": "Many",
        "public_title": "Images",
        "state": "closed",
        "real_set_id": _SETS[0],
        "n_real": (images + 1) // 2,
        "protocol": Protocol().to_json(),
        "order_secret": "0" * 64,
        "manifest_sha256": "0" * 64,
        "created_at": _NOW,
    }
    yield VttSession, [of_session]
    arm = {"id": "b" * 32, "session_id": SESSION, "image_set_id": _SETS[1]}
    yield Arm, [arm | {"label": "GAN", "n_synthetic": images // 2}]


def _shown(images: int) -> Rows:
    """The images, in turn real and synthetic, and the session's items of them."""
    numbers = range(images)
    yield Image, [{"id": _id("1", n), "sha256": "0" * 64} for n in numbers]
    square = {"frame": 0, "width": 8, "height": 8, "mode": "L", "text_suspected": False, "facts": {}}
    yield (
        Origin,
        [
            square
            | {"image_id": _id("1", n), "image_set_id": _SETS[n % 2], "kind": _KINDS[n % 2], "place": n}
            for n in numbers
        ],
    )
    usual = {"session_id": SESSION, "kind": "main", "stimulus_sha256": "0" * 64}
    yield Item, [usual | {"id": _id("2", n), "image_id": _id("1", n), "number": n} for n in numbers]


def _invited(readers: int, images: int) -> Rows:
    """The readers, who have answered everything."""
    codes = range(readers)
    of_reader = {"owner_id": _USER, "created_at": _NOW}
    yield Reader, [of_reader | {"id": _id("3", r), "code": f"R{r:05}"} for r in codes]
    usual = {"session_id": SESSION, "link_expires_at": _NOW, "invited_at": _NOW}
    usual |= {"answered": images, "total": images}
    yield (
        Reading,
        [
            usual | {"id": _id("4", r), "reader_id": _id("3", r), "slot": r, "link_hash": f"{r:064}"}
            for r in codes
        ],
    )


def _read(raw: object, reader: int, images: int) -> None:
    random = np.random.default_rng(reader)
    real = np.arange(images) % 2 == 0
    seen = random.normal(0, 0.4) + np.where(real, 0.3, -0.3) + random.normal(size=images)
    position = random.permutation(images) + 1
    said, likert = np.where(seen > 0, "real", "synthetic"), np.clip(np.rint(3 + seen), 1, 5).astype(int)
    ms = np.round(random.lognormal(8.5, 0.5, images), 1)
    reading = _id("4", reader)
    raw.executemany(  # type: ignore[attr-defined]
        "INSERT INTO presentations (token, reading_id, position, item_id) VALUES (?, ?, ?, ?)",
        ((_id("6", reader * images + n), reading, int(position[n]), _id("2", n)) for n in range(images)),
    )
    raw.executemany(  # type: ignore[attr-defined]
        "INSERT INTO ratings (reading_id, item_id, revision, answer, likert, key, shown_ms, viewport, rated_at)"
        " VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
        (
            (reading, _id("2", n), str(said[n]), int(likert[n]), f"{n:032x}", float(ms[n]), _VIEWPORT, _RATED)
            for n in range(images)
        ),
    )


__all__ = ["SESSION", "Presentation", "Rating", "fill"]
