"""VTT sessions as researchers handle them: seen, opened, closed, invited to. They begin in designs.py and are frozen in freezing.py."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, NotFoundError
from app.protocol.design import Protocol
from app.services import access, audit, audits, imageset_views, invitations, jobs, signoff
from app.services.imageset_views import ImageSetRow
from app.services.invitations import Invited, ReaderProgress
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.images import ImageSet
from app.tables.people import User
from app.tables.sessions import Arm, Reading, VttSession

FREEZE_JOB = "freeze"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A line of the list of sessions; `shared` for one that a colleague owns."""

    id: str
    title: str
    state: str
    created_at: datetime
    readers: int
    finished: int
    shared: bool


@dataclass(frozen=True, slots=True)
class ArmRow:
    """A model under test: its name in reports, the set of its images, and how many of them are drawn."""

    label: str
    images: ImageSetRow
    n_synthetic: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a session is paused, and why."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its owner sees it: no item's truth. `pause` is None unless it is paused.

    `owned` is false for a colleague with whom it is shared; `owner` is its owner's address, `colleagues` are their ids and addresses.
    """

    id: str
    title: str
    public_title: str
    state: str
    real_set: ImageSetRow
    n_real: int
    arms: tuple[ArmRow, ...]
    protocol: Protocol
    manifest_sha256: str | None
    job: JobView | None
    report_job: JobView | None
    readers: tuple[ReaderProgress, ...]
    created_at: datetime
    frozen_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None
    pause: Pause | None
    owned: bool
    owner: str
    colleagues: tuple[tuple[str, str], ...]


def own(db: Session, user: SignedIn, session_id: str) -> VttSession:
    """The session, if it is the user's own or shared with them, and no preview; raises NotFoundError."""
    session = of_user(db, user, session_id)
    if session is None:
        raise NotFoundError("There is no such session.")
    return session


def of_owner(db: Session, user: SignedIn, session_id: str) -> VttSession:
    """The session for what only its owner does; raises NotFoundError, or ForbiddenError for a colleague."""
    session = own(db, user, session_id)
    access.require_owner(user, session)
    return session


def of_user(db: Session, user: SignedIn, session_id: str) -> VttSession | None:
    """The same, or None."""
    session = db.get(VttSession, session_id)
    if session is None or session.preview_of or not access.may_handle(db, user, session):
        return None
    return session


def wants_fresh(session: VttSession) -> bool:
    """Whether the protocol excludes who has read images of the session's sets before."""
    return Protocol.from_json(session.protocol).fresh_readers


def listing(db: Session, user: SignedIn, now: datetime, sought: str = "") -> list[SessionRow]:
    """The user's sessions (all for an admin) with `sought` in their title, newest first."""
    del now
    query = (
        select(
            VttSession,
            func.count(Reading.id),
            func.count(case((Reading.withdrawn_at.is_(None), Reading.finished_at))),
        )
        .outerjoin(Reading, Reading.session_id == VttSession.id)
        .group_by(VttSession.id)
        .order_by(VttSession.created_at.desc(), VttSession.id)
    )
    query = query.where(VttSession.preview_of.is_(None))
    if not user.is_admin:
        query = query.where(access.theirs(user))
    if sought:
        query = query.where(VttSession.title.icontains(sought, autoescape=True))
    return [
        SessionRow(s.id, s.title, s.state, s.created_at, readers, finished, s.owner_id != user.id)
        for s, readers, finished in db.execute(query)
    ]


def view(db: Session, user: SignedIn, session_id: str, now: datetime) -> SessionView:
    """One session; raises NotFoundError."""
    session = own(db, user, session_id)
    arms = arms_of(db, session_id)
    set_ids = (session.real_set_id, *(arm.image_set_id for arm in arms))
    real, *synthetic = imageset_views.rows(db, [db.get_one(ImageSet, set_id) for set_id in set_ids], now)
    return SessionView(
        id=session.id,
        title=session.title,
        public_title=session.public_title,
        state=session.state,
        real_set=real,
        n_real=session.n_real,
        arms=tuple(
            ArmRow(arm.label, images, arm.n_synthetic) for arm, images in zip(arms, synthetic, strict=True)
        ),
        protocol=Protocol.from_json(session.protocol),
        manifest_sha256=session.manifest_sha256,
        job=jobs.shown_by_id(db, session.job_id, now),
        report_job=jobs.shown_by_id(db, session.report_job_id, now),
        readers=tuple(invitations.progress(db, session_id)),
        created_at=session.created_at,
        frozen_at=session.frozen_at,
        opened_at=session.opened_at,
        closed_at=session.closed_at,
        pause=_pause(db, session),
        owned=access.is_owner(user, session),
        owner=db.get_one(User, session.owner_id).email,
        colleagues=tuple(access.colleagues(db, session)),
    )


def _pause(db: Session, session: VttSession) -> Pause | None:
    if session.state != "paused":
        return None
    event = audit.events(db, audit.PAUSED, f"session:{session.id}")[-1]
    return Pause(event.at, str(event.details["reason"]))


def arms_of(db: Session, session_id: str) -> list[Arm]:
    """The models under test, by name."""
    return list(db.scalars(select(Arm).where(Arm.session_id == session_id).order_by(Arm.label)))


def require_signed_off(db: Session, session: VttSession) -> None:
    """Raise ConflictError unless all suspected images of the session's sets have been judged."""
    for set_id in (session.real_set_id, *(arm.image_set_id for arm in arms_of(db, session.id))):
        signoff.require(db, set_id)


def start_freeze(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Ask the worker to fix items and bytes; asking twice starts one job."""
    session = own(db, user, session_id)
    if session.state != "draft":
        raise ConflictError("This session is frozen already.")
    require_signed_off(db, session)
    before = db.get(VttSession, session.follows_id) if session.follows_id else None
    if before is not None and before.state == "draft":
        raise ConflictError(f"Freeze “{before.title}” first: this session follows it and takes other images.")
    running = jobs.shown_by_id(db, session.job_id, now)
    if running and not running.ended:
        return
    payload: dict[str, object] = {"session_id": session.id, "actor": user.pseudonym}
    session.job_id = jobs.enqueue(db, user.id, FREEZE_JOB, payload, now)
    record(db, key, user, session, "freeze asked for", now)


def open_session(
    db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime, reason: str = ""
) -> None:
    """Let readers rate; raises ConflictError unless the session is frozen and its bytes are audited.

    `reason` says why it is opened in spite of what the audit found; raises InvalidError where one is needed and missing.
    """
    session = own(db, user, session_id)
    if session.state == "open":
        return
    if session.state != "frozen":
        raise ConflictError("Only a frozen session can be opened.")
    audited = audits.require(db, session, reason)
    session.state, session.opened_at = "open", now
    record(db, key, user, session, "session opened", now, **audited)


def invite(db: Session, user: SignedIn, session_id: str, code: str, key: bytes, now: datetime) -> Invited:
    """A personal link for a reader, shown this once; an empty code means the next free one."""
    session = own(db, user, session_id)
    invited = invitations.invite(db, session.id, session.owner_id, code.strip() or None, now)
    record(db, key, user, session, "reader invited", now, reading=invited.reading_id)
    return invited


def revoke(db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime) -> None:
    """Make a reader's link useless; what was rated stays."""
    session = _with_reading(db, user, session_id, reading_id)
    invitations.revoke(db, reading_id, now)
    record(db, key, user, session, "link revoked", now, reading=reading_id)


def renew(
    db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime
) -> Invited:
    """A new link for the same reading; the old one stops working."""
    session = _with_reading(db, user, session_id, reading_id)
    invited = invitations.renew(db, reading_id, now)
    record(db, key, user, session, "link renewed", now, reading=reading_id)
    return invited


def _with_reading(db: Session, user: SignedIn, session_id: str, reading_id: str) -> VttSession:
    session = own(db, user, session_id)
    reading = db.get(Reading, reading_id)
    if reading is None or reading.session_id != session.id:
        raise NotFoundError("There is no such reader in this session.")
    return session


def record(
    db: Session,
    key: bytes,
    user: SignedIn,
    session: VttSession,
    action: str,
    now: datetime,
    **details: object,
) -> None:
    """Write what was done to a session into the audit trail."""
    audit.record(
        db, key, now=now, actor=user.pseudonym, action=action, subject=f"session:{session.id}", **details
    )
