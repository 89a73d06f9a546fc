"""The manifest of a frozen session: what can be published before the study and checked after it.

It holds no item's truth, only a salted commitment of it. The salt is the session's secret, from which selection, numbers and every
reader's order are drawn: whoever gets the secret after the study can draw all of them again.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.audit_head import Head
from app.errors import ConflictError, InvalidError
from app.imaging import stimulus
from app.protocol.design import Protocol
from app.services import feasible, sessions
from app.services.stimuli import MEND_SEED
from app.tables.checkpoints import Checkpoint
from app.tables.images import ImageSet
from app.tables.sessions import VttSession

MANIFEST_VERSION = 2
ORDER_RULE = (
    "main and catch items sorted by HMAC-SHA256(key = HMAC-SHA256(secret, 'reader N'), item id), N the reader's number from 1; each repeat "
    "put in at a place drawn from the same key, behind its item by the protocol's lag or more; pairs turned and sorted as one; several blocks "
    "each so, in turn by a Williams design; practice items before, by a key of their own"
)
_NOT_ONE = "This is no exported manifest."


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A line of the manifest: an item's id, its kind as a part of the reading, and the sha256 of its bytes."""

    item: str
    kind: str
    sha256: str


def truth_commitment(secret: str, kinds: Sequence[str]) -> str:
    """A salted hash of the truth: published before the study, opened with the secret after it."""
    return hmac.new(bytes.fromhex(secret), json.dumps(list(kinds)).encode(), hashlib.sha256).hexdigest()


def order_commitment(secret: str) -> str:
    """The hash of the secret that all orders are drawn from; 256 random bits cannot be guessed from it."""
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def written(manifest: Mapping[str, object]) -> bytes:
    """The file of a manifest; the same manifest gives the same bytes."""
    return json.dumps(manifest, indent=1, sort_keys=True).encode()


def make(
    db: Session,
    session: VttSession,
    stimuli: Sequence[Stimulus],
    kinds: Sequence[str],
    length: int,
    now: datetime,
) -> dict[str, object]:
    """All that is fixed; `kinds` is the truth in the order of the stimuli, and goes in as a commitment alone."""
    protocol = Protocol.from_json(session.protocol)
    arms = sessions.arms_of(db, session.id)
    width, height, mode = feasible.common_shape(db, session.real_set_id, [arm.image_set_id for arm in arms])
    shape = {"width": width, "height": height, "mode": mode, "bytes": length}
    return {
        "version": MANIFEST_VERSION,
        "program": {name: version(name) for name in ("blindread", "numpy", "pillow")},
        "session": session.id,
        "title": session.title,
        "public_title": session.public_title,
        "frozen_at": now.isoformat(),
        "protocol": session.protocol,
        "wording": {
            "sentences": protocol.told(session.n_real, sum(one.kind == "main" for one in stimuli)),
            "likert_labels": list(protocol.likert_labels),
        },
        "mends": [{"name": name, "seed": MEND_SEED} for name in protocol.mends],
        "encoder": {**stimulus.PARAMETERS, **shape},
        "stimuli": [
            {"number": number, "item": one.item, "kind": one.kind, "sha256": one.sha256}
            for number, one in enumerate(stimuli, start=1)
        ],
        "order": {"rule": ORDER_RULE, "commitment": order_commitment(session.order_secret)},
        "real": {"images": session.n_real, "pipeline": db.get_one(ImageSet, session.real_set_id).pipeline},
        "arms": [
            {"label": arm.label, "images": arm.n_synthetic, **_generator(db, arm.image_set_id)}
            for arm in arms
        ],
        "truth_commitment": truth_commitment(session.order_secret, kinds),
    }


def _generator(db: Session, image_set_id: str) -> dict[str, object]:
    """Where an arm's images come from: sampling, what the checkpoint is, the sha256 of its weights as we keep them."""
    pipeline = db.get_one(ImageSet, image_set_id).pipeline
    checkpoint = db.get_one(Checkpoint, str(pipeline["checkpoint_id"]))
    return {
        "sampling": {key: value for key, value in pipeline.items() if key != "checkpoint_id"},
        "checkpoint": checkpoint.facts,
        "weights_sha256": PurePosixPath(checkpoint.artifact).stem if checkpoint.artifact else None,
    }


def published(artifacts: Artifacts, session: VttSession) -> bytes:
    """The manifest as frozen, before the study: no truth. Raises ConflictError for a draft."""
    if session.manifest_sha256 is None:
        raise ConflictError("This session is not frozen, so it has no manifest yet.")
    return artifacts.get(f"manifests/{session.id}.json")


def check_opened(text: bytes) -> int:
    """Check an exported manifest.json on its own: the number of items whose truth is as committed.

    Raises InvalidError where the manifest is not that of its sha256, or where truth or secret are not those that were committed to.
    """
    try:
        whole = json.loads(text)
        manifest, opened = whole["manifest"], whole["truth"]
        secret, kinds = str(opened["salt"]), [str(kind) for kind in opened["kinds"]]
        found = truth_commitment(secret, kinds), order_commitment(secret)
        promised = manifest["truth_commitment"], manifest.get("order", {}).get("commitment", found[1])
        sha256, stimuli = whole["manifest_sha256"], len(manifest["stimuli"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidError(_NOT_ONE) from error
    if hashlib.sha256(written(manifest)).hexdigest() != sha256:
        raise InvalidError("The manifest was changed: its sha256 is not the one that it is exported with.")
    if found != promised or len(kinds) != stimuli:
        raise InvalidError("The truth is not the one that the manifest committed to.")
    return stimuli


def audit_head_of(text: bytes) -> Head:
    """The end of the audit trail when a file was exported; raises InvalidError where it tells none."""
    try:
        head = json.loads(text)["audit_head"]
        return Head(int(head["number"]), str(head["mac"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidError("This file tells no head of the audit trail.") from error
