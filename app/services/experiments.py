"""Experiments: training runs, by the names that researchers give them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.services import imagesets, tokens
from app.services.people import SignedIn
from app.tables.checkpoints import Experiment


def by_name(db: Session, owner_id: str, name: str, now: datetime) -> str | None:
    """The id of the owner's experiment of this name, made where it is new; None for an empty name."""
    if not name.strip():
        return None
    name = imagesets.named(name)
    found = db.scalar(select(Experiment.id).where(Experiment.owner_id == owner_id, Experiment.name == name))
    if found is not None:
        return found
    experiment = Experiment(id=tokens.identifier(), owner_id=owner_id, name=name, created_at=now)
    db.add(experiment)
    db.flush()
    return experiment.id


def name_of(db: Session, experiment_id: str | None) -> str:
    """Its name, empty for none."""
    return db.get_one(Experiment, experiment_id).name if experiment_id else ""


def names(db: Session, user: SignedIn) -> list[str]:
    """The names of the user's experiments, for choosing."""
    query = select(Experiment.name).where(Experiment.owner_id == user.id).order_by(Experiment.name)
    return list(db.scalars(query))
