"""A closed session's export, whole or one reader's part."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from app import clock
from app.artifacts import Artifacts
from app.cli.opened import ACTOR, opened, session_of
from app.services import (
    analysis,
    looks,
    privacy,
    reports,
    told,
)


def export(environ: Mapping[str, str], session_id: str, out: Path, reader: str = "") -> None:
    """Write a closed session's export, or one reader's part of it, into `out`; the look at truth is logged."""
    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            session = session_of(db, session_id)
            looks.look(db, session, actor=ACTOR, what="export", key=settings.secret_key, now=clock.now())
        out.mkdir(parents=True, exist_ok=True)
        if reader:
            with database.write() as db:
                found = privacy.by_code(db, session_id, reader)
                person = told.give_by_command(db, found, ACTOR, settings.secret_key, clock.now())
            text = json.dumps(person, indent=1, ensure_ascii=False)
            (out / "person.json").write_text(text + "\n", encoding="utf-8")
        with database.read() as db:
            if reader:
                _one_reader(db, session_id, reader, out)
            else:
                _everything(db, artifacts, session_id, out)
    print(f"Written to {out}.")


def _everything(db: Session, artifacts: Artifacts, session_id: str, out: Path) -> None:
    """Stored answers first: they are written as they are read, while the report needs all of them in memory."""
    _write(db, artifacts, session_id, out, reports.STORED)
    analysis.keep(artifacts, analysis.make(db, session_id))
    _write(db, artifacts, session_id, out, [name for name in reports.EXPORTS if name not in reports.STORED])


def _write(db: Session, artifacts: Artifacts, session_id: str, out: Path, names: Iterable[str]) -> None:
    for name in names:
        with (out / name).open("wb") as file:
            file.writelines(reports.export(db, artifacts, session_id, name))


def _one_reader(db: Session, session_id: str, code: str, out: Path) -> None:
    (out / "per_reader.csv").write_text(
        analysis.of_reader(db, session_id, code), encoding="utf-8", newline=""
    )
    with (out / "ratings.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(reports.ratings_csv(db, session_id, code))
    (out / reports.HEAD).write_bytes(reports.audit_head(db, session_id))
