"""Commands on the database: users, imports, exports, verification."""

import json
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit_head, clock
from app.artifacts import Artifacts
from app.audit_head import Head
from app.cli.opened import opened
from app.db import Database
from app.errors import ConflictError, InvalidError
from app.imaging import sources
from app.imaging.importer import Decoded, Outcomes, Refused, decode_all
from app.imaging.settings import to_json
from app.services import (
    administration,
    analysis,
    audits,
    checkpoints,
    imagesets,
    import_settings,
    import_words,
    imports,
    looks,
    manifests,
    people,
    privacy,
    reasons,
    reports,
    told,
    verification,
)
from app.services import audit as audit_trail
from app.services.people import SignedIn
from app.settings import Settings
from app.tables.people import User
from app.tables.sessions import VttSession

ACTOR = "command line"


def add_user(environ: Mapping[str, str], email: str, role: str, password: str | None) -> None:
    """Add a user; a password that was not given is made and printed, this once."""
    made = password or secrets.token_urlsafe(15)
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        user_id = people.add(db, email, role, made, clock.now())
        administration.record(
            db, ACTOR, user_id, administration.ADDED, settings.secret_key, clock.now(), role=role
        )
    print(f"{role} {email} added." + ("" if password else f" Password: {made}"))


def import_images(
    environ: Mapping[str, str],
    name: str,
    paths: list[Path],
    masks: list[Path],
    texts: Mapping[str, str],
    owner: str,
) -> None:
    """Import files as a set of real images; every refusal is listed, and it fails only where nothing was kept."""
    settings = import_settings.parse(texts)
    settings = replace(settings, selection=replace(settings.selection, by_mask=bool(masks)))
    missing = next((path for path in (*paths, *masks) if not path.exists()), None)
    if missing:
        raise InvalidError(f"There is no file or folder {missing}.")
    with opened(environ) as (config, database, artifacts):
        folder = config.staging_dir / secrets.token_hex(16)
        try:
            found = sources.collect(paths, folder / "unpacked")
            found_masks = sources.collect(masks, folder / "unpacked-masks")
            user = owner_of(database, owner)
            with database.write() as db:
                set_id = imagesets.create(db, user.id, name, "real", to_json(settings), clock.now())
            decoded = decode_all(found, settings, folder / "decoding", mask_sources=found_masks)
            kept = _keep(imports.fill(database, artifacts, set_id, decoded))
            with database.read() as db:
                left_out = import_words.left_out(imagesets.pipeline(db, set_id))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for sentence in left_out:
        print(sentence)
    if not kept:
        raise InvalidError("No image could be kept.")
    print(f"{kept} images kept in the set “{name}” ({set_id}).")


def _keep(filling: Outcomes) -> int:
    """Use up an import, telling each refusal; returns the number of kept images."""
    kept = 0
    with closing(filling) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Decoded):
                kept += 1
            elif isinstance(outcome, Refused):
                what = f"file {outcome.place}" if outcome.place else f"mask {outcome.frame}"
                print(f"{what}: {outcome.reason}", file=sys.stderr)
    return kept


def import_checkpoint(environ: Mapping[str, str], file: Path, name: str, owner: str) -> None:
    """Register a checkpoint and wait until it has been read; raises InvalidError with the reason where it cannot be."""
    if not file.is_file():
        raise InvalidError(f"There is no file {file}.")
    with opened(environ) as (settings, database, artifacts):
        user = owner_of(database, owner)
        staged = settings.staging_dir / secrets.token_hex(16)
        staged.mkdir(parents=True)
        shutil.copyfile(file, staged / "000001")
        with database.write() as db:
            checkpoint_id = checkpoints.register(db, user, name=name, staged=staged.name, now=clock.now())
        refused = wait(settings, database, artifacts, user, checkpoint_id)
    if refused:
        raise InvalidError(refused)
    print(f"Registered “{name}” ({checkpoint_id}).")


def wait(
    settings: Settings, database: Database, artifacts: Artifacts, user: SignedIn, checkpoint_id: str
) -> str:
    """Wait until a checkpoint has been read, by us or by a worker that runs already; why it was not, empty where it was."""
    from app import worker  # it loads torch

    parts = worker.Parts(settings, database, artifacts, "cpu")
    while True:
        worker.run_until_idle(parts)
        with database.read() as db:
            view = checkpoints.view(db, user, checkpoint_id, clock.now())
        if view.job is None or view.job.ended:
            return "" if view.ready else (view.job and view.job.error) or "The import was cancelled."
        time.sleep(0.2)


def export(environ: Mapping[str, str], session_id: str, out: Path, reader: str = "") -> None:
    """Write a closed session's export, or one reader's part of it, into `out`; the look at truth is logged."""
    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            session = _session(db.get(VttSession, session_id), session_id)
            looks.look(db, session, actor=ACTOR, what="export", key=settings.secret_key, now=clock.now())
        out.mkdir(parents=True, exist_ok=True)
        if reader:
            with database.write() as db:
                found = privacy.by_code(db, session_id, reader)
                person = told.give_by_command(db, found, ACTOR, settings.secret_key, clock.now())
            text = json.dumps(person, indent=1, ensure_ascii=False)
            (out / "person.json").write_text(text + "\n", encoding="utf-8")
        with database.read() as db:
            if reader:
                _one_reader(db, session_id, reader, out)
            else:
                _everything(db, artifacts, session_id, out)
    print(f"Written to {out}.")


def _everything(db: Session, artifacts: Artifacts, session_id: str, out: Path) -> None:
    """Stored answers first: they are written as they are read, while the report needs all of them in memory."""
    _write(db, artifacts, session_id, out, reports.STORED)
    analysis.keep(artifacts, analysis.make(db, session_id))
    _write(db, artifacts, session_id, out, [name for name in reports.EXPORTS if name not in reports.STORED])


def _write(db: Session, artifacts: Artifacts, session_id: str, out: Path, names: Iterable[str]) -> None:
    for name in names:
        with (out / name).open("wb") as file:
            file.writelines(reports.export(db, artifacts, session_id, name))


def _one_reader(db: Session, session_id: str, code: str, out: Path) -> None:
    (out / "per_reader.csv").write_text(
        analysis.of_reader(db, session_id, code), encoding="utf-8", newline=""
    )
    with (out / "ratings.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(reports.ratings_csv(db, session_id, code))
    (out / reports.HEAD).write_bytes(reports.audit_head(db, session_id))


def erase(environ: Mapping[str, str], session_id: str, code: str, reason: str, *, ratings: bool) -> None:
    """Erase a reader's identity, or that and all ratings, and say under which code the reading stands now."""
    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            _session(db.get(VttSession, session_id), session_id)
            reading = privacy.by_code(db, session_id, code)
            erased = privacy.erase_reading(
                db, reading, ACTOR, reasons.checked(reason), settings.secret_key, clock.now(), ratings=ratings
            )
        whole = privacy.clear_traces(database, artifacts, erased)
    what = f" and {erased.ratings} ratings" if ratings else ""
    print(f"{code}{what} erased; the reading stands as {erased.code} now.")
    if not whole:
        print("The database's log could not be emptied, because somebody reads from it; run this again.")


def audit(environ: Mapping[str, str], session_id: str, *, as_json: bool) -> None:
    """Audit a frozen session in this process, and tell the findings; raises ConflictError where it must not be opened."""
    from app.rehearsal import audit as rehearsed  # the application itself comes with it

    with opened(environ) as (settings, database, artifacts):
        with database.write() as db:
            session = _session(db.get(VttSession, session_id), session_id)
            audit_id = audits.begin(db, session, clock.now())
        rehearsed.audit(settings, database, artifacts, audit_id, ACTOR, lambda _done, _total: True)
        with database.read() as db:
            found = audits.aggregate(db, audit_id)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        _tell_audit(found)
    if not found["may_open"]:
        raise ConflictError(f"This session must not be opened: {' '.join(found['blocks'])}")


def _tell_audit(found: Mapping[str, Any]) -> None:
    pixels = found["pixels"]
    print(f"{found['looked_at']['real']} real and {found['looked_at']['synthetic']} synthetic images.")
    for sentence in (*found["warnings"], found["unmeasured"]):
        if sentence:
            print(sentence)
    if pixels is not None:
        for finding in pixels["findings"]:
            mend = f" A mend that may help: {finding['mend']}." if finding["mend"] else ""
            print(f"{finding['title']} (p = {finding['p']:.2g} over all cues). {finding['sentence']}{mend}")
        print(pixels["classifier"]["sentence"])
    if found["need_a_reason"]:
        print(f"To open it needs a written reason: {', '.join(found['need_a_reason'])}.")
    elif found["may_open"]:
        print("It may be opened.")


def verify_exported(file: Path) -> None:
    """Check an exported manifest.json on its own, without a database; raises InvalidError where it does not fit."""
    checked = manifests.check_opened(_read(file))
    print(
        f"The truth about {checked} items and the secret of all orders are those that the manifest committed to."
    )


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise InvalidError(f"There is no file {file}.")
    return file.read_bytes()


def _with_head(exported: Path) -> Path:
    """The file that tells the head: of a folder the one beside its tables."""
    return exported / reports.HEAD if exported.is_dir() else exported


def renew_head(environ: Mapping[str, str], reason: str) -> None:
    """Take the audit trail as it is for the right one, and keep its end outside the database anew; the trail tells of it."""
    with opened(environ) as (settings, database, _artifacts), database.write() as db:
        audit_trail.renew_head(
            db, settings.secret_key, now=clock.now(), actor=ACTOR, reason=reasons.checked(reason)
        )


def verify(environ: Mapping[str, str], session_id: str, exported: Path | None = None) -> None:
    """Check the audit trail and the frozen sessions; raises InvalidError naming the first thing that is wrong."""
    known = manifests.audit_head_of(_read(_with_head(exported))) if exported else None
    with opened(environ) as (settings, database, artifacts):
        kept = audit_head.read(
            settings.data_dir, settings.secret_key
        )  # before the database is, so that it cannot be ahead
        _verify(database, artifacts, settings.secret_key, session_id, [kept, known])


def _verify(
    database: Database, artifacts: Artifacts, key: bytes, session_id: str, heads: Sequence[Head | None]
) -> None:
    with database.read() as db:
        kept, exported = heads
        events = verification.audit_trail(db, key, kept)
        print(f"The audit trail is whole ({events} entries).")
        if exported:
            verification.known_head(db, exported)
            print(f"It goes back to entry {exported.number}, with which the file was exported.")
        if session_id:
            _session(db.get(VttSession, session_id), session_id)
        ids = [session_id] if session_id else verification.frozen_sessions(db)
        for each in ids:
            checked = verification.session(db, artifacts, each)
            print(f"Session {each}: {checked} stimuli are as frozen, with their images, truth and orders.")
        print(f"The database refuses changes to what was fixed ({verification.refusals(db)} triggers).")


def _session(found: VttSession | None, session_id: str) -> VttSession:
    if found is None or found.preview_of:
        raise InvalidError(f"There is no session {session_id}.")
    return found


def owner_of(database: Database, email: str) -> SignedIn:
    with database.read() as db:
        if email:
            user = people.by_email(db, email)
            if user is None:
                raise InvalidError(f"There is no user {email}.")
            return user
        first = db.scalar(select(User.email).order_by(User.role, User.created_at).limit(1))
        user = people.by_email(db, first) if first else None
    if user is None:
        raise InvalidError("There is no user yet; add one with `blindread user add EMAIL --role researcher`.")
    return user
