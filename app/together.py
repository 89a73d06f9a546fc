"""A transaction that several writers share, one after the other: one commit, and one sync, for all of them."""

import threading

from sqlalchemy import Connection
from sqlalchemy.orm import Session

MOST = 16  # writers: the first waits for the last


class Together:
    """Each writer has a savepoint, so that one that fails takes nobody else's writing along."""

    def __init__(self, connection: Connection) -> None:
        """Begin the transaction on a connection of its own."""
        try:
            self._transaction = connection.begin()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._ended = threading.Event()
        self._kept = False
        self._writers = 0

    def session(self) -> Session:
        """A session for the next writer; `commit` keeps what it wrote for the common end, `close` alone takes it back."""
        self._writers += 1
        return Session(self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False)

    @property
    def full(self) -> bool:
        return self._writers >= MOST

    def end(self, *, keep: bool) -> None:
        """Commit, or undo, what all of them wrote. Who waits is told in any case, and of a success only after it."""
        try:
            if keep:
                self._transaction.commit()
                self._kept = True
            else:
                self._transaction.rollback()
        except BaseException:
            self._connection.connection.rollback()  # SQLite keeps a transaction open that it could not commit
            raise
        finally:
            self._connection.close()
            self._ended.set()

    def kept(self) -> bool:
        """Wait for the end; whether everything is on the disk."""
        self._ended.wait()
        return self._kept
