"""Numbers as people type them into forms and settings."""

import re


def whole_number(text: str, low: int, high: int) -> int | None:
    """The number, or None where the text is no whole number from `low` to `high`, 0 or more."""
    if not re.fullmatch(r"\s*[0-9]{1,12}\s*", text):
        return None
    return number if low <= (number := int(text)) <= high else None
