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

from app.errors import NotFoundError, TooLargeError
from app.services import imagesets
from app.services.people import SignedIn

MASKS = ".masks"
PREVIEW = ".preview"
MOST = 20  # of one person
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


def require_room(staging: Path, user: SignedIn, more: int, limit_mb: int) -> None:
    """Raise TooLargeError where a user's drafts would be too many, or too large with so many bytes `more`."""
    there = waiting(staging, user)
    if len(there) >= MOST:
        raise TooLargeError(f"{MOST} uploads of yours wait for their settings; import or discard some first.")
    if sum(_bytes(draft.folder) for draft in there) + more > limit_mb * 2**20:
        raise TooLargeError(
            f"Your uploads that wait for their settings would be larger than {limit_mb} MB together, which is as much as this server keeps "
            "for one person; import or discard some first."
        )


def size(staging: Path, draft_id: str) -> int:
    """How many bytes an upload has on the disk."""
    return _bytes(staging / draft_id)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


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
