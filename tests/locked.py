"""The child that test_sandbox talks to: it tries what it is told to try."""

import ctypes
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from app import sandbox


def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def trials(path):
    """What is tried by its name; each raises where it is refused."""
    return {
        "socket": socket.socket,
        "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
        "run": lambda: subprocess.run(["true"], check=True),
        "fork": os.fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "system": lambda: os.system("true"),
        "foreign functions": lambda: ctypes.CDLL(None),
        "kill": lambda: os.kill(os.getpid(), 0),
        "write": lambda: path.write_text("after"),
        "low write": lambda: os.close(os.open(path, os.O_WRONLY | os.O_TRUNC)),
        "append": lambda: path.open("a").close(),
        "remove": path.unlink,
        "rename": lambda: path.rename(path.with_name("other")),
        "mkdir": lambda: path.with_name("folder").mkdir(),
        "link": lambda: path.with_name("linked").symlink_to(path),
        "truncate": lambda: os.truncate(path, 0),
        "sleep": lambda: time.sleep(60),
        "die": lambda: os._exit(3),
    }


def handle(question):
    match question["do"]:
        case "echo":
            return question["with"]
        case "who":
            return os.getpid()
        case "print":
            sys.stdout.write('"a library says so"\n')
            os.write(1, b'"and so"\n')
            return "printed"
        case "work":
            work(question["seconds"])
            return "done"
    try:
        trials(Path(question.get("path", "none")))[question["do"]]()
    except sandbox.RefusedError:
        return "refused"
    return "done"


if __name__ == "__main__":
    work(float(sys.argv[1]) if sys.argv[1:] else 0)
    sandbox.answer(handle)
