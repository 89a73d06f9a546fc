"""A session may follow another one: the next phase for its readers."""

import sqlalchemy as sa
from alembic import op

revision = "20261210_phases"
down_revision = "20261209_exposures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vtt_sessions", sa.Column("follows_id", sa.String(32), nullable=True))
    op.create_index("ix_vtt_sessions_follows_id", "vtt_sessions", ["follows_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_vtt_sessions_follows_id", "vtt_sessions")
    op.drop_column("vtt_sessions", "follows_id")
