"""The one place that reads the clock; everything else takes `now` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the place the rule points to
