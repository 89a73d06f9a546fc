"""What a reader was told, as it is kept with the reading: once in each language, in the order in which they were read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.words.languages import ENGLISH

Kept = Mapping[str, Any]


def told(sentences: Sequence[str], labels: Sequence[str], language: str) -> dict[str, object]:
    """The sentences about the task and the labels of the scale, as they stood on the page in this language."""
    return {"sentences": list(sentences), "likert_labels": list(labels), "language": language}


def languages(kept: Kept | None) -> list[str]:
    """The languages in which the reader confirmed the instructions, the last one last; before there was a choice it was English."""
    if kept is None:
        return []
    return [str(one.get("language", ENGLISH)) for one in (kept, *kept.get("later", ()))]


def also(kept: Kept, more: Mapping[str, object], now: datetime) -> dict[str, object]:
    """What was told, and after it what was told in another language from now on."""
    return {**kept, "later": [*kept.get("later", ()), {**more, "at": now.isoformat()}]}
