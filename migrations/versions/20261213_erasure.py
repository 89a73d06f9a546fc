"""Readers who asked to be erased: their ratings may go, or the words in them; all others stay as they were given."""

import sqlalchemy as sa
from alembic import op

revision = "20261213_erasure"
down_revision = "20261212_api"
branch_labels = None
depends_on = None

SENTENCE = "ratings are only added"
FIXED = 'id, reading_id, item_id, revision, answer, likert, "key", shown_ms, first_action_ms, viewport, marks, rated_at'
_ERASED = "EXISTS (SELECT 1 FROM readings WHERE id = OLD.reading_id AND erased_at IS NOT NULL)"
_WITHDRAWN = "EXISTS (SELECT 1 FROM readings WHERE id = OLD.reading_id AND erased_ratings IS NOT NULL)"
TRIGGERS = {
    "ratings_append_update": (f"UPDATE OF {FIXED}", "1 = 1"),
    "ratings_append_remark": ("UPDATE OF remark", f"NEW.remark IS NOT NULL OR NOT {_ERASED}"),
    "ratings_append_delete": ("DELETE", f"NOT {_WITHDRAWN}"),
}
OLD = {"ratings_append_update": ("UPDATE", "1 = 1"), "ratings_append_delete": ("DELETE", "1 = 1")}


def upgrade() -> None:
    op.add_column("readings", sa.Column("erased_at", sa.DateTime(), nullable=True))
    op.add_column("readings", sa.Column("erased_ratings", sa.Integer(), nullable=True))
    _exchange(OLD, TRIGGERS)


def downgrade() -> None:
    _exchange(TRIGGERS, OLD)
    op.drop_column("readings", "erased_ratings")
    op.drop_column("readings", "erased_at")


def _exchange(before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]) -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    for name in before:
        op.execute(f"DROP TRIGGER {name}" if lite else f"DROP TRIGGER {name} ON ratings")
        if not lite:
            op.execute(f"DROP FUNCTION {name}()")
    for name, (event, condition) in after.items():
        for statement in _sqlite(name, event, condition) if lite else _postgresql(name, event, condition):
            op.execute(sa.text(statement))


def _sqlite(name: str, event: str, condition: str) -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON ratings WHEN {condition} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
    ]


def _postgresql(name: str, event: str, condition: str) -> list[str]:
    back = "OLD" if event == "DELETE" else "NEW"
    return [
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF {condition} THEN
                RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN {back};
        END $body$""",
        f"CREATE TRIGGER {name} BEFORE {event} ON ratings FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
