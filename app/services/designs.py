"""A session's design: which sets, how many images of each, the protocol; new, changed while it is a draft, or copied with mends."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import ConflictError, NotFoundError
from app.protocol import scale, wording
from app.protocol.design import Protocol
from app.services import changes, feasible, imagesets, jobs, phases, sessions, tokens
from app.services.feasible import Feasible, NewArm, NewSession
from app.services.people import SignedIn
from app.tables.sessions import Arm, VttSession

MENDED, NEXT = ", mended", ", next phase"


def create(db: Session, user: SignedIn, new: NewSession, key: bytes, now: datetime) -> str:
    """Make a draft; raises InvalidError where the sets cannot serve it. Returns the id."""
    session = add(db, user.id, feasible.checked(db, user, new), now)
    sessions.record(db, key, user, session, "session created", now)
    return session.id


def revise(db: Session, user: SignedIn, session_id: str, new: NewSession, key: bytes, now: datetime) -> None:
    """Change a draft to what the form holds now; raises ConflictError once it is frozen, or while it is being frozen."""
    session = _draft(db, user, session_id, now)
    design = feasible.checked(db, user, new, session_id)
    before = changes.design(db, session)
    session.title, session.public_title = design.title, design.public_title
    session.real_set_id, session.n_real = design.real_set_id, design.n_real
    session.protocol, session.follows_id = design.protocol.to_json(), design.follows_id
    db.execute(delete(Arm).where(Arm.session_id == session.id))
    _add_arms(db, session.id, design.arms)
    db.flush()
    changed = changes.between(before, changes.design(db, session))
    sessions.record(db, key, user, session, "draft changed", now, changed=changed)


def discard(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Delete a draft; its sets stay. Raises ConflictError once it is frozen, or while it is being frozen."""
    session = _draft(db, user, session_id, now)
    sessions.record(db, key, user, session, "draft discarded", now)
    db.execute(delete(Arm).where(Arm.session_id == session.id))
    after = phases.following(db, session.id)
    if after is not None:
        after.follows_id = None
    db.delete(session)


def as_typed(db: Session, user: SignedIn, session_id: str) -> NewSession:
    """The design of a session, as its form would hold it."""
    session = sessions.of_owner(db, user, session_id)
    arms = sessions.arms_of(db, session_id)
    return NewSession(
        title=session.title,
        public_title=session.public_title,
        real_set_id=session.real_set_id,
        n_real=str(session.n_real),
        synthetic=tuple((arm.image_set_id, str(arm.n_synthetic)) for arm in arms),
        protocol=Protocol.from_json(session.protocol),
        follows=session.follows_id or "",
    )


def after(db: Session, user: SignedIn, session_id: str) -> NewSession:
    """The design of a session as its next phase would begin: what was hidden is told now, in the built-in words."""
    before = as_typed(db, user, session_id)
    told = before.protocol
    if told.purpose_hidden:
        likert = told.answering == "likert"
        told = replace(
            told,
            purpose_hidden=False,
            debrief="",
            instructions=wording.LIKERT_INSTRUCTIONS if likert else wording.INSTRUCTIONS,
            question=wording.LIKERT_QUESTION,
            likert_labels=scale.LABELS,
        )
    title = before.title[: imagesets.LONGEST_NAME - len(NEXT)] + NEXT
    return replace(before, title=title, protocol=told, follows=session_id)


def copy(
    db: Session, user: SignedIn, session_id: str, mends: tuple[str, ...], key: bytes, now: datetime
) -> str:
    """A new draft of the same design with these mends besides those it had, and a secret of its own; returns its id."""
    old = sessions.of_owner(db, user, session_id)
    design = of(db, old)
    mended = tuple(dict.fromkeys((*design.protocol.mends, *mends)))
    design = replace(
        design,
        title=old.title.removesuffix(MENDED)[: imagesets.LONGEST_NAME - len(MENDED)] + MENDED,
        protocol=replace(design.protocol, mends=mended),
    )
    session = add(db, user.id, design, now)
    details: dict[str, object] = {"copied_from": old.id, "mends": list(design.protocol.mends)}
    sessions.record(db, key, user, session, "session created", now, **details)
    return session.id


def is_draft(db: Session, user: SignedIn, session_id: str) -> bool:
    """Whether there is such a session of this user's, and it can be changed or discarded yet, if not at this moment."""
    try:
        return sessions.own(db, user, session_id).state == "draft"
    except NotFoundError:
        return False


def _draft(db: Session, user: SignedIn, session_id: str, now: datetime) -> VttSession:
    session = sessions.of_owner(db, user, session_id)
    if session.state != "draft":
        raise ConflictError("This session is frozen: its design cannot be changed. Begin a new one from it.")
    running = jobs.shown_by_id(db, session.job_id, now)
    if running and not running.ended:
        raise ConflictError("This session is being frozen; cancel that first.")
    return session


def of(db: Session, session: VttSession) -> Feasible:
    """The design of a stored session."""
    return Feasible(
        title=session.title,
        public_title=session.public_title,
        real_set_id=session.real_set_id,
        n_real=session.n_real,
        arms=tuple(
            NewArm(arm.image_set_id, arm.label, arm.n_synthetic) for arm in sessions.arms_of(db, session.id)
        ),
        protocol=Protocol.from_json(session.protocol),
    )


def add(
    db: Session, owner_id: str, design: Feasible, now: datetime, preview_of: str | None = None
) -> VttSession:
    """A draft of this design, with a secret of its own."""
    session = VttSession(
        id=tokens.identifier(),
        owner_id=owner_id,
        title=design.title,
        public_title=design.public_title,
        state="draft",
        real_set_id=design.real_set_id,
        n_real=design.n_real,
        protocol=design.protocol.to_json(),
        order_secret=secrets.token_hex(32),
        preview_of=preview_of,
        follows_id=design.follows_id,
        created_at=now,
    )
    db.add(session)
    db.flush()
    _add_arms(db, session.id, design.arms)
    return session


def _add_arms(db: Session, session_id: str, arms: tuple[NewArm, ...]) -> None:
    for arm in arms:
        db.add(
            Arm(
                id=tokens.identifier(),
                session_id=session_id,
                image_set_id=arm.image_set_id,
                label=arm.label,
                n_synthetic=arm.n_synthetic,
            )
        )
    db.flush()
