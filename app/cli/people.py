"""Commands on people: a user added, a reader erased."""

import secrets
from collections.abc import Mapping

from app import clock
from app.cli.opened import ACTOR, opened, session_of
from app.services import (
    administration,
    people,
    privacy,
    reasons,
)


def add_user(environ: Mapping[str, str], email: str, role: str, password: str | None) -> None:
    """Add a user; a password that was not given is made and printed, this once."""
    made = password or secrets.token_urlsafe(15)
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        user_id = people.add(db, email, role, made, clock.now())
        administration.record(
            db, ACTOR, user_id, administration.ADDED, settings.secret_key, clock.now(), role=role
        )
    print(f"{role} {email} added." + ("" if password else f" Password: {made}"))


def erase(environ: Mapping[str, str], session_id: str, code: str, reason: str, *, ratings: bool) -> None:
    """Erase a reader's identity, or that and all ratings, and say under which code the reading stands now."""
    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            session_of(db, session_id)
            reading = privacy.by_code(db, session_id, code)
            erased = privacy.erase_reading(
                db, reading, ACTOR, reasons.checked(reason), settings.secret_key, clock.now(), ratings=ratings
            )
        whole = privacy.clear_traces(database, artifacts, erased)
    what = f" and {erased.ratings} ratings" if ratings else ""
    print(f"{code}{what} erased; the reading stands as {erased.code} now.")
    if not whole:
        print("The database's log could not be emptied, because somebody reads from it; run this again.")
