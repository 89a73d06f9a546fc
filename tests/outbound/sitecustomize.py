"""Loaded at the start of every Python of the tests: refuses connections that leave this machine, and writes down each try.

The file is named by BLINDREAD's tests in OUTBOUND_TRIES; `tests/conftest.py` fails the run where it is not empty at the end. An audit hook sees what
libraries do, too, and nothing can take it away again.
"""

import os
import sys

_FILE = "OUTBOUND_TRIES"
_HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_MESSAGES = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name is None or str(name) in _HERE or str(name).startswith("127.")


def _watch(event: str, arguments: tuple) -> None:
    if event in _NAMES:
        host = arguments[0]
    elif event in _MESSAGES and isinstance(arguments[1], tuple) and isinstance(arguments[1][0], str):
        host = arguments[1][0]  # Unix sockets have paths, netlink has numbers
    else:
        return
    if not _is_here(host):
        tries = os.open(os.environ[_FILE], os.O_WRONLY | os.O_APPEND)
        os.write(tries, f"{event} to {host!r} by {sys.argv[:3]}\n".encode())
        os.close(tries)
        raise ConnectionRefusedError(f"tests call nobody, and this was {host!r}")


if _FILE in os.environ and not getattr(sys, "outbound_watched", False):
    sys.outbound_watched = True
    sys.addaudithook(_watch)
