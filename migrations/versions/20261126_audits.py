"""Blinding audits of frozen sessions; a finished one is never changed."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_audits"
down_revision = "20261125_frozen_for_good"
branch_labels = None
depends_on = None

SENTENCE = "a finished audit cannot be changed"
TRIGGERS = {
    "audits_finished_insert": (
        "INSERT",
        "EXISTS (SELECT 1 FROM audits WHERE id = NEW.id AND finished_at IS NOT NULL)",
    ),
    "audits_finished_update": ("UPDATE", "OLD.finished_at IS NOT NULL OR NEW.id <> OLD.id"),
    "audits_finished_delete": ("DELETE", "OLD.finished_at IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_audits_job_id")),
        sa.ForeignKeyConstraint(["session_id"], ["vtt_sessions.id"], name=op.f("fk_audits_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
    )
    op.create_index(op.f("ix_audits_session_id"), "audits", ["session_id"])
    for name, (event, condition) in TRIGGERS.items():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON audits WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
            continue
        back = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF {condition} THEN
                    RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN {back};
            END $body$"""
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON audits FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}" if lite else f"DROP TRIGGER {name} ON audits")
        if not lite:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index(op.f("ix_audits_session_id"), table_name="audits")
    op.drop_table("audits")
