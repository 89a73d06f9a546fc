"""Compute a session's report and keep its files. For the worker and the command line: it loads scipy."""

import json
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.artifacts import Artifacts
from app.errors import NotFoundError
from app.imaging import stimulus, thumbnail
from app.report import build, csv, html, images, r_packages, write
from app.report.answers import Answers
from app.report.discrimination import DELTA
from app.report.rows import Rating
from app.services import described, distances, reports, unblinding
from app.services.unblinding import UnblindedRating
from app.tables.sessions import Item, VttSession


@dataclass(frozen=True, slots=True)
class Made:
    """A report, where it is kept, the files for R, and the stimuli of the images (model, image) that its page shows, by sha256."""

    folder: str
    report: build.Report
    for_r: Mapping[str, str]
    stimuli: Mapping[tuple[str, str], str]


def make(db: Session, session_id: str) -> Made:
    """Compute a session's report; whoever asks for it has passed `unblinding`."""
    session = db.get_one(VttSession, session_id)
    answers = Answers.of([_rating(shown) for shown in unblinding.ratings(db, session_id)])
    made = build.build(
        answers,
        title=session.title,
        provenance={"session": session_id, "manifest_sha256": session.manifest_sha256 or ""},
        study=described.study(db, session),
        distances=distances.of_session(db, session),
        margin=_margin(session.protocol.get("margin", DELTA)),
    )
    return Made(
        reports.folder_of(db, session), made, r_packages.files(answers), _stimuli(db, session_id, made)
    )


def of_reader(db: Session, session_id: str, code: str) -> str:
    """One reader's figures as per_reader.csv, from this reader's answers alone; raises NotFoundError where there are none."""
    answers = [_rating(shown) for shown, _ in unblinding.counted(db, session_id, reader=code)]
    if not answers:
        raise NotFoundError(f"There is no answer of a reader “{code}” in this session.")
    return csv.of_readers(*build.of_readers(answers))


def _rating(shown: UnblindedRating) -> Rating:
    return Rating(**shown._asdict())


def _stimuli(db: Session, session_id: str, made: build.Report) -> dict[tuple[str, str], str]:
    query = select(Item.number, Item.stimulus_sha256).where(Item.session_id == session_id)
    by_number = {unblinding.image_name(number): digest for number, digest in db.execute(query)}
    return {(model, image): by_number[image] for model, image in images.shown(made.images)}


def _margin(stored: object) -> float:
    """The δ of equivalence that the protocol fixed; anything but a number there is the usual one."""
    return float(stored) if isinstance(stored, int | float) else DELTA


def keep(artifacts: Artifacts, made: Made) -> None:
    """Write a report's files; it counts as built when the last of them is there."""
    pictures = {image: _picture(artifacts, digest) for image, digest in made.stimuli.items()}
    folder = made.folder
    with tempfile.TemporaryDirectory(prefix="blindread-report-") as name:
        outdir = Path(name)
        drawn = write.write(made.report, outdir, pictures, made.for_r)
        for each in drawn:
            (outdir / "figures" / each.name).write_text(each.image, encoding="utf-8")
        figures = [(each.name, each.caption) for each in drawn]
        for path in sorted(outdir.rglob("*")):
            if path.is_file():
                artifacts.put(f"{folder}/{path.relative_to(outdir).as_posix()}", path.read_bytes())
    artifacts.put(f"{folder}/{reports.BODY}", html.fragment(made.report, pictures).encode())
    artifacts.put(f"{folder}/{reports.DONE}", json.dumps({"figures": figures}).encode())


def _picture(artifacts: Artifacts, digest: str) -> str:
    """A thumbnail of a stimulus as a data: URI, so that the page stands alone."""
    pixels = stimulus.decode(artifacts.get_content("stimuli", digest, ".png"))
    return f"data:image/png;base64,{b64encode(thumbnail.encode(pixels)).decode()}"
