"""Refuse whatever SQL would change what is frozen: sessions, arms, items, their images and truth, ratings, the audit trail.

The conditions are the same on SQLite and PostgreSQL. Inserts are looked at, too: SQLite's INSERT OR REPLACE deletes the
row that is in its way without asking any trigger for deletions. A later migration that rebuilds one of these tables on
SQLite drops its triggers, and has to make them anew; a test holds the list.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_frozen_for_good"
down_revision = "20261125_burned_text"
branch_labels = None
depends_on = None

FROZEN = "a frozen session cannot be changed"
TRAIL = "the audit trail is only added to"
RATINGS = "ratings are only added"
ORDER = "an order is fixed when the reading starts"

SESSION_COLUMNS = (
    "title, public_title, real_set_id, n_real, protocol, order_secret, manifest_sha256, created_at, frozen_at"
)
_MOVES = """NEW.state <> OLD.state AND NOT (OLD.state = 'frozen' AND NEW.state = 'open')
    AND NOT (OLD.state = 'open' AND NEW.state = 'closed')"""
_MOMENTS = " OR ".join(
    f"(OLD.{name} IS NOT NULL AND (NEW.{name} IS NULL OR NEW.{name} <> OLD.{name}))"
    for name in ("opened_at", "closed_at")
)
_SEEDS = """EXISTS (SELECT 1 FROM origins JOIN items ON items.image_id = origins.image_id
    WHERE origins.image_set_id = NEW.image_set_id AND origins.image_id <> NEW.image_id
    AND (origins.seed = NEW.seed OR (origins.place = NEW.place AND origins.frame = NEW.frame)))"""


def _frozen(row: str) -> str:
    return f"(SELECT frozen_at FROM vtt_sessions WHERE id = {row}.session_id) IS NOT NULL"  # noqa: S608


def _of_frozen(table: str) -> str:
    return f"""EXISTS (SELECT 1 FROM {table} JOIN vtt_sessions ON vtt_sessions.id = {table}.session_id
        WHERE {table}.id = NEW.id AND vtt_sessions.frozen_at IS NOT NULL)"""  # noqa: S608


def _shown(row: str, column: str) -> str:
    return f"EXISTS (SELECT 1 FROM items WHERE image_id = {row}.{column})"  # noqa: S608


# Each by its name: table, event, condition and sentence.
TRIGGERS = {
    "vtt_sessions_frozen_insert": (
        "vtt_sessions",
        "INSERT",
        "EXISTS (SELECT 1 FROM vtt_sessions WHERE id = NEW.id AND frozen_at IS NOT NULL)",
        FROZEN,
    ),
    "vtt_sessions_frozen_update": (
        "vtt_sessions",
        f"UPDATE OF {SESSION_COLUMNS}",
        "OLD.frozen_at IS NOT NULL",
        FROZEN,
    ),
    "vtt_sessions_id_update": ("vtt_sessions", "UPDATE OF id", "NEW.id <> OLD.id", FROZEN),
    "vtt_sessions_state_update": (
        "vtt_sessions",
        "UPDATE OF state, opened_at, closed_at",
        f"OLD.frozen_at IS NOT NULL AND (({_MOVES}) OR {_MOMENTS})",
        FROZEN,
    ),
    "vtt_sessions_frozen_delete": ("vtt_sessions", "DELETE", "OLD.frozen_at IS NOT NULL", FROZEN),
    "images_shown_insert": ("images", "INSERT", _shown("NEW", "id"), FROZEN),
    "images_shown_update": ("images", "UPDATE", f"{_shown('OLD', 'id')} OR NEW.id <> OLD.id", FROZEN),
    "images_shown_delete": ("images", "DELETE", _shown("OLD", "id"), FROZEN),
    "origins_shown_insert": ("origins", "INSERT", f"{_shown('NEW', 'image_id')} OR {_SEEDS}", FROZEN),
    "origins_shown_update": (
        "origins",
        "UPDATE OF image_id, image_set_id, kind, checkpoint_id, seed, place, frame",
        f"{_shown('OLD', 'image_id')} OR {_shown('NEW', 'image_id')} OR {_SEEDS}",
        FROZEN,
    ),
    "origins_shown_delete": ("origins", "DELETE", _shown("OLD", "image_id"), FROZEN),
    "presentations_fixed_update": ("presentations", "UPDATE", "1 = 1", ORDER),
    "ratings_append_insert": (
        "ratings",
        "INSERT",
        """EXISTS (SELECT 1 FROM ratings WHERE id = NEW.id)
        OR EXISTS (SELECT 1 FROM ratings WHERE reading_id = NEW.reading_id AND item_id = NEW.item_id
            AND revision = NEW.revision)
        OR EXISTS (SELECT 1 FROM ratings WHERE reading_id = NEW.reading_id AND "key" = NEW."key")""",
        RATINGS,
    ),
    "ratings_append_update": ("ratings", "UPDATE", "1 = 1", RATINGS),
    "ratings_append_delete": ("ratings", "DELETE", "1 = 1", RATINGS),
    "audit_events_append_insert": (
        "audit_events",
        "INSERT",
        "EXISTS (SELECT 1 FROM audit_events WHERE number = NEW.number)",
        TRAIL,
    ),
    "audit_events_append_update": ("audit_events", "UPDATE", "1 = 1", TRAIL),
    "audit_events_append_delete": ("audit_events", "DELETE", "1 = 1", TRAIL),
}
for _table in ("items", "arms"):
    TRIGGERS |= {
        f"{_table}_frozen_insert": (_table, "INSERT", f"{_frozen('NEW')} OR {_of_frozen(_table)}", FROZEN),
        f"{_table}_frozen_update": (
            _table,
            "UPDATE",
            f"{_frozen('OLD')} OR {_frozen('NEW')} OR NEW.id <> OLD.id",
            FROZEN,
        ),
        f"{_table}_frozen_delete": (_table, "DELETE", _frozen("OLD"), FROZEN),
    }
EMPTIED = ("vtt_sessions", "items", "arms", "images", "origins", "ratings", "audit_events")

# What the first migration made, on SQLite alone.
FIRST = {
    **{
        f"{table}_frozen_{event.lower()}": (
            table,
            event,
            _frozen("NEW" if event == "INSERT" else "OLD"),
            FROZEN,
        )
        for table in ("items", "arms")
        for event in ("INSERT", "UPDATE", "DELETE")
    },
    "vtt_sessions_frozen_update": (
        "vtt_sessions",
        f"UPDATE OF {SESSION_COLUMNS.replace('created_at, ', '')}",
        "OLD.frozen_at IS NOT NULL",
        FROZEN,
    ),
    "vtt_sessions_frozen_delete": TRIGGERS["vtt_sessions_frozen_delete"],
    "audit_events_append_update": TRIGGERS["audit_events_append_update"],
    "audit_events_append_delete": TRIGGERS["audit_events_append_delete"],
}


def upgrade() -> None:
    with op.batch_alter_table("items") as batch_op:
        batch_op.create_index(batch_op.f("ix_items_image_id"), ["image_id"])
    if op.get_bind().dialect.name == "sqlite":
        for name in FIRST:
            op.execute(f"DROP TRIGGER {name}")
        for name, what in TRIGGERS.items():
            op.execute(_on_sqlite(name, *what))
    else:
        for name, what in TRIGGERS.items():
            for statement in _on_postgresql(name, *what):
                op.execute(statement)
        for statement in _against_truncation():
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
        for name, what in FIRST.items():
            op.execute(_on_sqlite(name, *what))
    else:
        for name, (table, *_) in TRIGGERS.items():
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
        for table in EMPTIED:
            op.execute(f"DROP TRIGGER {table}_truncate ON {table}")
        op.execute("DROP FUNCTION refuse_truncate()")
    with op.batch_alter_table("items") as batch_op:
        batch_op.drop_index(batch_op.f("ix_items_image_id"))


def _on_sqlite(name: str, table: str, event: str, condition: str, sentence: str) -> sa.TextClause:
    return sa.text(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


def _on_postgresql(name: str, table: str, event: str, condition: str, sentence: str) -> tuple[str, str]:
    back = "OLD" if event == "DELETE" else "NEW"
    return (
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF {condition} THEN
                RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN {back};
        END $body$""",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    )


def _against_truncation() -> list[str]:
    return [
        f"""CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            RAISE EXCEPTION '{FROZEN}' USING ERRCODE = 'integrity_constraint_violation';
        END $body$""",
        *(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()"
            for table in EMPTIED
        ),
    ]
