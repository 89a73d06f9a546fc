"""Numbers and reasons as people type them into forms and settings."""

import re

from app.errors import InvalidError

SHORTEST_REASON, LONGEST_REASON = 10, 2000


def whole_number(text: str, low: int, high: int) -> int | None:
    """The number, or None where the text is no whole number from `low` to `high`, 0 or more."""
    if not re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return None
    return number if low <= (number := int(text)) <= high else None


def reason(given: str) -> str:
    """Why something is done, as it is kept; raises InvalidError for none."""
    text = given.strip()
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise InvalidError(
            f"Give the reason in {SHORTEST_REASON} to {LONGEST_REASON} characters: it is kept in the audit trail and stands in the report."
        )
    return text
