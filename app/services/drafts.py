"""Drafts of imports: uploads in the staging folder that wait for their settings, until they are imported, discarded or forgotten.

A draft is its folder and a note in it of whose it is; nothing of it is in the database. A draft that nobody looks at is swept
by the worker like any upload, only later.
"""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.errors import NotFoundError
from app.services import imagesets
from app.services.people import SignedIn

MASKS = ".masks"
PREVIEW = ".preview"
_NOTE = ".draft.json"
"""Hidden names: what is collected from an upload passes over them."""
_GONE = "This upload is not there any more: it was imported or discarded, or nobody looked at it for an hour. Please upload it again."


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload that waits; its id is its folder's name and becomes the set's id."""

    id: str
    owner_id: str
    name: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        """The uploaded files, in their order."""
        return sorted(path for path in self.folder.iterdir() if path.is_file() and path.name != _NOTE)

    @property
    def masks(self) -> int:
        """How many masks came with them."""
        return sum(path.is_file() for path in (self.folder / MASKS).glob("*"))


def keep(staging: Path, user: SignedIn, draft_id: str, name: str) -> None:
    """Make an upload a draft of this user's; raises InvalidError for a name that cannot be used."""
    note = {"owner_id": user.id, "name": imagesets.named(name)}
    (staging / draft_id / _NOTE).write_text(json.dumps(note))


def find(staging: Path, user: SignedIn, draft_id: str) -> Draft:
    """The draft, if it is this user's, which lives on by that; raises NotFoundError."""
    if not re.fullmatch("[0-9a-f]{32}", draft_id):
        raise NotFoundError(_GONE)
    folder = staging / draft_id
    try:
        note = json.loads((folder / _NOTE).read_text())
        if note["owner_id"] != user.id:
            raise NotFoundError(_GONE)
        os.utime(folder)
    except FileNotFoundError:
        raise NotFoundError(_GONE) from None
    return Draft(draft_id, note["owner_id"], note["name"], folder)


def waiting(staging: Path, user: SignedIn) -> list[Draft]:
    """The drafts of a user; looking at the list does not prolong their lives."""
    drafts = []
    for note in sorted(staging.glob(f"*/{_NOTE}")):
        said = json.loads(note.read_text())
        if said["owner_id"] == user.id:
            drafts.append(Draft(note.parent.name, user.id, said["name"], note.parent))
    return drafts


def claim(draft: Draft) -> None:
    """Take a draft for its import, which can be done once; raises NotFoundError."""
    try:
        (draft.folder / _NOTE).unlink()
    except FileNotFoundError:
        raise NotFoundError(_GONE) from None


def discard(draft: Draft) -> None:
    """Remove the upload for good."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def is_draft(folder: Path) -> bool:
    """Whether an upload waits for its settings."""
    return (folder / _NOTE).exists()
