"""What a blinding audit needs of the database and the stored bytes. For the worker and the command line: it loads scipy."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.blinding import audit as pixels
from app.blinding.audit import Finding
from app.blinding.cues import SIDE_AT_LEAST
from app.blinding.duplicates import Duplicate
from app.db import Table
from app.imaging import neighbours, stimulus
from app.protocol import balance
from app.protocol.balance import Check
from app.protocol.design import Protocol
from app.report import audit_figures
from app.tables.checkpoints import Checkpoint
from app.tables.images import Image, ImageSet
from app.tables.origins import Origin
from app.tables.people import User
from app.tables.sessions import Arm, Item, Presentation, VttSession

MOST_PIXELS = 2**28
"""So many values are looked at in one audit: 1,024 images of 512 × 512 in grey. A larger session is sampled."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An item by its number, at its position (from 1) in an order, with the sha256 of its frozen bytes."""

    number: int
    position: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Stimuli for an audit: numbers of the items, pixels (N, H, W) or (N, H, W, 3), the truth (N,)."""

    numbers: tuple[int, ...]
    images: NDArray[np.uint8]
    synthetic: NDArray[np.bool_]


def copy(db: Session, into: Session, session_id: str) -> str:
    """Copy a frozen session with all that its readers' requests could reach, and open the copy; returns the owner's id.

    Jobs and experiments stay behind.
    """
    session = db.get_one(VttSession, session_id)
    arms = list(db.scalars(select(Arm).where(Arm.session_id == session_id)))
    items = list(db.scalars(select(Item).where(Item.session_id == session_id)))
    images = select(Item.image_id).where(Item.session_id == session_id)
    origins = list(db.scalars(select(Origin).where(Origin.image_id.in_(images))))
    checkpoint_ids = {origin.checkpoint_id for origin in origins} - {None}
    checkpoints = list(db.scalars(select(Checkpoint).where(Checkpoint.id.in_(checkpoint_ids))))
    sets = list(
        db.scalars(
            select(ImageSet).where(ImageSet.id.in_([session.real_set_id, *(a.image_set_id for a in arms)]))
        )
    )
    owners = {session.owner_id, *(s.owner_id for s in sets), *(c.owner_id for c in checkpoints)}
    _put(into, list(db.scalars(select(User).where(User.id.in_(owners)))))
    _put(into, checkpoints, job_id=None, experiment_id=None)
    _put(into, sets, job_id=None)
    _put(into, list(db.scalars(select(Image).where(Image.id.in_(images)))))
    _put(into, origins)
    _put(
        into,
        [session],
        state="draft",
        frozen_at=None,
        opened_at=None,
        closed_at=None,
        job_id=None,
        report_job_id=None,
    )
    _put(into, arms)
    _put(into, items)
    opened = {"state": "open", "frozen_at": session.frozen_at, "opened_at": session.frozen_at}
    into.execute(update(VttSession).values(**opened))
    return session.owner_id


def _put(into: Session, rows: Sequence[Table], **changed: object) -> None:
    """Write rows of one table into another database, all columns as they are but the changed ones."""
    if rows:
        columns = [column.key for column in inspect(type(rows[0])).column_attrs]
        values = [{**{name: getattr(row, name) for name in columns}, **changed} for row in rows]
        into.execute(insert(type(rows[0])), values)


def protocol(db: Session, session_id: str) -> Protocol:
    return Protocol.from_json(db.get_one(VttSession, session_id).protocol)


def shown(db: Session, reading_id: str) -> dict[str, Shown]:
    """What stands behind each random name of a reading."""
    query = (
        select(Presentation, Item)
        .join(Item, Item.id == Presentation.item_id)
        .where(Presentation.reading_id == reading_id)
        .order_by(Presentation.position)
    )
    return {
        name.token: Shown(item.number, name.position, item.stimulus_sha256)
        for name, item in db.execute(query)
    }


def truth(db: Session, session_id: str) -> dict[int, bool]:
    """Whether each item that is analysed is synthetic, by number and in the numbers' order.

    Repeats would be found as copies and catch items as damaged; practice items come first and are told.
    """
    query = (
        select(Item.number, Origin.kind)
        .join(Origin, Origin.image_id == Item.image_id)
        .where(Item.session_id == session_id, Item.kind == "main")
        .order_by(Item.number)
    )
    return {number: kind == "synthetic" for number, kind in db.execute(query)}


def balanced(db: Session, session_id: str) -> list[Check]:
    """What thousands of simulated readers would see, counted."""
    session = db.get_one(VttSession, session_id)
    query = select(Item).where(Item.session_id == session_id, Item.kind != "practice")
    items = list(db.scalars(query.order_by(Item.number)))
    by_number = truth(db, session_id)
    synthetic = {item.id: by_number[item.number] for item in items if item.number in by_number}
    readers = balance.readers_for(len(items))
    return balance.check(items, synthetic, protocol(db, session_id), session.order_secret, readers)


def sample(db: Session, artifacts: Artifacts, session_id: str, rng: np.random.Generator) -> Sample:
    """The stimuli of a session, decoded; of one with more than MOST_PIXELS values as many as fit, drawn within each kind."""
    query = (
        select(Item.number, Item.stimulus_sha256)
        .where(Item.session_id == session_id, Item.kind == "main")
        .order_by(Item.number)
    )
    items = db.execute(query).all()
    synthetic = np.array(list(truth(db, session_id).values()), np.bool_)
    first = stimulus.decode(artifacts.get_content("stimuli", items[0].stimulus_sha256, ".png"))
    places = _fitting(synthetic, MOST_PIXELS // first.size, rng)
    images = np.stack(
        [stimulus.decode(artifacts.get_content("stimuli", items[i].stimulus_sha256, ".png")) for i in places]
    )
    return Sample(tuple(items[i].number for i in places), images, synthetic[places])


def _fitting(synthetic: NDArray[np.bool_], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places of at most `most` items, as many of each kind as the mix allows, in their order."""
    share = min(1.0, most / len(synthetic))
    kept = [
        rng.permutation(np.flatnonzero(synthetic == kind))[: max(2, int(share * np.sum(synthetic == kind)))]
        for kind in (False, True)
    ]
    return np.sort(np.concatenate(kept))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the pixels give away: the result as it is kept, and figures by file name."""

    result: dict[str, Any]
    figures: dict[str, str]


def measure(sample: Sample, rng: np.random.Generator) -> Measured:
    """Audit the pixels of a sample, and find each synthetic image's nearest real one.

    Images that are too few or too small to be measured get a sentence instead; that is a finding, too.
    """
    numbers = sample.numbers
    counts = {
        "real": int((~sample.synthetic).sum()),
        "synthetic": int(sample.synthetic.sum()),
    }
    result: dict[str, Any] = {"looked_at": counts, "neighbours": _neighbours(sample), "warnings": []}
    unmeasured = _unmeasurable(sample)
    if unmeasured:
        return Measured({**result, "pixels": None, "unmeasured": unmeasured}, {})
    found = pixels.audit(sample.images, sample.synthetic, rng)
    kept = asdict(found)
    for finding, whole in zip(kept["findings"], found.findings, strict=True):
        finding["picture"] = _file(whole)
        finding["images"] = [numbers[place] for place in finding["images"]]
    for pair in kept["duplicates"]:
        pair["first"], pair["second"] = numbers[pair["first"]], numbers[pair["second"]]
    result["warnings"] = _doubles(found.duplicates)
    shown = {_file(finding): finding.picture for finding in found.findings}
    figures = {name: audit_figures.draw(picture) for name, picture in shown.items()}
    return Measured({**result, "pixels": kept, "unmeasured": ""}, figures)


def _file(finding: Finding) -> str:
    """The name of a finding's figure; findings that show the same curves share one."""
    kind = finding.picture.kind
    return f"{finding.cue if kind == 'values' else kind}.svg".replace(" ", "-")


def _unmeasurable(sample: Sample) -> str:
    smallest = min(sample.images.shape[1:3])
    if smallest < SIDE_AT_LEAST:
        return f"Images of {smallest} pixels are too small for the audit, which needs {SIDE_AT_LEAST}."
    if min(sample.synthetic.sum(), (~sample.synthetic).sum()) < 2:
        return "The audit of the pixels needs at least two images of each kind."
    return ""


def _doubles(found: Sequence[Duplicate]) -> list[str]:
    """A sentence for exact copies and one for near ones of a real image among the synthetic."""
    exact = sum(pair.exact for pair in found)
    near = sum(pair.kinds == "both" and not pair.exact for pair in found)
    told = []
    if exact:
        told.append(f"{exact} {'image is' if exact == 1 else 'images are'} in the session more than once.")
    if near:
        told.append(
            f"{near} synthetic {'image is' if near == 1 else 'images are'} nearly the same as a real one: "
            "the generator may repeat what it was trained on."
        )
    return told


def _neighbours(sample: Sample) -> dict[str, Any]:
    """For each synthetic image its nearest real one: pairs of numbers with distances, the closest first."""
    small = np.stack([neighbours.thumbnail(image) for image in sample.images])
    real, synthetic = np.flatnonzero(~sample.synthetic), np.flatnonzero(sample.synthetic)
    near = neighbours.nearest(small[synthetic], small[real], 1)
    distances = near.distances[:, 0]
    pairs = [
        [
            sample.numbers[synthetic[place]],
            sample.numbers[real[near.places[place, 0]]],
            round(float(distances[place]), 4),
        ]
        for place in np.argsort(distances, kind="stable")
    ]
    gap = neighbours.typical_gap(small[real])
    return {
        "pairs": pairs,
        "synthetic_to_real": round(float(np.median(distances)), 4),
        "real_to_real": None if np.isnan(gap) else round(gap, 4),
    }
