"""The mail job: letters to readers, handed over to the mail server one after another.

At least once: a mail that the server has acknowledged is ticked off before anything else is done, and never sent again. Where the line
or the machine dies in the moment between, nobody can know whether the server has it, and it is sent again with the same Message-ID and a
further link, which works beside the first.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from app import clock
from app.errors import ConflictError, UnavailableError
from app.mail.post import Post, PutOffError, RefusedError
from app.services import outbox, reminders
from app.worker.work import Parts, Work

log = structlog.get_logger()

REST = timedelta(minutes=5)  # servers that put strangers' mail off want to be asked again after some minutes
_RETRY_SECONDS = 0.5


def send(work: Work) -> None:
    """Send the job's mails that have not been sent; raises UnavailableError where the server has put some off."""
    relay = work.parts.settings.relay
    if relay is None:
        raise ConflictError("This server has no mail server any more (BLINDREAD_SMTP_HOST).")
    with work.parts.database.read() as db:
        mails = outbox.waiting(db, work.job.id)
    put_off: list[str] = []
    with closing(Post(relay)) as post:
        for done, mail_id in enumerate(mails):
            if not work.alive(done - len(put_off), len(mails)):
                return
            try:
                _send(work, post, mail_id)
            except PutOffError as error:
                put_off.append(error.sentence)
    if put_off:
        raise UnavailableError(f"{put_off[-1]} {len(put_off)} of {len(mails)} mails are waiting.")
    work.alive(len(mails), len(mails))


def remind(parts: Parts) -> None:
    """Ask for the automatic reminders that are due, where there is a mail server to send them."""
    if parts.settings.relay is None:
        return
    with parts.database.read() as db:
        if not reminders.due(db, clock.now()):
            return
    with parts.database.write() as db:
        count = reminders.send_due(db, parts.settings.secret_key, clock.now())
    log.info("reminders asked for", count=count)


def _send(work: Work, post: Post, mail_id: str) -> None:
    settings, actor = work.parts.settings, str(work.payload["actor"])
    with work.parts.database.write() as db:
        letter = outbox.write(db, mail_id, settings.public_url, settings.secret_key, clock.now())
    if letter is None:
        return
    try:
        post.send(letter, clock.now())
    except RefusedError as refused:
        reason = refused.sentence
        _write_down(work, lambda db: outbox.refuse(db, mail_id, reason))
    else:
        _write_down(work, lambda db: outbox.tick_off(db, mail_id, actor, settings.secret_key, clock.now()))


def _write_down(work: Work, what: Callable[[Session], None]) -> None:
    """Keep what the server said, however long the database is away: a mail that is out must not go out again."""
    while True:
        try:
            with work.parts.database.write() as db:
                what(db)
        except UnavailableError:
            if work.stopping.wait(_RETRY_SECONDS):
                raise
        else:
            return
