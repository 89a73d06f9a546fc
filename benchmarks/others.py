"""How many pairs of submit and next do oTree and Label Studio serve beside ours? `python benchmarks/others.py OTREE_VENV LABEL_STUDIO_VENV [SECONDS]`

Each in the virtual environment that is named (`pip install otree`, `pip install label-studio`), on SQLite and as its own command serves it. Sixteen readers answer at once without a pause; a pair is what brings the next image's
name: ours one call, oTree's form and the page that it leads to, Label Studio's annotation and next task. Images are fetched by none. In turn, ours first and last. Prints a table for docs/benchmarks.md.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.web.deps import READER_COOKIE
from benchmarks import load
from tests.servers import Server

AT_ONCE = 16
READERS = 400  # of ours, with forty images each
PORTS = {"oTree": 18123, "Label Studio": 18124}
TOKEN = "0123456789012345678901234567890123456789"
OTREE = {
    "settings.py": """
SESSION_CONFIGS = [dict(name="rate", app_sequence=["rate"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1.0, participation_fee=0.0)
LANGUAGE_CODE, REAL_WORLD_CURRENCY_CODE, USE_POINTS = "en", "EUR", False
PARTICIPANT_FIELDS, SESSION_FIELDS, DEMO_PAGE_INTRO_HTML, SECRET_KEY = [], [], "", "0"
ADMIN_USERNAME = ADMIN_PASSWORD = "admin"
""",
    "rate/__init__.py": """
from otree.api import *
class C(BaseConstants):
    NAME_IN_URL, PLAYERS_PER_GROUP, NUM_ROUNDS = "rate", None, 40
class Subsession(BaseSubsession): pass
class Group(BaseGroup): pass
class Player(BasePlayer):
    answer = models.StringField(choices=["real", "synthetic"])
    likert = models.IntegerField(choices=[1, 2, 3, 4, 5])
class Rate(Page):
    form_model, form_fields = "player", ["answer", "likert"]
page_sequence = [Rate]
""",
    "rate/Rate.html": "{{ block content }}{{ formfields }}{{ next_button }}{{ endblock }}",
    "_static/.keep": "",
    "_templates/.keep": "",
}
LABELS = (
    '<View><Image name="i" value="$image"/><Choices name="a" toName="i"><Choice value="real"/><Choice value="synthetic"/></Choices>'
    '<Rating name="l" toName="i" maxRating="5"/></View>'
)
MARKED = [
    {"from_name": "a", "to_name": "i", "type": "choices", "value": {"choices": ["real"]}},
    {"from_name": "l", "to_name": "i", "type": "rating", "value": {"rating": 4}},
]


class Client:
    """A connection that is kept open."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection, self._headers = http.client.HTTPConnection("127.0.0.1", port, timeout=60), headers

    def ask(self, method: str, path: str, body: object = None) -> tuple[str, bytes]:
        """Where the answer leads, or nowhere, and its body; raises OSError where it is an error."""
        form = isinstance(body, str)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        sent = body if form or body is None else json.dumps(body)
        self._connection.request(method, path, sent, {**self._headers, "Content-Type": kind})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status >= 400:
            raise OSError(f"{method} {path}: {answer.status} {data[:200]!r}")
        return answer.headers.get("Location", ""), data

    def json(self, method: str, path: str, body: object = None) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.ask(method, path, body)[1])
        return found


def our_pairs(port: int, cookie: str) -> Iterator[None]:
    client, rng = Client(port, Cookie=f"{READER_COOKIE}={cookie}", Accept="application/json"), Random(1)
    state = client.json("GET", "/read/state")
    while current := state["current"]:
        state = client.json("POST", "/read/ratings", load.submission(str(current), rng))
        yield


def otree_pairs(port: int, code: str) -> Iterator[None]:
    client = Client(port)
    page, _ = client.ask("GET", f"/InitializeParticipant/{code}")
    client.ask("GET", page)
    while "/rate/Rate/" in page:
        page, _ = client.ask("POST", page, "answer=real&likert=4")
        client.ask("GET", page)
        yield


def label_studio_pairs(port: int, token: str) -> Iterator[None]:
    client = Client(port, Authorization=f"Token {token}")
    task = client.json("GET", "/api/projects/1/next")
    while True:
        client.json("POST", f"/api/tasks/{task['id']}/annotations/", {"result": MARKED, "lead_time": 5.0})
        task = client.json("GET", "/api/projects/1/next")
        yield


def run(command: list[str], folder: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    """A server's process, once it listens."""
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that what it starts ends with it
    )
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.2)
    raise OSError(f"{command[0]} does not start")


@contextmanager
def ours(folder: Path) -> Iterator[tuple[int, list[Iterator[None]]]]:
    data = folder / "data"
    command = [sys.executable, "-m", "app.cli", "demo", "--prepare"]
    environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(data)
    server.start()
    yield server.process.pid, [our_pairs(server.port, cookie) for cookie in load.invited(data, READERS)]
    server.stop()


@contextmanager
def otree(folder: Path, venv: Path) -> Iterator[tuple[int, list[Iterator[None]]]]:
    for name, text in OTREE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    program, port = str(venv / "bin" / "otree"), PORTS["oTree"]
    subprocess.run([program, "resetdb", "--noinput"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    process = run(
        [program, "prodserver1of2", str(port)], folder, port, OTREE_PRODUCTION="1", OTREE_REST_KEY=TOKEN
    )
    admin = Client(port, **{"otree-rest-key": TOKEN})
    made = admin.json(
        "POST", "/api/sessions", {"session_config_name": "rate", "num_participants": 4 * AT_ONCE}
    )
    people: Any = admin.json("GET", f"/api/sessions/{made['code']}")["participants"]
    yield process.pid, [otree_pairs(port, one["code"]) for one in people]
    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def label_studio(folder: Path, venv: Path) -> Iterator[tuple[int, list[Iterator[None]]]]:
    port = PORTS["Label Studio"]
    command = [
        str(venv / "bin" / "label-studio"),
        "start",
        "--no-browser",
        "--port",
        str(port),
        "--log-level",
        "ERROR",
    ]
    command += ["--username", "a@example.org", "--password", "longpassword1", "--user-token", TOKEN]
    more = {"LABEL_STUDIO_BASE_DATA_DIR": str(folder), "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true"}
    process = run(command, folder, port, **more, COLLECT_ANALYTICS="false", DEBUG="false")
    admin = Client(port, Authorization=f"Token {TOKEN}")
    admin.json("POST", "/api/projects/", {"title": "Pilot", "label_config": LABELS})
    tasks = [{"data": {"image": f"/static/{number}.png"}} for number in range(2000)]
    admin.json("POST", "/api/projects/1/import", tasks)
    yield process.pid, [label_studio_pairs(port, TOKEN) for _ in range(AT_ONCE)]
    os.killpg(process.pid, signal.SIGKILL)


def counted(readers: list[Iterator[None]], seconds: float) -> tuple[int, float]:
    """Pairs within this time, and the seconds that they took: each of the sixteen goes from reader to reader."""
    counts, begin = [0] * AT_ONCE, time.perf_counter()

    def go(number: int) -> None:
        for reader in readers[number::AT_ONCE]:
            for _ in reader:
                counts[number] += 1
                if time.perf_counter() > begin + seconds:
                    return

    threads = [threading.Thread(target=go, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.perf_counter() - begin


def main() -> None:
    venvs, seconds = [Path(name).resolve() for name in sys.argv[1:3]], float((sys.argv[3:] or ["20"])[0])
    kinds: list[tuple[str, Any]] = [
        ("ours", ours),
        ("oTree", partial(otree, venv=venvs[0])),
        ("Label Studio", partial(label_studio, venv=venvs[1])),
        ("ours, again", ours),
    ]
    print("| | pairs/s | processor a pair | load of the machine before |\n|---|---|---|---|")
    for name, kind in kinds:
        with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as (pid, readers):
            busy, before = os.getloadavg()[0], load.used(pid)[0]
            pairs, took = counted(readers, seconds)
            each = 1000 * (load.used(pid)[0] - before) / pairs
            print(f"| {name} | {pairs / took:.1f} | {each:.1f} ms | {busy:.1f} |", flush=True)


if __name__ == "__main__":
    main()
