"""One blinding audit from the first request to the kept result: what is sent, then what the pixels give away."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from app import clock, rehearsal
from app.artifacts import Artifacts
from app.blinding import transport
from app.blinding.transport import Drift, TransportAudit
from app.db import Database
from app.services import auditing, audits
from app.settings import Settings

RESULT_VERSION = 1


def audit(
    settings: Settings,
    database: Database,
    artifacts: Artifacts,
    audit_id: str,
    actor: str,
    alive: Callable[[int, int], bool],
) -> None:
    """Audit the frozen bytes of a session and keep the result; nothing is kept where `alive(done, total)` says to stop."""
    with database.read() as db:
        session = audits.session_of(db, audit_id)
        session_id, seed = session.id, int((session.manifest_sha256 or "0")[:16], 16)
        synthetic = auditing.truth(db, session_id)
    # The pixels have draws of their own, so that another run says the same of them, also after two rehearsals.
    of_sending, rng = np.random.default_rng(seed).spawn(2)
    total = len(synthetic) + 1
    with rehearsal.of_session(settings, database, session_id) as stage:
        sent = _transport(stage, synthetic, of_sending, lambda done: alive(done, total))
    if sent is None or not alive(len(synthetic), total):
        return
    with database.read() as db:
        sample = auditing.sample(db, artifacts, session_id, rng)
        orders = auditing.balanced(db, session_id)
    measured = auditing.measure(sample, rng)
    for name, svg in measured.figures.items():
        artifacts.put(f"audits/{audit_id}/{name}", svg.encode())
    warnings = [*measured.result["warnings"], *(one.sentence for one in orders if not one.even)]
    balance = [one.sentence for one in orders if one.even]
    result = {
        "version": RESULT_VERSION,
        "seed": str(seed),
        "transport": sent,
        **measured.result,
        "warnings": warnings,
        "balance": balance,
    }
    with database.write() as db:
        audits.finish(db, audit_id, result, actor=actor, key=settings.secret_key, now=clock.now())
    alive(total, total)


def _transport(
    stage: rehearsal.Rehearsal,
    synthetic: Mapping[int, bool],
    rng: np.random.Generator,
    alive: Callable[[int], bool],
) -> dict[str, Any] | None:
    """Read once, and once more where latency or order is beyond the 99.9 % band: only twice in two it blocks."""
    runs: list[TransportAudit] = []
    while len(runs) < 2 and (not runs or runs[0].latency.beyond_999 or runs[0].order.beyond_999):
        observed = stage.read(alive)
        if observed is None:
            return None
        truth = np.array(list(synthetic.values()), np.bool_)
        runs.append(transport.compare([observed[number] for number in synthetic], truth, rng))
    return said(runs)


def said(runs: list[TransportAudit]) -> dict[str, Any]:
    """One or two runs as they are kept: what blocks, what warns, and the numbers."""
    blocks = list(runs[0].differences)
    warnings = []
    for name in ("latency", "order"):
        drifts: list[Drift] = [getattr(run, name) for run in runs]
        if len(drifts) == 2 and all(drift.beyond_999 for drift in drifts):
            blocks.append(
                f"{_NAMES[name]} goes with the truth in two rehearsals of two ({_told(drifts[1])})."
            )
        elif any(drift.beyond_95 for drift in drifts):
            warnings.append(f"{_NAMES[name]} may go with the truth ({_told(drifts[-1])}).")
    return {
        "stimuli": runs[0].n,
        "blocks": blocks,
        "warnings": warnings,
        "runs": [asdict(run) for run in runs],
    }


_NAMES = {"latency": "The time until an image has come", "order": "The place in the order"}


def _told(drift: Drift) -> str:
    return f"AUC {drift.auc:.2f}, 95 % of shuffled truths within ½ ± {drift.band_95:.2f}"
