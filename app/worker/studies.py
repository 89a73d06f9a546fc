"""The jobs of a study: freeze a session, audit its blinding, make its report."""

from app import clock
from app.services import analysis, audits, freezing, previews, reports
from app.tables.sessions import VttSession
from app.worker.work import Work


def freeze(work: Work) -> None:
    """Fix items and bytes of a draft session; a cancelled job leaves the draft as it was."""
    session_id, actor = str(work.payload["session_id"]), str(work.payload["actor"])
    parts = work.parts
    with parts.database.read() as db:
        chosen = freezing.choose(db, session_id)
        mended = freezing.mends_of(db, session_id)
    fixed = freezing.fix_bytes(parts.artifacts, chosen, mended, lambda done: work.alive(done, len(chosen)))
    if fixed is None:
        return
    with parts.database.write() as db:
        freezing.freeze(
            db,
            parts.artifacts,
            session_id,
            chosen,
            fixed,
            actor=actor,
            key=parts.settings.secret_key,
            now=clock.now(),
        )
        session = db.get_one(VttSession, session_id)
        if session.preview_of:
            previews.open_for_researcher(session, clock.now())
        else:
            audits.request(db, session, work.job.owner_id, actor, clock.now())
    work.alive(len(chosen), len(chosen))


def audit(work: Work) -> None:
    """Look for what gives synthetic images away in what readers will be sent."""
    from app.rehearsal import audit as rehearsed  # the application itself comes with it

    parts = work.parts
    rehearsed.audit(
        parts.settings,
        parts.database,
        parts.artifacts,
        str(work.payload["audit_id"]),
        str(work.payload["actor"]),
        work.alive,
    )


def make_report(work: Work) -> None:
    """Compute and keep a closed session's report; one of a reader who was erased meanwhile is taken away and made again."""
    session_id = str(work.payload["session_id"])
    while True:
        with work.parts.database.read() as db:
            made = analysis.make(db, session_id)
        analysis.keep(work.parts.artifacts, made)
        with work.parts.database.read() as db:
            if reports.folder(db, session_id) == made.folder:
                break
        work.parts.artifacts.delete_folder(made.folder)
    work.alive(1, 1)
