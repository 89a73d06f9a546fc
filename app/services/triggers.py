"""The triggers with which the database itself refuses changes to what was fixed, and which of them are missing from it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_ALL = ("insert", "update", "delete")
_REFUSING: dict[str, tuple[str, tuple[str, ...]]] = {
    "arms": ("frozen", _ALL),
    "audit_events": ("append", _ALL),
    "audits": ("finished", _ALL),
    "images": ("shown", _ALL),
    "items": ("frozen", _ALL),
    "origins": ("shown", _ALL),
    "presentations": ("fixed", ("update",)),
    "ratings": ("append", (*_ALL, "remark")),
    "vtt_sessions": ("frozen", _ALL),
}
_BESIDES = {("vtt_sessions", "vtt_sessions_id_update"), ("vtt_sessions", "vtt_sessions_state_update")}
_EMPTIED = ("arms", "audit_events", "images", "items", "origins", "ratings", "vtt_sessions")
"""Tables that PostgreSQL could empty without looking at a row."""
_ON_SQLITE = text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
_ON_POSTGRESQL = text(
    """SELECT pg_class.relname, pg_trigger.tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
    WHERE NOT pg_trigger.tgisinternal AND pg_trigger.tgenabled IN ('O', 'A') AND pg_table_is_visible(pg_class.oid)"""
)


def expected(dialect: str) -> set[tuple[str, str]]:
    """Table and name of each, as migrations make them."""
    rows = {
        (table, f"{table}_{what}_{event}") for table, (what, events) in _REFUSING.items() for event in events
    }
    emptied = {(table, f"{table}_truncate") for table in _EMPTIED} if dialect == "postgresql" else set()
    return rows | _BESIDES | emptied


def standing(db: Session) -> set[tuple[str, str]]:
    """Table and name of each that is at work: not of those that are switched off."""
    lite = db.get_bind().dialect.name == "sqlite"
    return {(table, name) for table, name in db.execute(_ON_SQLITE if lite else _ON_POSTGRESQL)}


def missing(db: Session) -> list[str]:
    """The names of those that are not at work, in order."""
    return sorted(name for _, name in expected(db.get_bind().dialect.name) - standing(db))
