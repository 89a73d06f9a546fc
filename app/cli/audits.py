"""The audit of a frozen session, in this process."""

import json
from collections.abc import Mapping
from typing import Any

from app import clock
from app.cli.opened import ACTOR, opened, session_of
from app.errors import ConflictError
from app.services import (
    audits,
)


def audit(environ: Mapping[str, str], session_id: str, *, as_json: bool) -> None:
    """Audit a frozen session in this process, and tell the findings; raises ConflictError where it must not be opened."""
    from app.rehearsal import audit as rehearsed  # the application itself comes with it

    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            session = session_of(db, session_id)
            audit_id = audits.begin(db, session, clock.now())
        rehearsed.audit(settings, database, artifacts, audit_id, ACTOR, lambda _done, _total: True)
        with database.read() as db:
            found = audits.aggregate(db, audit_id)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        _tell_audit(found)
    if not found["may_open"]:
        raise ConflictError(f"This session must not be opened: {' '.join(found['blocks'])}")


def _tell_audit(found: Mapping[str, Any]) -> None:
    pixels = found["pixels"]
    print(f"{found['looked_at']['real']} real and {found['looked_at']['synthetic']} synthetic images.")
    for sentence in (*found["warnings"], found["unmeasured"]):
        if sentence:
            print(sentence)
    if pixels is not None:
        for finding in pixels["findings"]:
            mend = f" A mend that may help: {finding['mend']}." if finding["mend"] else ""
            print(f"{finding['title']} (p = {finding['p']:.2g} over all cues). {finding['sentence']}{mend}")
        print(pixels["classifier"]["sentence"])
    if found["need_a_reason"]:
        print(f"To open it needs a written reason: {', '.join(found['need_a_reason'])}.")
    elif found["may_open"]:
        print("It may be opened.")
