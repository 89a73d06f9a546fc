"""Compute a closed session's report and keep its files. For the worker and the command line: it loads scipy."""

import json
import tempfile
from dataclasses import fields
from pathlib import Path

from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.report import build, html, write
from app.report.discrimination import DELTA
from app.report.rows import Rating
from app.services import reports, unblinding
from app.tables.sessions import VttSession


def make(db: Session, session_id: str) -> tuple[str, build.Report]:
    """Compute a closed session's report: where it is kept, and the report."""
    session = db.get_one(VttSession, session_id)
    unblinding.require_closed(session)
    ratings = tuple(unblinding.ratings(db, session_id))
    made = build.build(
        [Rating(**{f.name: getattr(r, f.name) for f in fields(r)}) for r in ratings],
        title=session.title,
        provenance={"session": session_id, "manifest_sha256": session.manifest_sha256 or ""},
        margin=_margin(session.protocol.get("margin", DELTA)),
    )
    return reports.folder_of(db, session), made


def _margin(stored: object) -> float:
    """The δ of equivalence that the protocol fixed; anything but a number there is the usual one."""
    return float(stored) if isinstance(stored, int | float) else DELTA


def keep(artifacts: Artifacts, folder: str, made: build.Report) -> None:
    """Write a report's files; it counts as built when the last of them is there."""
    with tempfile.TemporaryDirectory(prefix="blindread-report-") as name:
        outdir = Path(name)
        write.write(made, outdir)
        figures = sorted(path.name for path in (outdir / "figures").glob("*.svg"))
        for path in sorted(outdir.rglob("*")):
            if path.is_file():
                artifacts.put(f"{folder}/{path.relative_to(outdir).as_posix()}", path.read_bytes())
    artifacts.put(f"{folder}/{reports.BODY}", html.fragment(made).encode())
    artifacts.put(f"{folder}/{reports.DONE}", json.dumps({"figures": figures}).encode())
