"""Items stand in blocks: one for all, or one for each model under test."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_blocks"
down_revision = "20261128_reading_flow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("block", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("items", "block")
