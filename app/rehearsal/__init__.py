"""A rehearsal: a frozen session is read from the first image to the last through the application itself, on a copy.

The copy is a database of its own that holds this session, open, with its truth behind it as in the study. So every request takes
the way that a reader's requests take, and neither readings nor ratings nor the audit trail of the study get a trace of it. There
is no network in it: what server and proxies add to an answer, they add to all answers of one kind.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from app import clock, schema
from app.blinding.transport import Observed
from app.db import Database
from app.errors import ConflictError
from app.main import create_app
from app.protocol import parts
from app.protocol.design import Protocol
from app.rehearsal.browser import Browser
from app.rehearsal.reading import Received, read
from app.services import auditing, invitations
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A copy of a session, open for readers that do not exist."""

    settings: Settings
    copy: Database
    session_id: str
    owner_id: str

    def read(self, alive: Callable[[int], bool]) -> dict[int, Observed] | None:
        """Invite as many readers as it takes to read everything: what was observed by the items' numbers; None where `alive(done)` says to stop.

        Raises ConflictError where the session cannot be read to its end, or where other bytes come than the frozen ones.
        """
        with self.copy.read() as db:
            protocol = auditing.protocol(db, self.session_id)
        observed: dict[int, Observed] = {}
        for _ in range(parts.readers_for_all(protocol.parts, protocol.parts_read)):
            more = self._read(protocol, partial(_alive_after, alive, len(observed)))
            if more is None:
                return None
            observed = more | observed
        return observed

    def _read(self, protocol: Protocol, alive: Callable[[int], bool]) -> dict[int, Observed] | None:
        with self.copy.write() as db:
            invited = invitations.invite(db, self.session_id, self.owner_id, None, clock.now())
        app = create_app(self.settings)
        try:
            with ThreadPoolExecutor(1) as own:  # a thread of its own: this one may have a loop that runs
                received = own.submit(
                    asyncio.run, read(Browser(app), invited.token, protocol, alive)
                ).result()
        finally:
            app.state.context.database.close()
        if received is None:
            return None
        with self.copy.read() as db:
            shown = auditing.shown(db, invited.reading_id)
        return {shown[one.name].number: _observed(one, shown[one.name]) for one in received}


def _alive_after(alive: Callable[[int], bool], before: int, done: int) -> bool:
    return alive(before + done)


@contextmanager
def of_session(settings: Settings, database: Database, session_id: str) -> Iterator[Rehearsal]:
    """A copy of a frozen session to read from; it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="blindread-rehearsal-") as folder:
        file = Path(folder) / "copy.db"
        file.write_bytes(_empty_database())
        url = f"sqlite:///{file}"
        copy = Database(url)
        try:
            with database.read() as db, copy.write() as into:
                owner_id = auditing.copy(db, into, session_id)
            yield Rehearsal(
                replace(settings, database_url=url, log_requests=False), copy, session_id, owner_id
            )
        finally:
            copy.close()


@cache
def _empty_database() -> bytes:
    """A database of this program's schema with its triggers and no rows, as a file; made once in a process."""
    with tempfile.TemporaryDirectory(prefix="blindread-rehearsal-") as folder:
        file = Path(folder) / "empty.db"
        made = Database(f"sqlite:///{file}")
        schema.upgrade(made)
        made.close()
        return file.read_bytes()


def _observed(received: Received, shown: auditing.Shown) -> Observed:
    if received.sha256 != shown.sha256:
        raise ConflictError(f"Stimulus {shown.number} does not reach a reader as it was frozen.")
    return Observed(
        length=received.length,
        headers=received.headers,
        chunks=received.layout,
        position=shown.position - 1,
        latency_ms=1000 * received.seconds,
    )
