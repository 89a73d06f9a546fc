"""A closed session as its report's methods tell it: protocol, images, turnout."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.protocol.design import Protocol
from app.report.study import Sampled, Study
from app.services import feasible, import_words, looks, monitoring, phases, sessions
from app.tables.checkpoints import Checkpoint, Experiment
from app.tables.images import ImageSet
from app.tables.sessions import Arm, VttSession

_MODES = {"L": "greyscale", "RGB": "colour"}


def study(db: Session, session: VttSession) -> Study:
    """What is stored of a session besides its ratings."""
    arms = sessions.arms_of(db, session.id)
    width, height, mode = feasible.common_shape(db, session.real_set_id, [arm.image_set_id for arm in arms])
    return Study(
        protocol=Protocol.from_json(session.protocol),
        n_real=session.n_real,
        arms=tuple(_tested(db, arm) for arm in arms),
        size=f"{width} × {height} pixels, {_MODES.get(mode, mode)}",
        preparation=_prepared(db.get_one(ImageSet, session.real_set_id)),
        turnout=monitoring.turnout(db, session.id),
        frozen=_day(session.frozen_at),
        opened=_day(session.opened_at),
        closed=_day(session.closed_at),
        marks=looks.marks(db, session),
        before=_before(db, session),
    )


def _before(db: Session, session: VttSession) -> tuple[Protocol, ...]:
    earlier = list(phases.earlier(db, session.follows_id))
    return tuple(Protocol.from_json(one.protocol) for one in reversed(earlier))


def _tested(db: Session, arm: Arm) -> Sampled:
    made = db.get_one(ImageSet, arm.image_set_id).pipeline
    named = (("psi", "truncation ψ ="), ("noise_mode", "noise:"), ("class_index", "class"))
    said = [f"{words} {made[key]}" for key, words in named if made.get(key) is not None]
    sampling = ", ".join((*said, f"seeds from {made['seeds']}"))
    return Sampled(arm.label, arm.n_synthetic, sampling, experiment(db, arm))


def experiment(db: Session, arm: Arm) -> str:
    """The name of the experiment that an arm's checkpoint is of; empty where it is of none."""
    made = db.get_one(ImageSet, arm.image_set_id).pipeline
    query = (
        select(Experiment.name)
        .join(Checkpoint, Checkpoint.experiment_id == Experiment.id)
        .where(Checkpoint.id == str(made.get("checkpoint_id", "")))
    )
    return db.scalar(query) or ""


def _prepared(image_set: ImageSet) -> str:
    return "; ".join(f"{name.lower()}: {words}" for name, words in import_words.said(image_set.pipeline))


def _day(when: datetime | None) -> str:
    return when.date().isoformat() if when else ""
