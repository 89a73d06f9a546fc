"""An open session may be paused, and a closed one opened again; when it was opened stays as it was."""

import sqlalchemy as sa
from alembic import op

revision = "20261204_pauses"
down_revision = "20261203_reminders"
branch_labels = None
depends_on = None

NAME = "vtt_sessions_state_update"
SENTENCE = "a frozen session cannot be changed"
STATES_BEFORE = "state IN ('draft', 'frozen', 'open', 'closed')"
STATES_AFTER = "state IN ('draft', 'frozen', 'open', 'paused', 'closed')"


def _moves(*allowed: tuple[str, str]) -> str:
    steps = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in allowed)
    return f"NEW.state <> OLD.state AND NOT ({steps})"


def _kept(name: str) -> str:
    return f"(OLD.{name} IS NOT NULL AND (NEW.{name} IS NULL OR NEW.{name} <> OLD.{name}))"


BEFORE = (
    f"OLD.frozen_at IS NOT NULL AND (({_moves(('frozen', 'open'), ('open', 'closed'))}) "
    f"OR {_kept('opened_at')} OR {_kept('closed_at')})"
)
_ALL = _moves(
    ("frozen", "open"),
    ("open", "paused"),
    ("paused", "open"),
    ("open", "closed"),
    ("paused", "closed"),
    ("closed", "open"),
)
AFTER = (
    f"OLD.frozen_at IS NOT NULL AND (({_ALL}) OR {_kept('opened_at')} "
    f"OR (NEW.state = OLD.state AND {_kept('closed_at')}))"
)


def upgrade() -> None:
    _change(STATES_AFTER, AFTER)


def downgrade() -> None:
    """A paused session is open again."""
    op.execute("UPDATE vtt_sessions SET state = 'open' WHERE state = 'paused'")
    _change(STATES_BEFORE, BEFORE)


def _change(states: str, condition: str) -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    triggers = _taken_away() if lite else []
    with op.batch_alter_table("vtt_sessions") as sessions:
        sessions.drop_constraint(op.f("ck_vtt_sessions_state"), type_="check")
        sessions.create_check_constraint(op.f("ck_vtt_sessions_state"), states)
    for sql in triggers:
        op.execute(sql)
    if lite:
        op.execute(
            sa.text(
                f"CREATE TRIGGER {NAME} BEFORE UPDATE OF state, opened_at, closed_at ON vtt_sessions WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
        )
        return
    op.execute(
        f"""CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF {condition} THEN
                RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $body$"""
    )


def _taken_away() -> list[str]:
    """SQLite makes the table anew, so what guards or looks at it goes before; what comes back is all but the trigger that changes."""
    found = op.get_bind().execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    looking = [(name, sql) for name, sql in found if "vtt_sessions" in sql]
    for name, _ in looking:
        op.execute(f"DROP TRIGGER {name}")
    return [sql for name, sql in looking if name != NAME]
