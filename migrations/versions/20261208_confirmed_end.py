"""Readings that may change their last answer end when the reader says so; breaks lie where the reader's blocks end."""

import sqlalchemy as sa
from alembic import op

revision = "20261208_confirmed_end"
down_revision = "20261207_previews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("readings", sa.Column("confirmed_at", sa.DateTime(), nullable=True))
    op.add_column("readings", sa.Column("breaks", sa.JSON(), nullable=True))
    op.execute("UPDATE readings SET confirmed_at = finished_at")


def downgrade() -> None:
    op.drop_column("readings", "breaks")
    op.drop_column("readings", "confirmed_at")
