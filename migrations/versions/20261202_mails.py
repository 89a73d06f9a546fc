"""Mail to readers: its wording, what was sent, and the hashes of the links in it."""

import sqlalchemy as sa
from alembic import op

revision = "20261202_mails"
down_revision = "20261201_parts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reading_id", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('invitation', 'reminder')", name="ck_mails_kind"),
        sa.CheckConstraint("status IN ('waiting', 'sent', 'refused', 'shown')", name="ck_mails_status"),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], "fk_mails_reading_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], "fk_mails_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index("ix_mails_reading_id", "mails", ["reading_id"])
    op.create_index("ix_mails_job_id", "mails", ["job_id"])
    op.create_table(
        "mailed_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("reading_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], "fk_mailed_links_reading_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_mailed_links"),
    )
    op.create_index("ix_mailed_links_reading_id", "mailed_links", ["reading_id"])
    op.create_table(
        "mail_wordings",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(150), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["vtt_sessions.id"], "fk_mail_wordings_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "kind", name="pk_mail_wordings"),
    )


def downgrade() -> None:
    op.drop_table("mail_wordings")
    op.drop_table("mailed_links")
    op.drop_table("mails")
