"""What readers said besides their answers, as tables: remarks, marks on the images, how these were looked at, the questionnaire, the displays."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.report import cells
from app.services import unblinding
from app.tables.people import Reader
from app.tables.sessions import Rating, Reading

BOOK = (
    ("remark", "what the reader wrote about the image (remarks.csv)", "text"),
    ("cue", "the word of a mark (marks.csv)", "text"),
    ("x", "the mark's left edge (marks.csv)", "fraction of the image's width"),
    ("y", "the mark's upper edge (marks.csv)", "fraction of the image's height"),
    ("width", "how wide the mark is (marks.csv)", "fraction of the image's width; 0 for a point"),
    ("height", "how high the mark is (marks.csv)", "fraction of the image's height; 0 for a point"),
    ("first_action_ms", "from the image's last display to the first act (views.csv)", "milliseconds"),
    (
        "views",
        "how often the image was opened: once, and after each reload or undo (views.csv)",
        "whole number",
    ),
    ("first_view_ms", "of the time in view that of the first view (views.csv)", "milliseconds"),
    ("exposed_ms", "how long the image was shown, where that is limited (views.csv)", "milliseconds"),
    ("changes", "how often the view was changed (views.csv)", "whole number"),
    (
        "zoom",
        "the last enlargement; views.csv also has x and y, how far it was moved",
        "1: as at first; CSS pixels",
    ),
    ("brightness", "the last brightness (views.csv)", "1: as at first"),
    ("contrast", "the last contrast (views.csv)", "1: as at first"),
    (
        "scale",
        "CSS pixels for each of the image's at zoom 1 (views.csv; width and height are the window's)",
        "number",
    ),
    ("pixel_ratio", "the screen's pixels for each CSS pixel (views.csv)", "number"),
    ("page", "when a question was asked (questionnaire.csv)", "before or after the images, display"),
    ("question", "the question as worded, or what was measured (questionnaire.csv)", "text"),
)
VIEWS = (
    *("exposed_ms", "changes", "zoom", "x", "y", "brightness", "contrast"),
    *("scale", "pixel_ratio", "width", "height"),
    *("views", "first_view_ms"),
)
_SHOWN = ("reader", "image", "kind", "position")


def remarks_csv(db: Session, session_id: str) -> Iterator[str]:
    """One row for each remark that counts."""
    rows = ((*shown, row.remark) for shown, row in _counted(db, session_id, Rating.remark) if row.remark)
    return cells.pieces((*_SHOWN, "remark"), rows)


def marks_csv(db: Session, session_id: str) -> Iterator[str]:
    """One row for each mark of an answer that counts."""
    names = ("cue", "x", "y", "width", "height")
    rows = (
        (*shown, *(mark[name] for name in names))
        for shown, row in _counted(db, session_id, Rating.marks)
        for mark in row.marks or ()
    )
    return cells.pieces((*_SHOWN, *names), rows)


def views_csv(db: Session, session_id: str) -> Iterator[str]:
    """One row for each answer that counts: when its reader first acted, and how the image was looked at last."""
    rows = (
        (*shown, row.first_action_ms, *(row.viewport.get(name) for name in VIEWS))
        for shown, row in _counted(db, session_id, Rating.first_action_ms, Rating.viewport)
    )
    return cells.pieces((*_SHOWN, "first_action_ms", *VIEWS), rows)


def questionnaire_csv(db: Session, session_id: str) -> Iterator[str]:
    """One row for each reader and question, and for each measure of the display; empty where nothing was answered."""
    query = (
        select(Reader.code, Reading.about, Reading.afterwards, Reading.display)
        .join(Reader, Reader.id == Reading.reader_id)
        .where(Reading.session_id == session_id, Reading.withdrawn_at.is_(None))
        .order_by(Reader.code)
    )
    rows: list[tuple[object, ...]] = []
    for code, before, after, display in db.execute(query):
        for page, answers in (("before", before), ("after", after)):
            rows += [(code, page, one["question"], one["answer"]) for one in answers or ()]
        rows += [(code, "display", name, value) for name, value in (display or {}).items()]
    return cells.pieces(("reader", "page", "question", "answer"), rows)


def _counted(db: Session, session_id: str, *columns: Any) -> Iterator[tuple[tuple[object, ...], Row[Any]]]:
    """The answers that count with these columns, each under its reader, image, kind and position as in ratings.csv."""
    for rating, stored in unblinding.counted(db, session_id, *columns):
        yield (rating.reader, rating.image, rating.kind, rating.position), stored
