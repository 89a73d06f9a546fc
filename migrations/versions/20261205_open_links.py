"""Open links: addresses by which anybody can become a reader of a session."""

import sqlalchemy as sa
from alembic import op

revision = "20261205_open_links"
down_revision = "20261204_pauses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_links",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["vtt_sessions.id"], "fk_open_links_session_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_open_links"),
        sa.UniqueConstraint("token_hash", name="uq_open_links_token_hash"),
    )


def downgrade() -> None:
    op.drop_table("open_links")
