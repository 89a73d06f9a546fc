"""A session's blinding audit as its researcher sees it: group statistics at once, single images' truth only after a logged look."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import ConflictError, InvalidError, NotFoundError
from app.services import audit, audits, designs, eligibility, jobs, sessions
from app.services.audits import Verdict
from app.services.jobs import JobView
from app.services.people import SignedIn
from app.tables.audits import Audit
from app.tables.sessions import Item, VttSession

CLOSEST = 6
MENDS = {
    "clip": "Cut all images' values to a range that nearly all of them reach. It costs the brightest and darkest detail.",
    "border mask": "Blacken a frame of one width in all images. It costs what the frame covers.",
    "noise floor": "Soften all images a little and lay one and the same grain over them. It costs the finest detail.",
}


@dataclass(frozen=True, slots=True)
class FindingView:
    """A cue that differs between real and synthetic images; `images` are (number, truth) where the truth was looked at."""

    title: str
    sentence: str
    p: float
    picture: str
    mend: str
    images: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How near synthetic images are to real ones; `pairs` are (synthetic, real, distance) where the truth was looked at."""

    synthetic_to_real: float
    real_to_real: float | None
    pairs: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class AuditView:
    """An audit's state: the job where one works, the rest where one has finished."""

    job: JobView | None
    verdict: Verdict | None
    finished_at: datetime | None
    n_real: int
    n_synthetic: int
    transport: str
    balance: tuple[str, ...]
    classifier: str
    unmeasured: str
    findings: tuple[FindingView, ...]
    neighbours: Neighbours | None
    looked: bool
    mends: tuple[tuple[str, str], ...]


def start(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Ask for an audit of the frozen bytes; asking while one works starts nothing new."""
    session = sessions.own(db, user, session_id)
    audits.request(db, session, user.id, user.pseudonym, now)
    audit.record(
        db, key, now=now, actor=user.pseudonym, action="audit asked for", subject=f"session:{session.id}"
    )


def view(db: Session, user: SignedIn, session_id: str, now: datetime) -> AuditView:
    """The last audit that was asked for, and the last one that has finished."""
    session = sessions.own(db, user, session_id)
    newest, made = audits.newest_of(db, session_id), audits.finished_of(db, session)
    job = jobs.shown_by_id(db, newest.job_id, now) if newest and newest.finished_at is None else None
    looked = audits.looked(db, session_id, user.pseudonym)
    result = cast("dict[str, Any]", made.result) if made else {}
    pixels = result.get("pixels") or {"findings": [], "classifier": {"sentence": ""}}
    counts = result.get("looked_at", {"real": 0, "synthetic": 0})
    kinds = audits.truths(db, session_id) if looked else {}
    findings = tuple(_finding(found, kinds) for found in pixels["findings"])
    return AuditView(
        job=job,
        verdict=audits.verdict(made) if made else None,
        finished_at=made.finished_at if made else None,
        n_real=counts["real"],
        n_synthetic=counts["synthetic"],
        transport=_transport(result["transport"]) if result else "",
        balance=tuple(result.get("balance", ())),
        classifier=pixels["classifier"]["sentence"],
        unmeasured=result.get("unmeasured", ""),
        findings=findings,
        neighbours=_neighbours(result["neighbours"], looked=looked) if result else None,
        looked=looked,
        mends=tuple((name, MENDS[name]) for name in dict.fromkeys(f.mend for f in findings) if name in MENDS),
    )


def _finding(found: dict[str, Any], kinds: dict[int, str]) -> FindingView:
    return FindingView(
        title=found["title"],
        sentence=found["sentence"],
        p=found["p"],
        picture=found["picture"],
        mend=found["mend"],
        images=tuple((number, kinds[number]) for number in found["images"] if kinds),
    )


def _neighbours(found: dict[str, Any], *, looked: bool) -> Neighbours:
    pairs = tuple((int(one), int(other), float(far)) for one, other, far in found["pairs"][:CLOSEST])
    return Neighbours(found["synthetic_to_real"], found["real_to_real"], pairs if looked else ())


def _transport(found: dict[str, Any]) -> str:
    if found["blocks"]:
        return " ".join(found["blocks"])
    first = found["runs"][0]
    return (
        f"All {found['stimuli']} stimuli reached a reader with one length in bytes, one set of headers and one layout. "
        f"AUC of the truth by latency {first['latency']['auc']:.2f} (95 % band ½ ± {first['latency']['band_95']:.2f}), "
        f"by place in the order {first['order']['auc']:.2f} (½ ± {first['order']['band_95']:.2f})."
    )


def look(db: Session, user: SignedIn, session_id: str, key: bytes, now: datetime) -> None:
    """Log that this person sees which images are synthetic, and so can be no reader of these sets any more.

    Raises ConflictError while readers may rate, or where there is no finished audit.
    """
    session = sessions.own(db, user, session_id)
    if session.state in {"open", "paused"}:
        raise ConflictError("Nobody looks at the truth while readers are at work.")
    if audits.finished_of(db, session) is None:
        raise ConflictError("The blinding audit has not been finished.")
    audit.record(
        db,
        key,
        now=now,
        actor=user.pseudonym,
        action=audit.TRUTH_SEEN,
        subject=f"session:{session.id}",
        what="blinding audit",
    )
    eligibility.end_seats(db, session.id, user.pseudonym, key)


def picture(db: Session, artifacts: Artifacts, user: SignedIn, session_id: str, name: str) -> bytes:
    """A finding's figure, which shows groups; raises NotFoundError."""
    made = _finished(db, sessions.own(db, user, session_id))
    pixels = cast("dict[str, Any]", made.result)["pixels"]
    if pixels is None or name not in {found["picture"] for found in pixels["findings"]}:
        raise NotFoundError("There is no such picture.")
    return artifacts.get(f"audits/{made.id}/{name}")


def stimulus(db: Session, artifacts: Artifacts, user: SignedIn, session_id: str, number: int) -> bytes:
    """An item's bytes for a person who has looked at the truth; raises NotFoundError for anybody else."""
    sessions.own(db, user, session_id)
    found = db.scalar(
        select(Item.stimulus_sha256).where(Item.session_id == session_id, Item.number == number)
    )
    if found is None or not audits.looked(db, session_id, user.pseudonym):
        raise NotFoundError("There is no such image.")
    return artifacts.get_content("stimuli", found, ".png")


def copy_mended(
    db: Session, user: SignedIn, session_id: str, mends: list[str], key: bytes, now: datetime
) -> str:
    """A new draft of the same design whose items will all get these mends besides those they had; returns its id.

    Raises InvalidError where none or an unknown one is chosen.
    """
    if not mends or not set(mends) <= set(MENDS):
        raise InvalidError("Choose at least one of the mends that the audit offers.")
    return designs.copy(db, user, session_id, tuple(mends), key, now)


def _finished(db: Session, session: VttSession) -> Audit:
    made = audits.finished_of(db, session)
    if made is None:
        raise NotFoundError("The blinding audit has not been finished.")
    return made
