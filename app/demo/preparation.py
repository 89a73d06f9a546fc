"""Bring a data folder to the state in which the demonstration can be used.

Each step looks for its result first, so a second start does nothing again, and a start that was cut off goes on.
"""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile

from sqlalchemy.orm import Session

from app import bundled, clock, schema
from app.artifacts import Artifacts
from app.db import Database
from app.demo.credentials import Credentials, credentials_of, keep
from app.protocol.design import Protocol
from app.services import (
    audit_views,
    audits,
    checkpoints,
    designs,
    imageset_views,
    imports,
    people,
    samples,
    sessions,
    signoff,
)
from app.services.feasible import NewSession
from app.services.people import SignedIn
from app.settings import Settings

RESEARCHER = "researcher@demo.example"
ADMIN = "admin@demo.example"
REAL_SET = "Brain MR slices, held out (Colin27)"
CHECKPOINT = "Demo generator, 64 px"
SYNTHETIC_SET = "Demo samples, seeds 0–59"
SESSION = "Demonstration: brain MR slices"
EACH = 20
REASON = (
    "Demonstration: the generator is small and was trained on one head, so its images can be told apart by what the audit "
    "names. Nothing is concluded from the answers."
)


def prepare(settings: Settings) -> Credentials:
    """Bring the data folder to the state in which the demonstration can be used; returns how to sign in."""
    database = Database(settings.database_url, folder=settings.data_dir)
    try:
        schema.upgrade(database)
        credentials = credentials_of(settings.data_dir)
        with database.write() as db:
            user = _user(db, RESEARCHER, "researcher", credentials.researcher_password)
            _user(db, ADMIN, "admin", credentials.admin_password)
        return _Preparation(settings, database, user).session(credentials)
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Preparation:
    """The steps, each of which looks for its result before it works."""

    settings: Settings
    database: Database
    user: SignedIn

    def session(self, credentials: Credentials) -> Credentials:
        session_id = self._find(SESSION) or self._create_session()
        key, now = self.settings.secret_key, clock.now()
        with self.database.read() as db:
            state = sessions.view(db, self.user, session_id, now).state
        if state == "draft":
            with self.database.write() as db:
                sessions.start_freeze(db, self.user, session_id, key, now)
            self._work()
            state = "frozen"
        if state == "frozen":
            self._audit(session_id)
            with self.database.write() as db:
                sessions.open_session(db, self.user, session_id, key, clock.now(), REASON)
        return self._invite(session_id, credentials)

    def _audit(self, session_id: str) -> None:
        """The audit that freezing asked for, in this process; one that was cut off is asked for again."""
        self._work()
        with self.database.read() as db:
            there = audits.finished_of(db, sessions.own(db, self.user, session_id))
        if there is None:
            with self.database.write() as db:
                audit_views.start(db, self.user, session_id, self.settings.secret_key, clock.now())
            self._work()

    def _invite(self, session_id: str, credentials: Credentials) -> Credentials:
        key, now = self.settings.secret_key, clock.now()
        with self.database.read() as db:
            view = sessions.view(db, self.user, session_id, now)
        if view.state != "open" or (view.readers and credentials.link_token):
            return credentials
        with self.database.write() as db:
            invited = (
                sessions.renew(db, self.user, session_id, view.readers[0].reading_id, key, now)
                if view.readers
                else sessions.invite(db, self.user, session_id, "", key, now)
            )
        return keep(self.settings.data_dir, replace(credentials, link_token=invited.token))

    def _create_session(self) -> str:
        real, synthetic = self._real_set(), self._synthetic_set()
        new = NewSession(
            title=SESSION,
            public_title="Brain MR slices",
            real_set_id=real,
            n_real=str(EACH),
            synthetic=((synthetic, str(EACH)),),
            protocol=Protocol(allow_undo=True),
        )
        with self.database.write() as db:
            return designs.create(db, self.user, new, self.settings.secret_key, clock.now())

    def _real_set(self) -> str:
        there = self._find_set(REAL_SET)
        if there:
            return there
        staged = self._stage(sorted((bundled.path("demo") / "slices").glob("*.png")))
        with self.database.write() as db:
            set_id = imports.start_import(
                db,
                self.user,
                name=REAL_SET,
                window_center="",
                window_width="",
                size="",
                staged=staged,
                now=clock.now(),
            )
        self._work()
        self._clear_writing(set_id)
        return set_id

    def _clear_writing(self, set_id: str) -> None:
        """Its makers looked at each of the demonstration's slices: what looks like writing in some is anatomy."""
        with self.database.write() as db:
            while suspects := signoff.review(db, set_id, 1).shown:
                shown = [suspect.image_id for suspect in suspects]
                signoff.clear(db, self.user, set_id, shown, self.settings.secret_key, clock.now())

    def _synthetic_set(self) -> str:
        there = self._find_set(SYNTHETIC_SET)
        if there:
            return there
        checkpoint_id = self._checkpoint()
        with self.database.write() as db:
            set_id = samples.start_sampling(
                db,
                self.user,
                checkpoint_id,
                name=SYNTHETIC_SET,
                seeds="0-59",
                psi="1",
                noise_mode="const",
                class_index="",
                now=clock.now(),
            )
        self._work()
        return set_id

    def _checkpoint(self) -> str:
        with self.database.read() as db:
            rows = checkpoints.listing(db, self.user, clock.now())
        there = next((row.id for row in rows if row.name == CHECKPOINT), None)
        if there is None:
            staged = self._stage([bundled.path("demo") / "generator.safetensors"])
            with self.database.write() as db:
                there = checkpoints.register(db, self.user, name=CHECKPOINT, staged=staged, now=clock.now())
        self._work()
        return there

    def _find(self, title: str) -> str | None:
        with self.database.read() as db:
            rows = sessions.listing(db, self.user, clock.now())
        return next((row.id for row in rows if row.title == title), None)

    def _find_set(self, name: str) -> str | None:
        self._work()
        with self.database.read() as db:
            rows = imageset_views.listing(db, self.user, clock.now())
        return next((row.id for row in rows if row.name == name), None)

    def _stage(self, files: list[Path]) -> str:
        """Copy bundled files to where an upload would lie."""
        name = secrets.token_hex(16)
        folder = self.settings.staging_dir / name
        folder.mkdir(parents=True)
        for place, file in enumerate(files, start=1):
            copyfile(file, folder / f"{place:06d}")
        return name

    def _work(self) -> None:
        """Do what is queued, in this process: the worker is not running yet."""
        from app import worker  # torch is loaded only where there is something to prepare

        artifacts = Artifacts(str(self.settings.data_dir / "artifacts"))
        worker.run_until_idle(worker.Parts(self.settings, self.database, artifacts, "cpu"))


def _user(db: Session, email: str, role: str, password: str) -> SignedIn:
    if people.by_email(db, email) is None:
        people.add(db, email, role, password, clock.now())
    user = people.by_email(db, email)
    assert user is not None
    return user
