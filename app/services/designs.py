"""A session's design: which sets, how many images of each, the protocol; new, or copied from another session."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import ConflictError, InvalidError
from app.protocol import wording
from app.protocol.design import Protocol
from app.services import audit, imagesets, sessions, tokens
from app.services.people import SignedIn
from app.tables.images import ImageSet
from app.tables.origins import Origin
from app.tables.sessions import Arm, VttSession
from app.typed import whole_number

MOST_ITEMS = 5000
MOST_ARMS = 16
MENDED = ", mended"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A form's contents: the protocol as it is meant, numbers of images as typed, synthetic sets each with its number."""

    title: str
    public_title: str
    real_set_id: str
    n_real: str
    synthetic: tuple[tuple[str, str], ...]
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class _NewArm:
    """A model under test: its set, what it is called in reports, and how many of its images are drawn."""

    image_set_id: str
    label: str
    n_synthetic: int


def create(db: Session, user: SignedIn, new: NewSession, key: bytes, now: datetime) -> str:
    """Make a draft; raises InvalidError where the sets cannot serve it. Returns the id."""
    protocol = new.protocol
    real = imagesets.own(db, user, new.real_set_id, "real")
    n_real = _enough(db, real, new.n_real, "real", protocol.practice.real)
    arms = _arms(db, user, new)
    common_shape(db, real.id, [arm.image_set_id for arm in arms])
    _check_numbers(n_real, [arm.n_synthetic for arm in arms], protocol)
    session = VttSession(
        id=tokens.identifier(),
        owner_id=user.id,
        title=imagesets.named(new.title),
        public_title=_neutral(imagesets.named(new.public_title), protocol),
        state="draft",
        real_set_id=real.id,
        n_real=n_real,
        protocol=protocol.to_json(),
        order_secret=secrets.token_hex(32),
        created_at=now,
    )
    _add(db, session, arms)
    sessions.record(db, key, user, session, "session created", now)
    return session.id


def copy(
    db: Session, user: SignedIn, session_id: str, mends: tuple[str, ...], key: bytes, now: datetime
) -> str:
    """A new draft of the same design with these mends besides those it had, and a secret of its own; returns its id."""
    old = sessions.own(db, user, session_id)
    protocol = Protocol.from_json(old.protocol)
    mended = replace(protocol, mends=tuple(dict.fromkeys((*protocol.mends, *mends))))
    session = VttSession(
        id=tokens.identifier(),
        owner_id=user.id,
        title=old.title.removesuffix(MENDED)[: imagesets.LONGEST_NAME - len(MENDED)] + MENDED,
        public_title=old.public_title,
        state="draft",
        real_set_id=old.real_set_id,
        n_real=old.n_real,
        protocol=mended.to_json(),
        order_secret=secrets.token_hex(32),
        created_at=now,
    )
    arms = sessions.arms_of(db, old.id)
    _add(db, session, [_NewArm(arm.image_set_id, arm.label, arm.n_synthetic) for arm in arms])
    details: dict[str, object] = {"copied_from": old.id, "mends": list(mended.mends)}
    sessions.record(db, key, user, session, "session created", now, **details)
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


def common_shape(db: Session, real_set_id: str, synthetic_set_ids: Iterable[str]) -> tuple[int, int, str]:
    """(width, height, mode) of all images of all sets; raises InvalidError where they differ.

    A different size or colour would give every synthetic image away, and resizing one arm alone would leave
    its own marks: all must have come through the same path before.
    """
    real = imagesets.shapes(db, real_set_id)
    synthetic = set().union(*(imagesets.shapes(db, set_id) for set_id in synthetic_set_ids))
    found = real | synthetic
    if len(found) != 1:
        said = imagesets.shapes_said(real), imagesets.shapes_said(synthetic)
        raise InvalidError(
            f"The real images are {said[0]} and the synthetic ones {said[1]}: that alone would tell them apart. "
            "Import the real images again with the size of the synthetic ones."
        )
    return found.pop()


def share(number: int, parts: int, place: int) -> int:
    """How many of `number` things part `place` (from 0) of so many parts gets: as evenly as can be, the first ones one more."""
    return number // parts + (place < number % parts)


def _add(db: Session, session: VttSession, arms: Sequence[_NewArm]) -> None:
    db.add(session)
    db.flush()
    for arm in arms:
        db.add(
            Arm(
                id=tokens.identifier(),
                session_id=session.id,
                image_set_id=arm.image_set_id,
                label=arm.label,
                n_synthetic=arm.n_synthetic,
            )
        )
    db.flush()


def _arms(db: Session, user: SignedIn, new: NewSession) -> list[_NewArm]:
    if not 1 <= len(new.synthetic) <= MOST_ARMS:
        raise InvalidError(f"Choose 1 to {MOST_ARMS} sets of synthetic images.")
    chosen = [(imagesets.own(db, user, set_id, "synthetic"), number) for set_id, number in new.synthetic]
    if len({found.name for found, _ in chosen}) < len(chosen):
        raise InvalidError("Two models under test have the same name, or one set was chosen twice.")
    arms = []
    for place, (found, number) in enumerate(sorted(chosen, key=lambda pair: pair[0].name)):
        practice, catch = (
            share(n, len(chosen), place) for n in (new.protocol.practice.synthetic, new.protocol.catch)
        )
        wanted = _enough(db, found, number, "synthetic", practice + catch)
        arms.append(_NewArm(found.id, found.name, wanted))
    return arms


def _check_numbers(n_real: int, n_synthetic: Sequence[int], protocol: Protocol) -> None:
    """Refuse numbers of images that the protocol cannot be carried out with."""
    blocks = len(n_synthetic) if protocol.arm_blocks else 1
    if n_real < blocks:
        raise InvalidError("Each model's block needs a real image at least.")
    for place in range(blocks):
        synthetic = n_synthetic[place] if protocol.arm_blocks else sum(n_synthetic)
        real = share(n_real, blocks, place)
        if protocol.at_once == 2 and real != synthetic:
            raise InvalidError("Pairs need as many real as synthetic images, in each block.")
        repeats, catch = (share(n, blocks, place) for n in (protocol.repeats, protocol.catch))
        _room_for_repeats(real + synthetic, repeats, catch, protocol.repeat_lag)


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


def _room_for_repeats(n_images: int, repeats: int, catch: int, lag: int) -> None:
    if repeats > min(n_images, max(n_images + catch - lag, 0)):
        raise InvalidError(
            f"{repeats} images cannot be repeated {lag} images later among {n_images}: "
            "choose fewer repeats or a smaller distance."
        )


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
