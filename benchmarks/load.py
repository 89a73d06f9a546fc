"""How many readers does the server carry? `python benchmarks/load.py [SECONDS]`

A study with marks, remarks, limited exposure, undo, breaks, repeats and degraded images, of 512 × 512 pixels, on a server of its own. Readers rate at a pace of one image in five seconds, each at a moment of their own; requests are sent when they are due, whatever became of
those before, and a wait is counted from that moment (an open loop). Each image is what a browser asks for, on the two connections that it keeps: submit-and-next with the viewport, a mark and now and then a remark; on the other one
a stimulus to be held ahead and the word that the next image is on the screen. One answer in ten is changed. First 10, 100 and 500
readers, then, by bisection, the most of whose submissions 99 % are answered within 250 ms. Prints tables for docs/benchmarks.md.
"""

import asyncio
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import select

from app import clock
from app.db import Database
from app.services import instructions, invitations, people, seats
from app.tables.sessions import VttSession
from app.web.deps import READER_COOKIE
from benchmarks import full_study
from tests.servers import Server

PACE = 5.0  # seconds between two answers of a reader
SIZES = (10, 100, 500)
MOST = 1600  # readers, where the search begins
EXACT = 50  # readers, where it ends
BOUND = 250.0  # ms
VIEWPORT = {
    "width": 1366,
    "height": 768,
    "scale": 1,
    "pixel_ratio": 1,
    "zoom": 1.25,
    "x": 12,
    "y": -7,
    "brightness": 1,
    "contrast": 1.1,
}
VIEWPORT |= {"changes": 9, "views": 1, "first_view_ms": 4800, "exposed_ms": 4800}
CHANGED = 0.1  # of the answers


class Line:
    """A connection that a browser keeps, opened when it is needed first; requests of one take their turns."""

    def __init__(self, port: int) -> None:
        self._port, self._turn = port, asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, cookie: str, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer; raises OSError where it is not 200."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {READER_COOKIE}={cookie}\r\nAccept: application/json\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        async with self._turn:
            if self._streams is None or self._streams[0].at_eof():  # the server has closed it meanwhile
                self.close()
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            try:
                writer.write(head.encode() + body)
                told = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(told.partition(b"content-length:")[2].partition(b"\r\n")[0])
                answer = await reader.readexactly(length)
            except (OSError, EOFError):
                self.close()
                raise
        if not told.startswith(b"http/1.1 200"):
            raise OSError(told)
        return answer

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


@dataclass(slots=True)
class Seat:
    """A reader: the cookie, the lines for answers and for all else, the image on the screen, and those that come next."""

    cookie: str
    answers: Line
    images: Line
    current: str | None = None
    ahead: list[str] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Measured:
    """Milliseconds from when a request was due, errors, and the server's processor time and memory."""

    submits: list[float] = field(default_factory=list)
    images: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    memory: float = 0.0
    busy: float = 0.0  # load of the machine at the beginning

    @property
    def carried(self) -> bool:
        return not self.errors and within(self.submits, 99) <= BOUND

    def row(self, readers: int) -> str:
        three = " / ".join(f"{within(self.submits, percent):.0f}" for percent in (50, 95, 99))
        rate, share = len(self.submits) / self.seconds, 100 * self.processor / self.seconds
        return (
            f"| {readers} | {rate:.0f} | {three} ms | {within(self.images, 99):.0f} ms | {len(self.errors)}"
            f" | {share:.0f} % | {1000 * self.processor / len(self.submits):.1f} ms | {self.memory:.0f} MB | {self.busy:.1f} |"
        )


def within(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def invited(data: Path, count: int) -> list[str]:
    """Cookies of so many readers who have started."""
    database, now, cookies = Database(f"sqlite:///{data / 'blindread.db'}"), clock.now(), []
    with database.write() as db:
        session = db.scalars(select(VttSession)).one()
        owner = people.by_email(db, full_study.RESEARCHER)
        for _ in range(count):
            link = invitations.invite(db, session.id, owner.id, None, now)
            cookies.append(seats.confirm(db, link.token, now))
            instructions.start(db, seats.seat(db, cookies[-1], now), now)
    database.close()
    return cookies


async def seated(port: int, cookies: list[str]) -> list[Seat]:
    found = []
    for cookie in cookies:
        seat = Seat(cookie, Line(port), Line(port))
        told = json.loads(await seat.answers.call(cookie, "GET", "/read/state"))
        seat.current, seat.ahead = told["current"], told["ahead"]
        found.append(seat)
    return found


async def rate(seat: Seat, due: float, rng: random.Random, into: Measured) -> None:
    """One answer, after the reader's earlier ones as the page sends them, and the image that it makes room for."""
    try:
        async with seat.turn:
            if not seat.current:
                return
            answered = seat.current
            told = await submitted(seat, submission(answered, rng))
            into.submits.append(1000 * (time.perf_counter() - due))
            if told["previous"] and rng.random() < CHANGED:
                told = await submitted(seat, {**submission(answered, rng), "revises": True})
            fresh = [name for name in told["ahead"] if name not in seat.ahead]
            seat.current, seat.ahead = told["current"], told["ahead"]
        if fresh:
            start = time.perf_counter()
            shown = json.dumps({"item": seat.current, "seen_ms": 0.0, "running": True}).encode()
            await seat.images.call(seat.cookie, "GET", f"/read/stimuli/{fresh[-1]}")
            await seat.images.call(seat.cookie, "POST", "/read/exposures", shown)
            into.images.append(1000 * (time.perf_counter() - start))
    except (OSError, EOFError) as error:
        into.errors.append(str(error))


async def submitted(seat: Seat, body: dict[str, object]) -> dict[str, Any]:
    answer = await seat.answers.call(seat.cookie, "POST", "/read/ratings", json.dumps(body).encode())
    told: dict[str, Any] = json.loads(answer)
    return told


def submission(item: str, rng: random.Random) -> dict[str, object]:
    return {
        "item": item,
        "answer": rng.choice(("real", "synthetic")),
        "likert": rng.randint(1, 5),
        "key": f"{rng.getrandbits(128):032x}",
        "shown_ms": 1000 * PACE,
        "first_action_ms": 900.0,
        "viewport": VIEWPORT,
        "marks": [{"cue": "texture", "x": rng.random() / 2, "y": 0.25, "width": 0.25, "height": 0.125}],
        **({"remark": "The sulci end too soon here."} if rng.random() < CHANGED else {}),
    }


async def offered(found: list[Seat], seconds: float, seed: int) -> Measured:
    """Every reader at the pace, each from a moment of its own."""
    rng, into, tasks = random.Random(seed), Measured(), []
    begin = time.perf_counter()
    moments = sorted(
        (begin + offset + PACE * tick, number)
        for number, offset in enumerate(rng.uniform(0, PACE) for _ in found)
        for tick in range(int(seconds / PACE) + 1)
        if offset + PACE * tick < seconds
    )
    for due, number in moments:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(rate(found[number], due, rng, into)))
    await asyncio.gather(*tasks)
    into.seconds = time.perf_counter() - begin
    return into


async def crowd(port: int, cookies: list[str], seconds: float) -> Measured:
    found = await seated(port, cookies)
    gc.collect()
    gc.disable()  # the client's own pauses are not the server's
    into = await offered(found, seconds, len(cookies))
    gc.enable()
    for seat in found:
        seat.answers.close()
        seat.images.close()
    return into


def used(pid: int) -> tuple[float, float]:
    """Processor seconds of a process so far, and the most memory it has had, in MB."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024


def measured(server: Server, data: Path, readers: int, seconds: float) -> Measured:
    """A fresh crowd for each size, so that nobody comes to the end."""
    cookies = invited(data, readers)
    busy = os.getloadavg()[0]
    before, _ = used(server.process.pid)
    into = asyncio.run(crowd(server.port, cookies, seconds))
    after, into.memory = used(server.process.pid)
    into.processor, into.busy = after - before, busy
    return into


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        full_study.prepare(data)
        server = Server(data)
        server.start()
        print(
            "| readers | submissions/s | 50 / 95 / 99 % within | images, 99 % within | errors | processor | of it an image | memory | load before |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for readers in SIZES:
            print(measured(server, data, readers, seconds).row(readers), flush=True)
        print(f"\nThe most of whom 99 % are answered within {BOUND:.0f} ms:\n")
        carried, too_many = 0, MOST
        while too_many - carried > EXACT:
            readers = (carried + too_many) // 2
            found = measured(server, data, readers, seconds / 3)
            print(found.row(readers), flush=True)
            carried, too_many = (readers, too_many) if found.carried else (carried, readers)
        print(f"\n{carried} readers, {carried / PACE:.0f} submissions a second.")
        server.stop()


if __name__ == "__main__":
    main()
