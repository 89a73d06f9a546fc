"""The job in hand: its signs of life, and whether to go on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from app import clock
from app.artifacts import Artifacts
from app.db import Database
from app.engines import local
from app.engines.local import Claimed
from app.errors import UnavailableError
from app.settings import Settings

_BEAT_SECONDS = 10.0
_TELL_SECONDS = 0.3
_PATIENCE = 60.0  # seconds to wait for others' writes: nobody watches, and what was computed is worth it


@dataclass(frozen=True, slots=True)
class Parts:
    """What a job body needs of the program."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    device: str = "auto"

    @classmethod
    def build(cls, settings: Settings, device: str = "auto") -> "Parts":
        return cls(
            settings,
            Database(settings.database_url, _PATIENCE, settings.data_dir),
            Artifacts(str(settings.data_dir / "artifacts")),
            device,
        )


@dataclass(slots=True)
class Work:
    """A claimed job. `alive()` is asked between batches; False means stop now, what is stored stays."""

    parts: Parts
    job: Claimed
    worker: str
    stopping: threading.Event
    _lost: threading.Event = field(default_factory=threading.Event)
    _told: float = 0.0

    @property
    def payload(self) -> dict[str, object]:
        return self.job.payload

    def alive(self, done: int, total: int) -> bool:
        """Tell the progress (a few times a second at most) and ask whether to go on."""
        if self.stopping.is_set() or self._lost.is_set():
            return False
        if done < total and monotonic() - self._told < _TELL_SECONDS:
            return True
        self._told = monotonic()
        return self._beat(done, total)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew the lease in the background while a long step runs."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(_BEAT_SECONDS):
                self._beat()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def staged(self) -> Path:
        """The folder that holds this job's upload."""
        return self.parts.settings.staging_dir / str(self.payload["staged"])

    def _beat(self, done: int | None = None, total: int | None = None) -> bool:
        try:
            with self.parts.database.write() as db:
                held = local.heartbeat(db, self.job.id, self.worker, clock.now(), done, total)
        except UnavailableError:
            return True  # a sign of life may fail; where the database stays away, the next batch will tell
        if not held:
            self._lost.set()
        return held
