"""The wording of mails to readers: built in, or a researcher's own with {placeholders}. A mail tells no truth, and no hidden purpose."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.errors import InvalidError
from app.protocol import wording
from app.words.sentence import N_

LONGEST_SUBJECT = 150
LONGEST_BODY = 5000
PLACEHOLDERS = {
    "invitation": ("link", "title", "name", "code", "day"),
    "reminder": ("link", "title", "name", "code", "day", "no_reminders"),
}
_NEEDED = {"invitation": ("link",), "reminder": ("link", "no_reminders")}
_PLACE = re.compile(r"\{(\w*)\}")
_LINKED = N_("Please open your personal link:")
_UNTIL = N_(
    "It works until {day}, on any device. You can stop at any time and go on later with the same link."
)
_PERSONAL = N_("The link is for you alone: please do not pass it on.")
_BUILT_IN = {
    "invitation": (
        N_("Invitation: {title}"),
        (
            N_("Dear colleague,"),
            N_("you are invited to take part in a reading of medical images: {title}."),
            _LINKED,
            "{link}",
            _UNTIL,
            _PERSONAL,
        ),
    ),
    "reminder": (
        N_("Reminder: {title}"),
        (
            N_("Dear colleague,"),
            N_("your reading “{title}” is not finished yet. You can begin, or go on where you stopped."),
            _LINKED,
            "{link}",
            _UNTIL,
            N_("If you do not want to be reminded again:"),
            "{no_reminders}",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and body of a kind of mail, with placeholders; `own` where a researcher wrote it."""

    subject: str
    body: str
    own: bool


def built_in(kind: str, say: Callable[[str], str] = str) -> Wording:
    """The wording that comes with the program, as `say` puts it."""
    subject, paragraphs = _BUILT_IN[kind]
    return Wording(say(subject), "\n\n".join(say(paragraph) for paragraph in paragraphs), own=False)


def checked(kind: str, subject: str, body: str, *, purpose_hidden: bool) -> Wording:
    """A researcher's own wording; raises InvalidError where it cannot be sent, or where it would tell too much."""
    subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not 1 <= len(body) <= LONGEST_BODY:
        raise InvalidError(
            f"A mail has a subject of 1 to {LONGEST_SUBJECT} characters and a text of 1 to {LONGEST_BODY}."
        )
    used = set(_PLACE.findall(subject + body))
    if unknown := sorted(used - set(PLACEHOLDERS[kind])):
        raise InvalidError(f"“{{{unknown[0]}}}” stands for nothing; {_listed(PLACEHOLDERS[kind])} do.")
    if missing := [name for name in _NEEDED[kind] if f"{{{name}}}" not in body]:
        raise InvalidError(f"The text needs {_listed(missing)}, where the reader's own link will stand.")
    if word := wording.names_method(subject + "\n" + body):
        raise InvalidError(f"Readers would read “{word}” in the mail, which says how images were made.")
    if purpose_hidden and (word := wording.names_purpose(subject + "\n" + body)):
        raise InvalidError(f"The purpose is hidden, but readers would read “{word}” in the mail.")
    return Wording(subject, body, own=True)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; what fills them is never searched for placeholders again."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
