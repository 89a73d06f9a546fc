"""Reports of closed sessions: one build feeds page, CSV and JSON, so they cannot disagree.

A report is kept under the hash of the manifest, the ratings and the distances that it was made from, so it is made once.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import report
from app.artifacts import Artifacts
from app.errors import ConflictError, NotFoundError
from app.protocol.design import Protocol
from app.report import cells, r_packages
from app.report import json as report_json
from app.report.measured import Measured
from app.services import annotations, audit, described, distances, jobs, looks, sessions, unblinding
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.services.unblinding import UnblindedRating
from app.tables.sessions import Arm, Reading, VttSession

REPORT_JOB = "report"
DONE, BODY = "complete", "page.html"
CODEBOOK = (
    ("reader", "the reader's code", "text"),
    ("model", "the generator's name; empty for real images, which all generators share", "text"),
    ("image", "the item's number in the session's manifest", "text"),
    ("truth", "where the image came from", "real or synthetic"),
    ("answer", "what the reader said", "real or synthetic"),
    ("likert", "the reader's rating of realness", "1 {first} to {points} {last}"),
    (
        "seconds",
        "how long the image was in view up to the answer that counts, over all views in that browser",
        "seconds, by the browser's steady clock",
    ),
    ("kind", "what the item was for", "main, practice, repeat, catch or anchor; main alone is analysed"),
    ("position", "the place in this reader's order", "whole number from 1"),
    (
        "other",
        "the image at the right, where two were compared: image, truth and answer are about the left one",
        "item's number or empty",
    ),
)


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """A report for a page: its headline and tables as HTML that we rendered, and its figures, (name, caption) each."""

    folder: str
    body: Markup
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Interim:
    """An early look: when, at how many answers, and how many came since."""

    at: datetime
    answers: int
    since: int


def look(db: Session, user: SignedIn, session_id: str, what: str, key: bytes, now: datetime) -> None:
    """Log that this person looks at truth joined to ratings; raises ConflictError while the session is open."""
    session = sessions.own(db, user, session_id)
    looks.look(db, session, actor=user.pseudonym, what=what, key=key, now=now)


def look_early(db: Session, user: SignedIn, session_id: str, reason: str, key: bytes, now: datetime) -> None:
    """Log that this person looks at the truth while readers may still rate; raises InvalidError without a reason."""
    session = sessions.own(db, user, session_id)
    looks.look_early(db, session, actor=user.pseudonym, reason=reason, key=key, now=now)


def may_look(db: Session, user: SignedIn, session_id: str) -> bool:
    """Whether this person chose to see the truth of this session, and may see it now."""
    session = sessions.own(db, user, session_id)
    try:
        looks.require_allowed(db, session, user.pseudonym)
    except ConflictError:
        return False
    return looks.looked(db, session_id, user.pseudonym)


def interim(db: Session, user: SignedIn, session_id: str) -> Interim | None:
    """What moment a report shows while readers may still rate; None in a closed session, or where nobody looked early."""
    session = sessions.own(db, user, session_id)
    seen = looks.snapshot(db, session)
    if seen is None:
        return None
    return Interim(seen.at, seen.answers, looks.given(db, session)[0] - seen.answers)


def request_report(db: Session, user: SignedIn, session_id: str, now: datetime) -> JobView:
    """Ask the worker for the report; asking again while it works starts nothing new."""
    session = sessions.own(db, user, session_id)
    there = jobs.shown_by_id(db, session.report_job_id, now)
    if there and not there.ended:
        return there
    session.report_job_id = jobs.enqueue(db, user.id, REPORT_JOB, {"session_id": session_id}, now)
    return jobs.view(db, user, session.report_job_id, now)


def built(db: Session, artifacts: Artifacts, user: SignedIn, session_id: str) -> BuiltReport | None:
    """The finished report, or None where the worker has to make it first."""
    folder = folder_of(db, sessions.own(db, user, session_id))
    if not artifacts.exists(f"{folder}/{DONE}"):
        return None
    figures = json.loads(artifacts.get(f"{folder}/{DONE}"))["figures"]
    body = Markup(artifacts.get(f"{folder}/{BODY}").decode())  # noqa: S704 - rendered by our own template
    return BuiltReport(folder, body, tuple((name, caption) for name, caption in figures))


def figure(db: Session, artifacts: Artifacts, user: SignedIn, session_id: str, name: str) -> bytes:
    """One figure's SVG; raises NotFoundError, or ConflictError while readers may still rate."""
    looks.require_allowed(db, sessions.own(db, user, session_id), user.pseudonym)
    there = built(db, artifacts, user, session_id)
    if there is None or name not in dict(there.figures):
        raise NotFoundError("There is no such figure.")
    return artifacts.get(f"{there.folder}/figures/{name}")


FROM_REPORT = frozenset(
    {
        "per_reader.csv",
        "summary.csv",
        "images.csv",
        "table2.csv",
        "report.html",
        "report.json",
        "tables.tex",
        "methods.md",
        "checklists.csv",
        *r_packages.NAMES,
    }
)


def ratings_csv(db: Session, session_id: str, reader: str | None = None) -> Iterator[str]:
    """All ratings, or one reader's, as the `report` command reads them."""
    counted = unblinding.counted(db, session_id, reader=reader)
    return cells.pieces(UnblindedRating._fields, (rating for rating, _ in counted))


STORED: dict[str, Callable[[Session, str], Iterator[str]]] = {
    "ratings.csv": ratings_csv,
    "remarks.csv": annotations.remarks_csv,
    "marks.csv": annotations.marks_csv,
    "views.csv": annotations.views_csv,
    "questionnaire.csv": annotations.questionnaire_csv,
}
HEAD = "audit_head.json"
EXPORTS = (*sorted(FROM_REPORT), *STORED, "codebook.csv", HEAD, "manifest.json")


def require_export(db: Session, artifacts: Artifacts, user: SignedIn, session_id: str, name: str) -> None:
    """Raise NotFoundError for another name than an export's, ConflictError where nobody may look yet or the report is not built."""
    looks.require_allowed(db, sessions.own(db, user, session_id), user.pseudonym)
    if name not in EXPORTS:
        raise NotFoundError("There is no such file in the export.")
    if name in FROM_REPORT and built(db, artifacts, user, session_id) is None:
        raise ConflictError(
            "The report of these answers is not there yet: ask for it, or try again in a moment where it is being made."
        )


def export(db: Session, artifacts: Artifacts, session_id: str, name: str) -> Iterator[bytes]:
    """One file of the export, in pieces: a table of all answers is never in memory as a whole."""
    session = db.get_one(VttSession, session_id)
    if name == "report.json":
        yield report_json.headed(artifacts.get(f"{folder_of(db, session)}/{name}"), audit.head(db))
    elif name in FROM_REPORT:
        yield artifacts.get(f"{folder_of(db, session)}/{name}")
    elif name == "manifest.json":
        yield manifest(db, artifacts, session)
    elif name == HEAD:
        yield audit_head(db, session_id)
    elif name == "codebook.csv":
        yield codebook(session).encode()
    else:
        for piece in STORED[name](db, session_id):
            yield piece.encode()


def codebook(session: VttSession) -> str:
    """What the columns of ratings.csv hold, in the words that this session's readers saw."""
    labels = Protocol.from_json(session.protocol).likert_labels
    words = {"first": labels[0], "points": len(labels), "last": labels[-1]}
    rows = [[cell.format(**words) for cell in row] for row in (*CODEBOOK, *annotations.BOOK)]
    return cells.table(("column", "meaning", "values"), rows)


def audit_head(db: Session, session_id: str) -> bytes:
    """The audit trail's last entry, to stand beside tables that cannot hold it."""
    return json.dumps({"session": session_id, "audit_head": audit.head(db)}, indent=1).encode()


def manifest(db: Session, artifacts: Artifacts, session: VttSession) -> bytes:
    """The manifest as frozen, with the truth that opens its commitment and the head of the audit trail."""
    frozen = json.loads(artifacts.get(f"manifests/{session.id}.json"))
    opened = {"salt": session.order_secret, "kinds": unblinding.truth(db, session.id)}
    whole = {
        "manifest": frozen,
        "manifest_sha256": session.manifest_sha256,
        "truth": opened,
        "audit_head": audit.head(db),
    }
    return json.dumps(whole, indent=1).encode()


def folder(db: Session, session_id: str) -> str:
    """The same by the session's id."""
    return folder_of(db, db.get_one(VttSession, session_id))


def folder_of(db: Session, session: VttSession) -> str:
    """Where the report of these very ratings is kept, or of those up to the last early look while readers may still rate.

    Ratings are only added, so their number, the last one and how many readers withdrew tell them; what a report says of early looks
    belongs to it, too, and how many readers were erased, whose codes are others then; so do distances of its models and the names of their experiments.
    """
    erased = select(func.count(Reading.id)).where(
        Reading.session_id == session.id, Reading.erased_at.is_not(None)
    )
    made_from = [
        *(report.VERSION, session.manifest_sha256),
        *(*looks.given(db, session, looks.snapshot(db, session)), unblinding.withdrawn(db, session.id)),
        *looks.marks(db, session),
        db.scalar(erased),
        *(
            (asdict(network), *_by_model(of_models))
            for network, of_models in distances.of_session(db, session).items()
        ),
        *(described.experiment(db, arm) for arm in sessions.arms_of(db, session.id)),
    ]
    digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return f"reports/{session.id}/{digest[:32]}"


def _by_model(measured: Mapping[str, Measured]) -> list[tuple[str, dict[str, object]]]:
    return [(model, asdict(one)) for model, one in measured.items()]


def renew(db: Session, set_id: str, real_set_id: str, now: datetime) -> None:
    """Ask for the reports anew that were asked for before a distance between these sets was measured."""
    query = (
        select(VttSession)
        .join(Arm, Arm.session_id == VttSession.id)
        .where(
            Arm.image_set_id == set_id,
            VttSession.real_set_id == real_set_id,
            VttSession.report_job_id.is_not(None),
        )
    )
    for session in db.scalars(query):
        there = jobs.shown_by_id(db, session.report_job_id, now)
        if there and there.status != "queued":
            session.report_job_id = jobs.enqueue(
                db, session.owner_id, REPORT_JOB, {"session_id": session.id}, now
            )
