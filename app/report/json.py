"""report.json: the whole report as data; what does not exist is null with its reason beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from app.report.build import Report
from app.stats.estimates import NotEstimable


def data(value: object) -> Any:
    """A report's value as JSON data; NotEstimable becomes {"value": null, "reason": …}."""
    if isinstance(value, NotEstimable):
        return {"value": None, **asdict(value)}
    if is_dataclass(value):
        return {each.name: data(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(key): data(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [data(inner) for inner in value]
    return value


def headed(text: bytes, audit_head: Mapping[str, object]) -> bytes:
    """A report.json with the audit trail's last entry before its first field; a long report is not parsed for it."""
    return b'{\n "audit_head": ' + json.dumps(audit_head).encode() + b"," + text.removeprefix(b"{")


def dumps(report: Report) -> str:
    return json.dumps(data(report), indent=1, allow_nan=False, ensure_ascii=False)
