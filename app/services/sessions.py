"""VTT sessions as researchers handle them: create, open, close, invite. Freezing stands in freezing.py."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError, NotFoundError
from app.protocol import wording
from app.protocol.design import Protocol
from app.services import audit, audits, imagesets, invitations, jobs, signoff, tokens
from app.services.imagesets import ImageSetRow
from app.services.invitations import Invited, ReaderProgress
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.images import ImageSet
from app.tables.origins import Origin
from app.tables.sessions import Arm, Reading, VttSession
from app.typed import whole_number

FREEZE_JOB = "freeze"
MOST_ITEMS = 5000


@dataclass(frozen=True, slots=True)
class NewSession:
    """A form's contents: the protocol as it is meant, numbers of images as typed."""

    title: str
    public_title: str
    real_set_id: str
    n_real: str
    synthetic_set_id: str
    n_synthetic: str
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A line of the list of sessions."""

    id: str
    title: str
    state: str
    created_at: datetime
    readers: int
    finished: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its owner sees it: no item's truth."""

    id: str
    title: str
    public_title: str
    state: str
    real_set: ImageSetRow
    n_real: int
    synthetic_set: ImageSetRow
    n_synthetic: int
    protocol: Protocol
    manifest_sha256: str | None
    job: JobView | None
    report_job: JobView | None
    readers: tuple[ReaderProgress, ...]
    created_at: datetime
    frozen_at: datetime | None
    opened_at: datetime | None
    closed_at: datetime | None


def create(db: Session, user: SignedIn, new: NewSession, key: bytes, now: datetime) -> str:
    """Make a draft; raises InvalidError where the sets cannot serve it. Returns the id."""
    protocol = new.protocol
    real = imagesets.own(db, user, new.real_set_id, "real")
    synthetic = imagesets.own(db, user, new.synthetic_set_id, "synthetic")
    n_real = _enough(db, real, new.n_real, "real", protocol.practice.real)
    n_synthetic = _enough(
        db, synthetic, new.n_synthetic, "synthetic", protocol.practice.synthetic + protocol.catch
    )
    if protocol.at_once == 2 and n_real != n_synthetic:
        raise InvalidError("Pairs need as many real as synthetic images.")
    _room_for_repeats(n_real + n_synthetic, protocol)
    common_shape(db, real.id, synthetic.id)
    public_title = _neutral(imagesets.named(new.public_title), protocol)
    session = VttSession(
        id=tokens.identifier(),
        owner_id=user.id,
        title=imagesets.named(new.title),
        public_title=public_title,
        state="draft",
        real_set_id=real.id,
        n_real=n_real,
        protocol=protocol.to_json(),
        order_secret=secrets.token_hex(32),
        created_at=now,
    )
    db.add(session)
    db.flush()
    arm = Arm(
        id=tokens.identifier(),
        session_id=session.id,
        image_set_id=synthetic.id,
        label=synthetic.name,
        n_synthetic=n_synthetic,
    )
    db.add(arm)
    _record(db, key, user, session, "session created", now)
    return session.id


def copy(
    db: Session, user: SignedIn, session_id: str, mends: tuple[str, ...], key: bytes, now: datetime
) -> str:
    """A new draft of the same design with these mends besides those it had, and a secret of its own; returns its id."""
    old = own(db, user, session_id)
    protocol = Protocol.from_json(old.protocol)
    mended = replace(protocol, mends=tuple(dict.fromkeys((*protocol.mends, *mends))))
    ending = ", mended"
    session = VttSession(
        id=tokens.identifier(),
        owner_id=user.id,
        title=old.title
        if old.title.endswith(ending)
        else old.title[: imagesets.LONGEST_NAME - len(ending)] + ending,
        public_title=old.public_title,
        state="draft",
        real_set_id=old.real_set_id,
        n_real=old.n_real,
        protocol=mended.to_json(),
        order_secret=secrets.token_hex(32),
        created_at=now,
    )
    db.add(session)
    db.flush()
    for arm in db.scalars(select(Arm).where(Arm.session_id == old.id)):
        db.add(
            Arm(
                id=tokens.identifier(),
                session_id=session.id,
                image_set_id=arm.image_set_id,
                label=arm.label,
                n_synthetic=arm.n_synthetic,
            )
        )
    _record(db, key, user, session, "session created", now, copied_from=old.id, mends=list(mended.mends))
    for actor in audit.actors(db, audit.TRUTH_SEEN, f"session:{old.id}"):  # the copy draws from the same sets
        audit.record(
            db,
            key,
            now=now,
            actor=actor,
            action=audit.TRUTH_SEEN,
            subject=f"session:{session.id}",
            carried_from=old.id,
        )
    return session.id


def _neutral(title: str, protocol: Protocol) -> str:
    """A title that readers may see; raises InvalidError where it names the method, or a purpose that is hidden."""
    if re.search(r"style ?gan|\bgans?\b", title, re.IGNORECASE):
        raise InvalidError(
            "Readers see the title for readers: choose one that says nothing of how images were made, without “GAN”."
        )
    if protocol.purpose_hidden and (word := wording.names_purpose(title)):
        raise InvalidError(
            f"The purpose is hidden, but readers would read “{word}” in the title for readers."
        )
    return title


def _room_for_repeats(n_images: int, protocol: Protocol) -> None:
    first = n_images + protocol.catch - protocol.repeat_lag
    if protocol.repeats > min(n_images, max(first, 0)):
        raise InvalidError(
            f"{protocol.repeats} images cannot be repeated {protocol.repeat_lag} images later among {n_images}: "
            "choose fewer repeats or a smaller distance."
        )


def common_shape(db: Session, real_set_id: str, synthetic_set_id: str) -> tuple[int, int, str]:
    """(width, height, mode) of all images of both sets; raises InvalidError where they differ.

    A different size or colour would give every synthetic image away, and resizing one arm alone would leave
    its own marks: both must have come through the same path before.
    """
    shapes = {set_id: imagesets.shapes(db, set_id) for set_id in (real_set_id, synthetic_set_id)}
    found = shapes[real_set_id] | shapes[synthetic_set_id]
    if len(found) != 1:
        real, synthetic = (
            imagesets.shapes_said(shapes[set_id]) for set_id in (real_set_id, synthetic_set_id)
        )
        raise InvalidError(
            f"The real images are {real} and the synthetic ones {synthetic}: that alone would tell them apart. "
            "Import the real images again with the size of the synthetic ones."
        )
    return found.pop()


def _enough(db: Session, image_set: ImageSet, text: str, kind: str, besides: int) -> int:
    """The number as typed, if the set has so many images and those for practice and catch items besides."""
    wanted = whole_number(text, 1, MOST_ITEMS)
    if wanted is None:
        raise InvalidError(
            f"The number of {kind} images is a whole number from 1 to {MOST_ITEMS}, not “{text.strip()[:40]}”."
        )
    if not imagesets.finished(db, image_set):
        raise ConflictError(f"The set “{image_set.name}” is still being filled; wait for its job to end.")
    there = (
        db.scalar(select(func.count()).select_from(Origin).where(Origin.image_set_id == image_set.id)) or 0
    )
    if there < wanted + besides:
        more = f" and {besides} for practice or attention" if besides else ""
        raise InvalidError(
            f"The design asks for {wanted} {kind} images{more}, but the set “{image_set.name}” has only {there}."
        )
    return wanted


def own(db: Session, user: SignedIn, session_id: str) -> VttSession:
    """The session, if this user may see it; raises NotFoundError."""
    session = db.get(VttSession, session_id)
    if session is None or not (user.is_admin or session.owner_id == user.id):
        raise NotFoundError("There is no such session.")
    return session


def listing(db: Session, user: SignedIn, now: datetime) -> list[SessionRow]:
    """The user's sessions (all for an admin), newest first."""
    del now
    query = (
        select(VttSession, func.count(Reading.id), func.count(Reading.finished_at))
        .outerjoin(Reading, Reading.session_id == VttSession.id)
        .group_by(VttSession.id)
        .order_by(VttSession.created_at.desc(), VttSession.id)
    )
    if not user.is_admin:
        query = query.where(VttSession.owner_id == user.id)
    return [
        SessionRow(s.id, s.title, s.state, s.created_at, readers, finished)
        for s, readers, finished in db.execute(query)
    ]


def view(db: Session, user: SignedIn, session_id: str, now: datetime) -> SessionView:
    """One session; raises NotFoundError."""
    session = own(db, user, session_id)
    arm = the_arm(db, session_id)
    sets = imagesets.rows(
        db, [db.get_one(ImageSet, session.real_set_id), db.get_one(ImageSet, arm.image_set_id)], now
    )
    return SessionView(
        id=session.id,
        title=session.title,
        public_title=session.public_title,
        state=session.state,
        real_set=sets[0],
        n_real=session.n_real,
        synthetic_set=sets[1],
        n_synthetic=arm.n_synthetic,
        protocol=Protocol.from_json(session.protocol),
        manifest_sha256=session.manifest_sha256,
        job=jobs.shown_by_id(db, session.job_id, now),
        report_job=jobs.shown_by_id(db, session.report_job_id, now),
        readers=tuple(invitations.progress(db, session_id)),
        created_at=session.created_at,
        frozen_at=session.frozen_at,
        opened_at=session.opened_at,
        closed_at=session.closed_at,
    )


def the_arm(db: Session, session_id: str) -> Arm:
    """The checkpoint under test."""
    return db.scalars(select(Arm).where(Arm.session_id == session_id).order_by(Arm.label)).one()


def start_freeze(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Ask the worker to fix items and bytes; asking twice starts one job."""
    session = own(db, user, session_id)
    if session.state != "draft":
        raise ConflictError("This session is frozen already.")
    for set_id in (session.real_set_id, the_arm(db, session_id).image_set_id):
        signoff.require(db, set_id)
    running = jobs.shown_by_id(db, session.job_id, now)
    if running and not running.ended:
        return
    payload: dict[str, object] = {"session_id": session.id, "actor": user.pseudonym}
    session.job_id = jobs.enqueue(db, user.id, FREEZE_JOB, payload, now)
    _record(db, key, user, session, "freeze asked for", now)


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
    _record(db, key, user, session, "session opened", now, **audited)


def close(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """End the rating; raises ConflictError unless the session is open."""
    session = own(db, user, session_id)
    if session.state == "closed":
        return
    if session.state != "open":
        raise ConflictError("Only an open session can be closed.")
    session.state, session.closed_at = "closed", now
    _record(db, key, user, session, "session closed", now)


def invite(db: Session, user: SignedIn, session_id: str, code: str, key: bytes, now: datetime) -> Invited:
    """A personal link for a reader, shown this once; an empty code means the next free one."""
    session = own(db, user, session_id)
    invited = invitations.invite(db, session.id, session.owner_id, code.strip() or None, now)
    _record(db, key, user, session, "reader invited", now, reading=invited.reading_id)
    return invited


def revoke(db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime) -> None:
    """Make a reader's link useless; what was rated stays."""
    session = _with_reading(db, user, session_id, reading_id)
    invitations.revoke(db, reading_id, now)
    _record(db, key, user, session, "link revoked", now, reading=reading_id)


def renew(
    db: Session, user: SignedIn, session_id: str, reading_id: str, key: bytes, now: datetime
) -> Invited:
    """A new link for the same reading; the old one stops working."""
    session = _with_reading(db, user, session_id, reading_id)
    invited = invitations.renew(db, reading_id, now)
    _record(db, key, user, session, "link renewed", now, reading=reading_id)
    return invited


def _with_reading(db: Session, user: SignedIn, session_id: str, reading_id: str) -> VttSession:
    session = own(db, user, session_id)
    reading = db.get(Reading, reading_id)
    if reading is None or reading.session_id != session.id:
        raise NotFoundError("There is no such reader in this session.")
    return session


def _record(
    db: Session,
    key: bytes,
    user: SignedIn,
    session: VttSession,
    action: str,
    now: datetime,
    **details: object,
) -> None:
    audit.record(
        db, key, now=now, actor=user.pseudonym, action=action, subject=f"session:{session.id}", **details
    )
