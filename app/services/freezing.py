"""Freeze a session: choose its items, fix the bytes that readers will see, write the manifest."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle, islice, zip_longest

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, InvalidError
from app.protocol import pairs
from app.protocol.design import Protocol
from app.protocol.order import order
from app.services import audit, feasible, manifests, phases, sessions, stimuli, tokens
from app.services.feasible import share
from app.services.manifests import Stimulus
from app.services.stimuli import Source
from app.tables.images import Image
from app.tables.origins import Origin
from app.tables.sessions import Arm, Item, VttSession


@dataclass(frozen=True, slots=True)
class Chosen:
    """An image that becomes an item, in the order of the items' numbers: its truth, and what the item is for."""

    image_id: str
    sha256: str
    truth: str
    kind: str = "main"
    block: int = 1
    part: int = 0


@dataclass(frozen=True, slots=True)
class Fixed:
    """The bytes of all stimuli, by number, and what they have in common."""

    sha256: tuple[str, ...]
    length: int


def choose(db: Session, session_id: str) -> list[Chosen]:
    """The items of a draft, drawn at random under the session's secret; the same draft gives the same items."""
    session = db.get_one(VttSession, session_id)
    if session.state != "draft":
        raise ConflictError("This session is frozen already.")
    arms = sessions.arms_of(db, session_id)
    feasible.common_shape(db, session.real_set_id, [arm.image_set_id for arm in arms])
    sessions.require_signed_off(db, session)
    protocol = Protocol.from_json(session.protocol)
    drawn = _drawn(db, session, arms, protocol, phases.shown(db, session.follows_id))
    if protocol.at_once == 2:
        return [one for cell in _cells(drawn) for one in _paired(cell, session.order_secret)]
    main = _cells([one for one in drawn if one.kind == "main"])
    for place, cell in enumerate(main):
        drawn += _repeats(cell, share(protocol.repeats, len(main), place), session.order_secret)
    by_name = {f"{chosen.image_id} {chosen.kind}": chosen for chosen in drawn}
    return [by_name[name] for name in order(sorted(by_name), _seed(session.order_secret, "numbers"))]


def _drawn(
    db: Session, session: VttSession, arms: Sequence[Arm], protocol: Protocol, shown: frozenset[str]
) -> list[Chosen]:
    """Real images, then each model's, each in its block and part; what practice, anchors and attention need is shared by the models.

    Practice and anchors come before all blocks and are counted to the first. Images `shown` in a phase before are left out.
    """
    secret, practice = session.order_secret, protocol.practice
    n_blocks = len(arms) if protocol.arm_blocks else 1
    wanted = {"main": session.n_real, "practice": practice.real, "anchor": protocol.anchors // 2}
    real = iter(_draw(db, session.real_set_id, wanted, secret, shown))
    drawn: list[Chosen] = []
    for at in range(n_blocks):
        drawn += [replace(one, block=at + 1) for one in islice(real, share(session.n_real, n_blocks, at))]
    drawn += real
    for place, arm in enumerate(arms):
        wanted = {
            "main": arm.n_synthetic,
            "practice": share(practice.synthetic, len(arms), place),
            "anchor": share(protocol.anchors // 2, len(arms), place),
            "catch": share(protocol.catch, len(arms), place),
        }
        block = place + 1 if protocol.arm_blocks else 1
        mine = _draw(db, arm.image_set_id, wanted, secret, shown)
        drawn += [replace(one, block=block) if one.kind in {"main", "catch"} else one for one in mine]
    return _dealt(drawn, protocol.parts)


def _dealt(drawn: Sequence[Chosen], parts: int) -> list[Chosen]:
    """Main items of each block dealt round into its parts, real ones first, then model after model; all others are for everybody.

    So the parts of a block differ by one image at most, and so do their real ones, and their synthetic ones.
    """
    if parts == 1:
        return list(drawn)
    dealers = {one.block: cycle(range(1, parts + 1)) for one in drawn}
    return [replace(one, part=next(dealers[one.block])) if one.kind == "main" else one for one in drawn]


def _cells(drawn: Sequence[Chosen]) -> list[list[Chosen]]:
    """The items of each block and part."""
    cells = sorted({(chosen.block, chosen.part) for chosen in drawn})
    return [[chosen for chosen in drawn if (chosen.block, chosen.part) == cell] for cell in cells]


def _repeats(drawn: Sequence[Chosen], count: int, secret: str) -> list[Chosen]:
    """Main items that come twice: half of them real, as far as there are enough."""
    main = {chosen.image_id: chosen for chosen in drawn if chosen.kind == "main"}
    mixed = order(sorted(main), _seed(secret, "repeats"))
    by_truth = [[i for i in mixed if main[i].truth == truth] for truth in ("real", "synthetic")]
    halves = zip_longest(*by_truth)
    alternating = [image_id for pair in halves for image_id in pair if image_id is not None]
    return [replace(main[image_id], kind="repeat") for image_id in alternating[:count]]


def _paired(drawn: Sequence[Chosen], secret: str) -> list[Chosen]:
    """Main items in pairs, then practice items in pairs."""
    numbered: list[Chosen] = []
    for kind in ("main", "practice"):
        there = {chosen.image_id: chosen for chosen in drawn if chosen.kind == kind}
        real, synthetic = ([i for i in there if there[i].truth == truth] for truth in ("real", "synthetic"))
        seed = _seed(secret, f"pairs {kind}")
        numbered += [there[image_id] for image_id in pairs.paired(real, synthetic, seed)]
    return numbered


def mends_of(db: Session, session_id: str) -> tuple[str, ...]:
    """The mends that the researcher chose for all items of a draft."""
    return Protocol.from_json(db.get_one(VttSession, session_id).protocol).mends


def _draw(
    db: Session, set_id: str, wanted: Mapping[str, int], secret: str, shown: frozenset[str]
) -> list[Chosen]:
    rows = db.execute(
        select(Image.id, Image.sha256, Origin.kind)
        .join(Origin, Origin.image_id == Image.id)
        .where(Origin.image_set_id == set_id)
    )
    there = {
        image_id: Chosen(image_id, sha256, truth) for image_id, sha256, truth in rows if image_id not in shown
    }
    if len(there) < (count := sum(wanted.values())):
        raise InvalidError(
            f"A set has {len(there)} images left to be shown, but the design asks for {count}."
        )
    drawn = (there[i] for i in order(sorted(there), _seed(secret, "selection")))
    return [replace(next(drawn), kind=kind) for kind, number in wanted.items() for _ in range(number)]


def _seed(secret: str, purpose: str) -> bytes:
    return hmac.new(bytes.fromhex(secret), purpose.encode(), hashlib.sha256).digest()


def fix_bytes(
    artifacts: Artifacts, chosen: Sequence[Chosen], mended: Sequence[str], alive: Callable[[int], bool]
) -> Fixed | None:
    """Encode every item by one path and store it; None where `alive(done)` says to stop.

    Raises InvalidError where the files differ in length: that alone would tell some of them apart.
    """
    digests, lengths = [], set()
    sources = [Source(item.sha256, item.kind) for item in chosen]
    for done, encoded in enumerate(stimuli.derived(artifacts, sources, mended)):
        if done % 16 == 0 and not alive(done):
            return None
        lengths.add(len(encoded))
        digests.append(artifacts.put_content("stimuli", encoded, ".png"))
    if len(lengths) != 1:
        raise InvalidError(
            "The stimuli differ in their length in bytes; are all images of one size and mode?"
        )
    return Fixed(tuple(digests), lengths.pop())


def freeze(
    db: Session,
    artifacts: Artifacts,
    session_id: str,
    chosen: Sequence[Chosen],
    fixed: Fixed,
    *,
    actor: str,
    key: bytes,
    now: datetime,
) -> None:
    """Write items and manifest, for ever; a second call for a frozen session does nothing."""
    session = db.get_one(VttSession, session_id)
    if session.state != "draft":
        return
    items = [
        Item(
            id=tokens.identifier(),
            session_id=session_id,
            image_id=item.image_id,
            number=number,
            kind=item.kind,
            block=item.block,
            part=item.part,
            stimulus_sha256=digest,
            feedback=item.truth if item.kind == "practice" else None,
        )
        for number, (item, digest) in enumerate(zip(chosen, fixed.sha256, strict=True), start=1)
    ]
    lines = [Stimulus(item.id, item.kind, item.stimulus_sha256) for item in items]
    truth = [item.truth for item in chosen]
    manifest = manifests.make(db, session, lines, truth, fixed.length, now)
    session.manifest_sha256 = artifacts.put(f"manifests/{session_id}.json", manifests.written(manifest))
    db.add_all(items)
    db.flush()
    session.state, session.frozen_at = "frozen", now
    audit.record(
        db,
        key,
        now=now,
        actor=actor,
        action=audit.FROZEN,
        subject=f"session:{session_id}",
        manifest_sha256=session.manifest_sha256,
    )
