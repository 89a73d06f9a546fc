"""A PostgreSQL server for tests, where Debian's or another installation is at hand: a folder, a port of its own, loopback only."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


def program(name: str) -> str:
    """Where an installed program of PostgreSQL lies; skips the test where there is none."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        pytest.skip(f"PostgreSQL is not installed here: there is no {name}")
    return found


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database; the server ends with the block. It refuses root, so it runs as `postgres` then."""
    pytest.importorskip("psycopg", reason="psycopg is not installed here")
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="blindread-pg-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, "postgres")
        data, log = folder / "data", folder / "log"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"

        def call(*command: str) -> None:
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **user)

        call(initdb, "-D", str(data), "-U", "blindread", "-A", "trust", "-E", "UTF8", "--no-sync")
        call(pg_ctl, "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg://blindread@127.0.0.1:{port}/postgres"
        finally:
            call(pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop")


def another(server: str) -> str:
    """The address of an empty database of its own on this server."""
    name = f"test_{secrets.token_hex(8)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.removesuffix("postgres") + name
