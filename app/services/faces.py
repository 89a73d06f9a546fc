"""What a researcher is told of faces in a set."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imaging import faces
from app.tables.origins import Origin

_SENTENCES = {
    "head": "These are images of heads.",
    "perhaps": "These may be images of heads: their files name no body part, and one patient has many slices.",
}
_RISK = (
    " A slice through the face, or a surface reconstructed from the slices, may identify a person. Take the face off the volumes"
    " before the import (pydeface, mri_deface or quickshear do), leave out slices through the face, or have your ethics board agree."
)


def advice(db: Session, set_id: str) -> str | None:
    """A warning of faces for a set of real images, or None where nothing points to them."""
    query = select(Origin.facts, Origin.patient_group).where(
        Origin.image_set_id == set_id, Origin.kind == "real"
    )
    found = faces.pointed_out((facts, group) for facts, group in db.execute(query))
    return _SENTENCES[found] + _RISK if found else None
