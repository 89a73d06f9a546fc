"""The server's clock jumps while readers rate: each answer is kept once, and a login that seems to have run out loses nothing."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.services import seats
from app.tables.sessions import Rating
from tests.faults import readers
from tests.servers import Server
from tests.web.conftest import ident, opened

DAY = 24 * 3600
JUMPS = (0, DAY, -DAY, 3 * DAY, -3 * DAY, 3600, -3600, 1)
LONG = int(seats.LOGIN_LASTS.total_seconds()) + DAY

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler builds the clock that jumps")


@pytest.fixture
def clock_file(tmp_path):
    file = tmp_path / "off_by"
    file.write_text("0")
    return file


@pytest.fixture
def server(furnished, tmp_path, clock_file):
    library = tmp_path / "shifted_clock.so"
    source = Path(__file__).with_name("shifted_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    made = Server(furnished.settings.data_dir, LD_PRELOAD=str(library), CLOCK_OFF_BY=str(clock_file))
    made.start()
    yield made
    made.kill()


def test_a_clock_that_jumps_by_days_between_answers(server, clock_file, furnished, owner, known):
    [cookie] = readers.invited(furnished, ident(opened(furnished, owner, known)), 1)
    with readers.client(server.url, cookie) as web:
        state = web.get("/read/state").json()
        for jump in JUMPS:
            clock_file.write_text(str(jump))
            body = readers.answered(state["current"])
            for _ in range(2):
                answer = web.post("/read/ratings", json=body)
                assert answer.status_code == 200
            state = answer.json()
    assert state["finished"]
    assert len(readers.stored(furnished)) == len(JUMPS)
    with furnished.parts.database.read() as db:
        times = db.scalars(select(Rating.rated_at)).all()
    assert max(times) - min(times) > timedelta(days=5)  # the clock did jump


def test_a_login_that_has_run_out_by_the_clock_is_told_and_comes_back(
    server, clock_file, furnished, owner, known
):
    [cookie] = readers.invited(furnished, ident(opened(furnished, owner, known)), 1)
    with readers.client(server.url, cookie) as web:
        body = readers.answered(web.get("/read/state").json()["current"])
        clock_file.write_text(str(LONG))
        answer = web.post("/read/ratings", json=body)
        assert answer.status_code == 401
        assert "personal link" in answer.json()["error"]
        assert readers.stored(furnished) == []
        clock_file.write_text("0")
        assert web.post("/read/ratings", json=body).status_code == 200
    assert len(readers.stored(furnished)) == 1
