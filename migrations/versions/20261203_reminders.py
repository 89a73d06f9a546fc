"""Reminders: who wants none, and which sessions send them by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "20261203_reminders"
down_revision = "20261202_mails"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "no_reminders",
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("who", name="pk_no_reminders"),
    )
    op.create_table(
        "automatic_reminders",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["vtt_sessions.id"], "fk_automatic_reminders_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_automatic_reminders"),
    )


def downgrade() -> None:
    op.drop_table("automatic_reminders")
    op.drop_table("no_reminders")
