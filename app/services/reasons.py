"""Why somebody did what the audit trail keeps for good."""

from app.errors import InvalidError

SHORTEST, LONGEST = 10, 2000


def checked(reason: str) -> str:
    """A reason as it is kept; raises InvalidError for none."""
    text = reason.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidError(
            f"Give the reason in {SHORTEST} to {LONGEST} characters: it is kept in the audit trail and stands in the report."
        )
    return text
