"""What readers have seen of images whose exposure is limited, so that another device knows it."""

import sqlalchemy as sa
from alembic import op

revision = "20261209_exposures"
down_revision = "20261208_confirmed_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exposures",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("seen_ms", sa.Double(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["token"], ["presentations.token"], "fk_exposures_token", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", name="pk_exposures"),
    )


def downgrade() -> None:
    op.drop_table("exposures")
