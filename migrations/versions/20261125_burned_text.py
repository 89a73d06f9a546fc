"""Whether an image's pixels may hold writing, and who said that it identifies nobody."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_burned_text"
down_revision = "20261124_experiments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("origins") as batch_op:
        batch_op.add_column(
            sa.Column("text_suspected", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("text_cleared_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("text_cleared_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("origins") as batch_op:
        batch_op.drop_column("text_cleared_at")
        batch_op.drop_column("text_cleared_by")
        batch_op.drop_column("text_suspected")
