"""The database: engine, naming convention and units of work.

SQLite is one file with one writer at a time. Its own busy-wait lets late writers overtake early ones for
seconds, so writers of one process queue here, first come first served; the other process's short transactions
are waited for by SQLite's timeout. Who waits in vain, or finds no room or no way to write, gets UnavailableError:
nothing of its block was saved, and the same again later is right.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, create_engine, event
from sqlalchemy.engine import Dialect, Engine, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app import owed
from app.errors import ConflictError, UnavailableError
from app.fairlock import FairLock
from app.together import Together
from app.words.sentence import N_

PATIENCE = 5.0  # seconds that a person may wait for another process's write
_BUSY = N_("The database is busy just now. Please try again in a moment.")
_REASONS = {  # by SQLite's primary result codes
    5: _BUSY,
    6: _BUSY,
    8: N_(
        "The database can only be read just now. Please tell whoever runs this server, and try again later."
    ),
    10: N_(
        "The database's disk does not work just now. Please tell whoever runs this server, and try again later."
    ),
    13: N_("The database's disk is full. Please tell whoever runs this server, and try again later."),
    14: N_(
        "The database cannot be opened just now. Please tell whoever runs this server, and try again later."
    ),
    15: _BUSY,
}
_REOPEN = {8, 10, 14}  # a connection that was opened for reading only stays so
_AWAY = N_("The database cannot be reached just now. Please try again in a moment.")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on databases that store naive ones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    """The base of all tables; names of constraints are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy reads it from the class


FOLDER, _STEPS, _OWED = "data folder", "after the commit", "mark of a scrub that is owed"


def after_commit(db: Session, name: str, step: Callable[[], None]) -> None:
    """Have `step` done once this block is kept; a later one of the same name replaces it. Its block cannot fail by it any more."""
    db.info.setdefault(_STEPS, {})[name] = step


def owe_scrub(db: Session, sessions: Iterable[str] = ()) -> None:
    """Have a scrub owed from before this block is kept on, and what was made of these sessions: who is killed after it leaves the mark behind."""
    mark: Path | None = db.info.get(_OWED)
    if mark is not None:
        owed.add(mark, sessions)


class Database:
    """One database of one process: `read()` and `write()` give a session that ends with the block."""

    def __init__(self, url: str, patience: float = PATIENCE, folder: Path | None = None) -> None:
        """Open the database at `url` (made when first written to); does not migrate it.

        `patience` is how many seconds to wait for other threads' writes, and then for other processes'; `folder` is the data folder,
        where there is one: what has to be known outside the database is kept there.
        """
        self._patience = patience
        self.engine = (
            _sqlite_engine(url, patience)
            if make_url(url).get_backend_name() == "sqlite"
            else create_engine(url, hide_parameters=True)
        )
        lite = self.engine.dialect.name == "sqlite"
        self._owed = Path(str(self.engine.url.database)).with_name("scrub.owed") if lite else None
        self._info = {FOLDER: folder, _OWED: self._owed}
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        self._writers = FairLock()
        self._together: Together | None = None  # who holds the lock may touch it

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and is rolled back at the end."""
        with self._available(), Session(self.engine) as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed, and synced to disk, before the block's end returns.

        Raises UnavailableError, with nothing saved, where that cannot be done now.
        """
        with (
            self._turn(),
            self._available(),
            Session(self._writing, expire_on_commit=False, info=self._info) as db,
            db.begin(),
        ):
            yield db
        for step in db.info.get(_STEPS, {}).values():
            step()

    @contextmanager
    def write_together(self) -> Iterator[Session]:
        """Like `write`, for many short blocks at once: those that wait for their turn are committed with those before them."""
        with self._queue(), self._available():
            together = self._together = self._together or Together(self._writing.connect())
            try:
                with together.session() as db:
                    try:
                        yield db
                        db.commit()
                    except OperationalError:  # SQLite may have undone what the others wrote as well
                        self._end(together, keep=False)
                        raise
            finally:
                if self._together and (together.full or not self._writers.pass_on()):
                    self._end(together)
        if not together.kept():
            raise UnavailableError(_BUSY)

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A transaction in which tables may be dropped and made anew: references are checked at its end, not before."""
        lite = self.engine.dialect.name == "sqlite"
        with self._turn(), self._available(), self._writing.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if lite:  # has no effect within a transaction, so it stands before
                driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise ConflictError(
                            "A migration would have left references to nothing; it was undone."
                        )
            finally:
                if lite:
                    driver.execute("PRAGMA foreign_keys=ON")

    def scrub(self) -> bool:
        """Leave nothing of deleted rows in the database's own files: SQLite overwrites them, and here empties its write-ahead log.

        On PostgreSQL dead rows are vacuumed; what its own log and its replicas keep is its administrator's. False where others read
        for too long.
        """
        if self._owed is None:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")
            return True
        if not self.owes_scrub:
            owed.add(self._owed)
        before = owed.read(self._owed)
        with self._turn(), self._available():
            raw = self.engine.raw_connection()
            try:
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        if not busy:
            owed.settle(self._owed, before)
        return not busy

    @property
    def owes_scrub(self) -> bool:
        """Whether something was deleted whose traces are still to be cleared, by this process or another."""
        return self._owed is not None and self._owed.exists()

    @property
    def owed_sessions(self) -> list[str]:
        """The sessions of which something is still to be cleared."""
        return [] if self._owed is None else owed.names(owed.read(self._owed))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A turn alone, after what others wrote together is kept."""
        with self._queue():
            if self._together:
                with suppress(SQLAlchemyError):  # told to those whom it concerns
                    self._end(self._together)
            yield

    @contextmanager
    def _queue(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._writers.held(self._patience))
            except TimeoutError:
                raise UnavailableError(_BUSY) from None
            yield

    def _end(self, together: Together, *, keep: bool = True) -> None:
        self._together = None
        together.end(keep=keep)

    @contextmanager
    def _available(self) -> Iterator[None]:
        """Errors that pass by themselves or by an administrator's hand, as UnavailableError."""
        try:
            yield
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorcode", None)
            reason = _AWAY if code is None else _REASONS.get(code & 0xFF)
            if reason is None:
                raise
            if error.connection_invalidated or (code is not None and code & 0xFF in _REOPEN):
                self.engine.dispose()  # those beside it are lost as well
            raise UnavailableError(reason) from error


def _sqlite_engine(url: str, patience: float) -> Engine:
    file = make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=16, max_overflow=32, hide_parameters=True)  # logs hold no values

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute(f"PRAGMA busy_timeout={round(1000 * patience)}")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN")))

    return engine
