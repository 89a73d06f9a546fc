"""A letter as a message: plain text in UTF-8 with the headers that it needs and no others."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one person. `unsubscribe` is the address at which this person ends such mails; empty where there is no more than one.

    `identifier` makes the Message-ID: the same letter sent again has the same, so that mail programs can tell.
    """

    identifier: str
    to: str
    name: str
    subject: str
    body: str
    language: str
    unsubscribe: str = ""


def written(letter: Letter, sender: Address, now: datetime) -> EmailMessage:
    """The message. Control characters and line ends in a subject or a name become blanks: no header can be smuggled in."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=78))
    message["From"] = sender
    message["To"] = Address(_line(letter.name), addr_spec=letter.to)
    message["Subject"] = _line(letter.subject)
    message["Date"] = now
    message["Message-ID"] = f"<{letter.identifier}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.body, charset="utf-8")
    message["Content-Language"] = letter.language
    return message


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
