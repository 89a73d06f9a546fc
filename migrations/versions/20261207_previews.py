"""A session may be the preview of another one: opened for its researcher alone, and never analysed."""

import sqlalchemy as sa
from alembic import op

revision = "20261207_previews"
down_revision = "20261206_accounts_beside"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vtt_sessions", sa.Column("preview_of", sa.String(32), nullable=True))
    op.create_index("ix_vtt_sessions_preview_of", "vtt_sessions", ["preview_of"])


def downgrade() -> None:
    op.drop_index("ix_vtt_sessions_preview_of", "vtt_sessions")
    op.drop_column("vtt_sessions", "preview_of")
