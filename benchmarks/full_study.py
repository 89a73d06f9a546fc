"""A study with what a protocol can ask for during the images switched on, of images of 512 × 512 pixels: what load and speed are measured with."""

from pathlib import Path

import numpy as np

from app import clock, schema, worker
from app.db import Database
from app.demo.preparation import REASON, RESEARCHER
from app.protocol import wording
from app.protocol.design import Protocol
from app.services import people, sessions
from app.settings import load_settings
from tests.studies import draft

EACH, AGAIN, DEGRADED = 20, 4, 4
IMAGES = 2 * EACH + AGAIN + DEGRADED
SIDE = 512
STUDY = Protocol(
    exposure_ms=60_000,
    allow_undo=True,
    remarks=True,
    cues=wording.CUES,
    block_size=10,
    repeats=AGAIN,
    catch=DEGRADED,
)
"""Each image has a limit to its exposure, which costs a call, though one that nobody in a hurry reaches."""


def prepare(data: Path) -> str:
    """An installation with this study, open; returns the token of a reader's link."""
    settings = load_settings({"BLINDREAD_DATA_DIR": str(data)})
    database = Database(settings.database_url, folder=data)
    schema.upgrade(database)
    with database.write() as db:
        people.add(db, RESEARCHER, "researcher", "a password for a benchmark alone", clock.now())
        user = people.by_email(db, RESEARCHER)
    images, synthetic = pictures()
    parts = worker.Parts.build(settings, "cpu")
    session_id = draft(parts, user, images, synthetic, STUDY, EACH)
    with database.write() as db:
        sessions.start_freeze(db, user, session_id, settings.secret_key, clock.now())
    worker.run_until_idle(parts)
    with database.write() as db:
        sessions.open_session(db, user, session_id, settings.secret_key, clock.now(), REASON)
        token = sessions.invite(db, user, session_id, "", settings.secret_key, clock.now()).token
    database.close()
    return token


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Grey noise, twice as many as a session needs; what they show makes no difference, since all stimuli have one length."""
    rng = np.random.default_rng(1)
    synthetic = np.arange(4 * EACH) % 2 == 0
    return rng.integers(0, 256, (4 * EACH, SIDE, SIDE), dtype=np.uint8), synthetic
